"""What providers tell us later about a message, in one shape for all channels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ReceiptKind(StrEnum):
    """What a receipt says. Values are stored, so they do not change."""

    #: The provider has it and passes it on. It proves that a message of unknown fate was taken; nothing arrived yet.
    TAKEN = "taken"
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
    #: Of a failure that may pass: the seconds after which the message may be handed over again, by the number of the
    #: attempt that failed. Empty where it may not be by itself.
    again_after: tuple[float, ...] = ()
    #: What was understood of the original, for a person to look at.
    raw: Mapping[str, Any] = field(default_factory=dict)


#: Longest answer of a recipient that is kept, in characters.
MAX_REPLY = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part of a long answer a text is: the parts of one answer share their reference."""

    reference: int
    #: From 1 to `count`.
    number: int
    count: int


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
    #: Set when it is a part of an answer; the parts are joined when all are there.
    part: Part | None = None
    #: What was understood of the original, for a person to look at.
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Somebody let the sender write to them from now on, such as by starting a bot. It is their consent."""

    #: Where they are reached, in the channel's one form.
    address: str
    #: What the link carried that they followed.
    payload: str = ""
    first_name: str = ""
    last_name: str = ""
    #: The tag of their language, where told.
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Somebody wants no more of the sender: said so, or blocked it."""

    address: str
    has_blocked: bool = False


class NoticeKind(StrEnum):
    """What a provider tells about a sender's account rather than a message. Values are stored."""

    #: A template is approved, rejected, paused, disabled …; `value` is the provider's word for it.
    TEMPLATE_STATUS = "template_status"
    #: How recipients take a template; `value` is the provider's word for it.
    TEMPLATE_QUALITY = "template_quality"
    #: What a template counts as; `value` is the provider's word for it.
    TEMPLATE_CATEGORY = "template_category"
    #: How many people may be written to in a day; `value` is the number, empty for no limit.
    DAILY_LIMIT = "daily_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a provider tells about the sender's account. It holds for every sender of that account."""

    kind: NoticeKind
    value: str
    #: Of a template: its name, its language as the provider writes it, and its id there.
    name: str = ""
    language: str = ""
    subject_id: str = ""
    #: The provider's reason, at most 200 characters.
    detail: str = ""
    occurred_at: datetime | None = None
