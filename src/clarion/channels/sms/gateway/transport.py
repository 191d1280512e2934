"""Hand short messages to a gateway by the request that its sender's settings describe."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from clarion.channels.base import CheckResult
from clarion.channels.exchanges import Recorder
from clarion.channels.http import HttpClient, HttpReply, outcome_of_status
from clarion.channels.sms.encoding import Alphabet, alphabet_of
from clarion.channels.sms.gateway.config import filled, pairs
from clarion.channels.sms.web import Hidden, WebSms, limits_of
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope
from clarion.lib.sentences import said

#: Characters of an answer that are searched and shown.
_LOOKED_AT = 4000
#: Settings with words of a gateway's answers → what those mean.
_TOLD: dict[str, tuple[type[Deferred | Refused], Reason, Scope]] = {
    "refused_login": (Refused, Reason.CREDENTIALS_REFUSED, Scope.SENDER),
    "refused_recipient": (Refused, Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    "too_fast": (Deferred, Reason.THROTTLED, Scope.SENDER),
}


class Transport:
    """A `clarion.engine.ports.Transport` for a gateway on the web."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.concurrency = int(config["connections"])
        self._config = Hidden(config)
        self._fields = pairs(config["parameters"])
        self._headers = pairs(config["headers"])
        parts = urlsplit(config["url"])
        self._path = parts.path + (f"?{parts.query}" if parts.query else "")
        login = (config["username"], config["password"]) if config["basic_login"] else None
        self._http = HttpClient(
            f"{parts.scheme}://{parts.netloc}",
            limits=limits_of(config),
            auth=login,
            verify_certificate=config["verify_certificate"],
        )

    def __repr__(self) -> str:
        return f"Transport({self._http!r})"

    def record(self, recorder: Recorder) -> None:
        """Let some of what is said be kept; see `clarion.channels.exchanges.Recorded`."""
        self._http.recorder = recorder

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Hand the message over and return what happened; see the port's promise."""
        config = self._config
        values = self._values(message)
        fields = [(name, filled(value, values)) for name, value in self._fields]
        options: dict[str, Any] = {"query": fields} if config["format"] == "query" else {"form": fields}
        if config["format"] == "json":
            options = {"json": nested(fields)}
        reply = await self._http.request(
            config["method"],
            filled(self._path, {name: quote(value, safe="") for name, value in values.items()}),
            hand_over,
            headers={name: filled(value, values) for name, value in self._headers},
            **options,
        )
        return self._outcome(reply) if isinstance(reply, HttpReply) else reply

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        await self._http.aclose()

    def _values(self, message: Message) -> dict[str, str]:
        sms: WebSms = message.payload
        config = self._config
        own = f"{message.run_id}.{message.delivery_id}"
        callback = ""
        if config["receipts"] != "none" and config.get("hook_url"):
            secret = quote(config["callback_secret"], safe="")
            callback = f"{config['hook_url']}status?secret={secret}&m={own}"
        return {
            "to": sms.to, "number": sms.to.removeprefix("+"), "from": config["source"], "text": sms.text, "id": own,
            "coding": "0" if alphabet_of(sms.text) is Alphabet.GSM else "2",
            "callback": callback, "user": config["username"], "password": config["password"],
        }  # fmt: skip

    def _outcome(self, reply: HttpReply) -> Outcome:
        text = reply.text()[:_LOOKED_AT]
        words = " ".join(text.split())[:200]
        for secret in (self._config["password"], self._config["callback_secret"]):
            words = words.replace(secret, "…") if secret else words
        facts: dict[str, Any] = {"code": f"HTTP {reply.status}", "detail": words}
        for name, (kind, reason, scope) in _TOLD.items():
            if self._config[name] and self._config[name] in text:
                return kind(reason=reason, scope=scope, **facts)
        if not reply.is_success:
            return outcome_of_status(reply, detail=words)
        if self._config["success_contains"] not in text:
            # It answered, and not as it does when it takes a message.
            return Refused(reason=Reason.MESSAGE_REFUSED, scope=Scope.MESSAGE, **facts)
        return Accepted(provider_id=found_id(reply, self._config["id_from"]), code=f"HTTP {reply.status}")


def nested(fields: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the fields as an object; dots in names make objects in it."""
    whole: dict[str, Any] = {}
    for name, value in fields:
        *path, last = name.split(".")
        at = whole
        for step in path:
            below = at.setdefault(step, {})
            at = below if isinstance(below, dict) else at
        at[last] = value
    return whole


def found_id(reply: HttpReply, where: str) -> str:
    """Return the gateway's id of the message from its answer; empty when it is not there."""
    kind, _, path = where.partition(":")
    if kind == "after":
        _, found, rest = reply.text()[:_LOOKED_AT].partition(path)
        words = rest.split(maxsplit=1)
        return words[0].strip(",;\"'")[:120] if found and words else ""
    if kind != "json":
        return ""
    try:
        at: Any = reply.json()
        for step in path.split("."):
            at = at[int(step)] if isinstance(at, list) else at[step]
    except (ValueError, KeyError, TypeError, IndexError):
        return ""
    return str(at)[:120] if isinstance(at, str | int) else ""


async def check_credentials(config: Mapping[str, Any]) -> CheckResult:
    """Connect to the gateway; it has no way of its own to try credentials without sending."""
    parts = urlsplit(config["url"])
    http = HttpClient(
        f"{parts.scheme}://{parts.netloc}",
        limits=limits_of(config),
        verify_certificate=config["verify_certificate"],
    )
    try:
        reply = await http.request("HEAD", "/")
    finally:
        await http.aclose()
    if isinstance(reply, HttpReply):
        seen = [("connect", f"{parts.scheme}://{parts.netloc}"), ("answers", f"HTTP {reply.status}")]
        return CheckResult(
            ok=True, lines=[*seen, ("credentials", "not tried: send a test message to try them")]
        )
    return CheckResult(ok=False, problem=_unreached(reply.detail))


def _unreached(detail: str) -> str:
    if not detail:
        return said("The gateway could not be reached.")
    return said("The gateway could not be reached. %(detail)s", detail=detail)
