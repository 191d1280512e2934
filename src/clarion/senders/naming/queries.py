"""Reading a sender's names. Whoever asks has the sender by `senders.queries.sender_for`."""

import re
from collections.abc import Mapping
from typing import Any

from clarion.senders.models import Sender
from clarion.senders.naming.models import SenderName

#: Revisions listed.
LISTED = 100
#: Letters, digits and spaces with at least one letter, as networks take them (3GPP TS 23.040 9.1.2.5: 11 characters).
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9 ._&-]{0,9}[A-Za-z0-9])?", re.ASCII)


def has_names(sender: Sender) -> bool:
    """Tell whether the sender's messages may go under a name."""
    return sender.channel == "sms"


def is_name(text: str) -> bool:
    """Tell whether a text is a name, and no number and no short code."""
    return _NAME.fullmatch(text) is not None


def name_of(config: Mapping[str, Any]) -> str:
    """Return the name that a sender with these settings goes under; "" when that is a number."""
    source = str(config.get("source") or "")
    return source if is_name(source) else ""


def names_of(sender: Sender) -> list[SenderName]:
    """Return the sender's revisions, the newest first."""
    found = SenderName.objects.filter(sender=sender).select_related("created_by", "decided_by")
    return list(found.order_by("-number")[:LISTED])


def name_with(sender: Sender, public_id: str) -> SenderName | None:
    """Return one of the sender's revisions."""
    return SenderName.objects.filter(sender=sender, public_id=public_id).first()
