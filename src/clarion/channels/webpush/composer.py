"""Makes the notifications of one step of one run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from clarion.channels.base import StepContext
from clarion.channels.webpush import content as contents
from clarion.channels.webpush import subscription, vapid
from clarion.channels.webpush.config import Config
from clarion.channels.webpush.encryption import MAX_TEXT, BrowserKeys
from clarion.engine.messages import Claim, Message, RenderFailed
from clarion.lib import templating, tokens

#: Kinds of tokens (see `clarion.lib.tokens`): to unsubscribe, and for what the worker in the browser reports.
UNSUBSCRIBE = "unsubscribe"
SHOWN = "push-shown"

_URL = re.compile(r"https?://[^\s\x00-\x1f]+")


@dataclass(frozen=True, slots=True)
class Push:
    """One notification before it is encrypted, and how it is to be treated."""

    endpoint: str
    keys: BrowserKeys
    note: bytes
    headers: Mapping[str, str]

    @property
    def subject(self) -> str:
        """The title, for copies of what was sent."""
        return str(orjson.loads(self.note).get("title", ""))

    @property
    def text(self) -> str:
        """The text below it, for copies of what was sent."""
        return str(orjson.loads(self.note).get("body", ""))


class Composer:
    """A `clarion.engine.ports.Composer` for web push."""

    def __init__(self, *, checked: Mapping[str, Any], config: Config, context: StepContext) -> None:
        """`checked` is what `content.check` returned. Raises RenderFailed if it can no longer be prepared."""
        try:
            self._program = templating.Program(contents.parts_of(checked))
        except templating.TemplateInvalid as error:
            raise RenderFailed(str(error)) from None
        self._services = config.services
        # The same for every recipient, so made once and shared.
        self._headers = {"TTL": str(checked["ttl"]), "Urgency": checked["urgency"]}
        if checked["topic"]:
            self._headers["Topic"] = checked["topic"]
        self._same = {"v": 1, **({"sticky": True} if checked["sticky"] else {})}
        if checked["topic"]:
            self._same["tag"] = checked["topic"]
        self._unsubscribe = tokens.maker(UNSUBSCRIBE, context.token_key, context.run_id)
        self._shown = tokens.maker(SHOWN, context.token_key, context.run_id)
        self._base = context.public_url

    def compose(self, claim: Claim) -> Message:
        """Return the notification for this delivery. Raises RenderFailed."""
        url = f"{self._base}/u/{self._unsubscribe(claim.delivery_id)}"
        variables = {"email": "", "phone": "", **claim.variables, "unsubscribe_url": templating.safe(url)}
        try:
            endpoint, public, auth = subscription.split(claim.address)
            if not subscription.is_allowed(endpoint, self._services):
                raise ValueError("The subscription is at no push service that is allowed.")
            keys = BrowserKeys(vapid.decode(public), vapid.decode(auth))
            values = self._program.render_whole(variables)
            text = orjson.dumps(self._note(values, claim.delivery_id))
        except (templating.FillFailed, ValueError) as error:
            raise RenderFailed(str(error)) from None
        if len(text) > MAX_TEXT:
            raise RenderFailed(f"The notification has {len(text):,} octets; at most {MAX_TEXT:,} fit.")
        return Message(
            run_id=claim.run_id, delivery_id=claim.delivery_id, address=claim.address,
            payload=Push(endpoint, keys, text, self._headers),
        )  # fmt: skip

    def _note(self, values: list[str], delivery_id: int) -> dict[str, Any]:
        """Return what the worker in the browser gets; it is described in `static/push/worker.js`."""
        note: dict[str, Any] = dict(self._same)
        for name, value in zip(("title", "body", "icon", "image", "link"), values, strict=True):
            value = value.strip()
            if not value:
                continue
            if name in ("icon", "image", "link") and not _URL.fullmatch(value):
                raise ValueError(f"The address of the {name} does not begin with https://.")
            note[name] = value
        if "title" not in note:
            raise ValueError("The title is empty for this recipient.")
        if delivery_id:
            note["seen"] = f"{self._base}/push/seen/{self._shown(delivery_id)}"
        return note
