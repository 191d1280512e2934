"""A single mail of the program's own: no campaign, no unsubscribing, and no automatic answer wanted (RFC 3834)."""

import secrets
import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from clarion.channels.email import addresses, dkim, headers, mime
from clarion.channels.email.bodies import TextPart
from clarion.channels.email.config import Config
from clarion.channels.email.mail import Mail, Plan
from clarion.engine.messages import Message


def letter(config: Mapping[str, Any], *, to: str, subject: str, text: str) -> Message:
    """Return a mail of plain text for the channel's transport, signed as the sender's mails are.

    `config` has been checked and holds its secrets. Raises ValueError for what is no address, and dkim.KeyInvalid.
    """
    settings = Config.of(config)
    name = secrets.token_hex(12)
    signer = dkim.Signer(domain=settings.dkim_domain, keys=settings.dkim_keys) if settings.dkim_keys else None
    now = int(time.time())
    recipient = addresses.on_the_wire(addresses.normalise(to))
    fields = [
        ("From", headers.mailbox(settings.from_name, settings.from_address, used=6)),
        ("To", recipient),
        ("Subject", headers.text(subject, used=9)),
        ("Date", formatdate(now).removesuffix("-0000").encode() + b"+0000"),
        ("Message-ID", f"<{name}@{addresses.domain_of(settings.from_address)}>".encode()),
        ("Auto-Submitted", b"auto-generated"),
    ]
    if settings.reply_to:
        fields.append(("Reply-To", headers.mailbox("", settings.reply_to, used=10)))
    frame = mime.frame(text=TextPart([text.rstrip() + "\n"]), html=None, files=(), boundary=f"=_{name}")
    mail = Mail(
        sender=(settings.return_path or settings.from_address).encode(),
        recipient=recipient,
        needs_utf8=not (settings.from_address + settings.return_path + to).isascii(),
        envelope_id=name,
        plan=Plan(frame=frame, personal=(), constant=fields, signer=signer),
        personal=(),
        values=[],
        moment=now,
    )
    return Message(run_id=0, delivery_id=0, address=to, payload=mail)
