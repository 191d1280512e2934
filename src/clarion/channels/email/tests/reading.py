"""A composed mail as others read it: Python's own parser and a server after DATA."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

from hypothesis import strategies as st

from clarion.channels.email.mail import Mail
from clarion.channels.email.tests.making import make_claim, make_composer

#: Anything a contact's attribute can hold: all of Unicode but lone surrogates, which are no text.
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def unstuffed(wire: bytes) -> bytes:
    """Return what a server makes of the octets after DATA."""
    assert wire.endswith(b"\r\n.\r\n")
    lines = wire.removesuffix(b".\r\n").split(b"\r\n")
    assert b"." not in lines
    return b"\r\n".join(line.removeprefix(b".") for line in lines)


def parsed(mail: Mail, *, eight_bit: bool = True) -> EmailMessage:
    message = email.message_from_bytes(unstuffed(mail.wire(eight_bit=eight_bit)), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert part.defects == []
    return message


def compose(*, claim: Any = None, settings: Any = None, **content: Any) -> Mail:
    mail = make_composer(settings=settings, **content).compose(claim or make_claim()).payload
    assert isinstance(mail, Mail)
    return mail


def body_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")
