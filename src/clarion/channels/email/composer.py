"""Makes the mails of one step of one run: everything alike is prepared once, a recipient costs a join."""

import time
from collections.abc import Mapping
from email.utils import formatdate
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from clarion.channels.base import StepContext
from clarion.channels.email import addresses, content, dkim, headers, mime
from clarion.channels.email.bodies import TextPart, octets
from clarion.channels.email.config import Config
from clarion.channels.email.mail import Mail, Plan
from clarion.channels.tracking import tracker_of
from clarion.engine.messages import Claim, Message, RenderFailed
from clarion.lib import templating, tokens

#: Kinds of tokens (see `clarion.lib.tokens`): who may unsubscribe, and which delivery a bounce is about.
UNSUBSCRIBE = "unsubscribe"
BOUNCE = "bounce"

#: The local part of a return path is this, `+`, and the token.
VERP_LOCAL = "bounce"


class Composer:
    """A `clarion.engine.ports.Composer` for mail."""

    def __init__(self, *, checked: Mapping[str, Any], config: Config, context: StepContext) -> None:
        """`checked` is what `content.check` returned. Raises RenderFailed if it can no longer be prepared."""
        self._config = config
        self._context = context
        self._from_address = checked["from_address"] or config.from_address
        self._domain = addresses.domain_of(self._from_address)
        self._tracker = tracker_of(context)
        parts = list(content.parts_of(checked).values())
        try:
            self._program = templating.Program(self._tracker.parts(parts) if self._tracker else parts)
            signer = (
                dkim.Signer(domain=config.dkim_domain, keys=config.dkim_keys) if config.dkim_keys else None
            )
        except (templating.TemplateInvalid, dkim.KeyInvalid) as error:
            raise RenderFailed(str(error)) from None
        self._subject, self._to_name = self._program.constants[0], self._program.constants[1]
        self._subject_holes, self._to_name_holes = self._program.holes[0], self._program.holes[1]
        self._body_from = self._to_name_holes.stop
        texts = [TextPart(constants) for constants in self._program.constants[2:]]
        files = content.attachments_of(checked)
        frame = mime.frame(
            text=texts[0], html=texts[1] if len(texts) > 1 else None, files=files, boundary=self._boundary()
        )
        self._plan = Plan(
            frame=frame,
            personal=self._personal_names(),
            constant=self._constant_fields(checked),
            signer=signer,
        )
        self._sender_needs_utf8 = not (self._from_address + config.return_path).isascii()
        self._fixed_return_path = (config.return_path or self._from_address).encode()
        mailto = quote(config.unsubscribe_mailto, safe="@")
        self._mailto = f", <mailto:{mailto}?subject=unsubscribe>" if mailto else ""
        self._date: tuple[int, bytes] = (0, b"")
        self._bounce_token = tokens.maker(BOUNCE, context.token_key, context.run_id)
        self._unsubscribe_token = tokens.maker(UNSUBSCRIBE, context.token_key, context.run_id)
        self._unsubscribe_base = f"{context.public_url}/u/"

    def compose(self, claim: Claim) -> Message:
        """Return the mail for this delivery. Raises RenderFailed."""
        run_id, delivery_id, address = claim.run_id, claim.delivery_id, claim.address
        token = self._bounce_token(delivery_id)
        url = self._unsubscribe_base + self._unsubscribe_token(delivery_id)
        values = self._values(claim, url)
        try:
            recipient = addresses.on_the_wire(address)
        except ValueError as error:
            raise RenderFailed(str(error)) from None
        now = int(time.time())
        if now != self._date[0]:
            self._date = (now, formatdate(now).removesuffix("-0000").encode() + b"+0000")
        to_name = _filled(self._to_name, values[self._to_name_holes])
        personal: tuple[bytes, ...] = (
            headers.mailbox(to_name, address, used=4) if to_name else recipient,
            headers.text(_filled(self._subject, values[self._subject_holes]), used=9),
            self._date[1],
            f"<{token}@{self._domain}>".encode(),
        )
        if self._context.public_url:
            personal += (f"<{url}>{self._mailto}".encode(),)
        mail = Mail(
            sender=self._return_path(token),
            recipient=recipient,
            needs_utf8=self._sender_needs_utf8 or not address.isascii(),
            envelope_id=token,
            plan=self._plan,
            personal=personal,
            values=[
                value.encode() if value.isprintable() else octets(value)
                for value in values[self._body_from :]
            ],
            moment=now,
        )
        return Message(run_id=run_id, delivery_id=delivery_id, address=address, payload=mail)

    def _values(self, claim: Claim, url: str) -> list[str]:
        if not self._program.count:
            return []
        # The address of a link needs no escaping, and a slash spelled as an entity irritates readers.
        variables = {"email": claim.address, **claim.variables, "unsubscribe_url": templating.safe(url)}
        if self._tracker is not None:
            variables.update(self._tracker.variables(claim.delivery_id))
        try:
            return self._program.render(variables)
        except templating.FillFailed as error:
            raise RenderFailed(str(error)) from None

    def _return_path(self, token: str) -> bytes:
        if self._config.verp:
            return f"{VERP_LOCAL}+{token}@{self._config.verp_domain}".encode()
        return self._fixed_return_path

    def _boundary(self) -> str:
        # Unguessable, so that no variable's value can hold it; the same in every process of the run.
        seed = f"{self._context.run_id}.{self._context.campaign_public_id}".encode()
        return (
            "=_"
            + blake2b(seed, key=self._context.token_key[:64], digest_size=12, person=b"boundary").hexdigest()
        )

    def _personal_names(self) -> list[str]:
        names = ["To", "Subject", "Date", "Message-ID"]
        return [*names, "List-Unsubscribe"] if self._context.public_url else names

    def _constant_fields(self, checked: Mapping[str, Any]) -> list[tuple[str, bytes]]:
        config = self._config
        name = checked["from_name"] or config.from_name
        fields = [("From", headers.mailbox(name, self._from_address, used=6))]
        reply_to = checked["reply_to"] or config.reply_to
        if reply_to:
            fields.append(("Reply-To", headers.mailbox("", reply_to, used=10)))
        if self._context.public_url:
            fields.append(("List-Unsubscribe-Post", b"List-Unsubscribe=One-Click"))
        if config.list_id:
            fields.append(("List-Id", f"<{config.list_id}>".encode()))
        if config.feedback_id:
            fields.append(("Feedback-ID", headers.text(config.feedback_id, used=13)))
        # Keeps well-behaved responders from answering with "I am on holiday" (RFC 3834 2).
        fields.append(("Precedence", b"bulk"))
        return fields


def _filled(constants: list[str], values: list[str]) -> str:
    if not values:
        return constants[0]
    pieces = [""] * (len(constants) + len(values))
    pieces[::2] = constants
    pieces[1::2] = values
    return "".join(pieces)
