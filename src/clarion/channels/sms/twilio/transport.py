"""Hand short messages to Twilio: one POST to the Messages resource each."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from clarion.channels.base import CheckResult
from clarion.channels.exchanges import Recorder
from clarion.channels.http import HttpClient, HttpReply
from clarion.channels.sms.twilio import codes
from clarion.channels.sms.twilio.config import is_service
from clarion.channels.sms.web import WebSms, limits_of
from clarion.engine.messages import Message
from clarion.engine.outcomes import REASONS, Accepted, Outcome


class Transport:
    """A `clarion.engine.ports.Transport` for Twilio."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.concurrency = int(config["connections"])
        self._path = f"/Accounts/{quote(config['account_sid'], safe='')}/Messages.json"
        source = config["source"]
        self._fixed = [("MessagingServiceSid" if is_service(source) else "From", source)]
        if config["validity_minutes"]:
            self._fixed.append(("ValidityPeriod", str(config["validity_minutes"] * 60)))
        hook = config.get("hook_url", "")
        self._callback = f"{hook}status?m=" if hook and config["receipts"] != "none" else ""
        self._http = _client(config)

    def __repr__(self) -> str:
        return f"Transport({self._http!r})"

    def record(self, recorder: Recorder) -> None:
        """Let some of what is said be kept; see `clarion.channels.exchanges.Recorded`."""
        self._http.recorder = recorder

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Hand the message over and return what happened; see the port's promise."""
        sms: WebSms = message.payload
        form = [("To", sms.to), ("Body", sms.text), *self._fixed]
        if self._callback:
            # Receipts find their message by this, whatever Twilio calls it.
            form.append(("StatusCallback", f"{self._callback}{message.run_id}.{message.delivery_id}"))
        reply = await self._http.request("POST", self._path, hand_over, form=form)
        if not isinstance(reply, HttpReply):
            return reply
        if not reply.is_success:
            return codes.outcome_of(reply)
        try:
            told = reply.json()
            return Accepted(provider_id=str(told["sid"])[:120], code=str(told.get("status", ""))[:20])
        except (ValueError, KeyError, TypeError, AttributeError):
            # It said yes in words that we do not know: it has taken the message.
            return Accepted(code=f"HTTP {reply.status}")

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        await self._http.aclose()


async def check_credentials(config: Mapping[str, Any]) -> CheckResult:
    """Ask for the account, and send nothing."""
    http = _client(config)
    try:
        reply = await http.request("GET", f"/Accounts/{quote(config['account_sid'], safe='')}.json")
    finally:
        await http.aclose()
    if isinstance(reply, HttpReply) and reply.is_success:
        lines = [("connect", config["base_url"]), ("sign in", f"HTTP {reply.status}")]
        with contextlib.suppress(ValueError, KeyError, TypeError):
            lines.append(("account", str(reply.json()["status"])[:40]))
        return CheckResult(ok=True, lines=lines)
    outcome = codes.outcome_of(reply) if isinstance(reply, HttpReply) else reply
    said = " ".join(part for part in (outcome.code, outcome.detail) if part)
    sentence = REASONS[outcome.reason].sentence
    return CheckResult(ok=False, problem=f"{sentence} ({said})" if said else sentence)


def _client(config: Mapping[str, Any]) -> HttpClient:
    return HttpClient(
        config["base_url"],
        limits=limits_of(config),
        auth=(config["account_sid"], config["auth_token"]),
        verify_certificate=config["verify_certificate"],
    )
