"""What providers tell us later about a message, in one shape for all channels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ReceiptKind(StrEnum):
    """What a receipt says. Values are stored, so they do not change."""

    #: It has reached the recipient's provider or device.
    DELIVERED = "delivered"
    #: Not yet; the provider goes on trying.
    DELAYED = "delayed"
    #: It will not arrive, and no other will: the address is to be suppressed.
    BOUNCED_HARD = "bounced_hard"
    #: It will not arrive, but a later one may.
    BOUNCED_SOFT = "bounced_soft"
    #: The recipient reported it as unwanted.
    COMPLAINT = "complaint"
    #: The recipient asked for no more.
    UNSUBSCRIBED = "unsubscribed"
    #: Opened or read.
    READ = "read"
    #: A link in it was followed.
    CLICKED = "clicked"
    #: Something that we do not know; `raw` holds it.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptEvent:
    """One normalised receipt. Without our ids and without `provider_id` nobody can tell what it is about."""

    kind: ReceiptKind
    #: Our own ids, where the provider carried them for us.
    run_id: int | None = None
    delivery_id: int | None = None
    #: The provider's id of the message.
    provider_id: str = ""
    #: The address it is about, where told.
    address: str = ""
    #: The provider's code, such as "5.1.1".
    code: str = ""
    #: The provider's words, at most 200 characters.
    detail: str = ""
    #: When it happened, aware UTC; None if not told.
    occurred_at: datetime | None = None
    #: Tells the same receipt again from a new one; empty if the provider gives nothing of the kind.
    event_id: str = ""
    #: What was understood of the original, for a person to look at.
    raw: Mapping[str, Any] = field(default_factory=dict)


#: Longest answer of a recipient that is kept, in characters.
MAX_REPLY = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a recipient wrote back."""

    #: Who writes, in the channel's one form of an address.
    address: str
    text: str
    #: To which of our numbers or names, as the provider says it.
    to: str = ""
    #: Which message it answers, where the provider says so: our own ids, or its id of that message.
    run_id: int | None = None
    delivery_id: int | None = None
    provider_id: str = ""
    occurred_at: datetime | None = None
    #: The provider's id of the answer; empty if it gives none.
    event_id: str = ""
    #: What was understood of the original, for a person to look at.
    raw: Mapping[str, Any] = field(default_factory=dict)
