"""Reading what could not be placed. Whoever asks has the sender by `senders.queries.sender_for`."""

from dataclasses import dataclass
from datetime import datetime

from clarion.channels.events import ReceiptEvent, Reply
from clarion.deliveries.inbox.models import StrayEvent, Why
from clarion.deliveries.inbox.rows import unpacked
from clarion.senders.models import Sender

#: Strays listed of a sender, and counted at most.
LISTED = 50
COUNTED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """An event that belongs to no message, for a person to look at."""

    received_at: datetime
    why: Why
    #: The provider's id of the message that it names.
    provider_id: str
    code: str
    #: What was understood of the original: names and short values.
    raw: str


def strays_of(sender: Sender) -> list[Stray]:
    """Return the newest events that are no more tried, or not understood."""
    rows = StrayEvent.objects.filter(sender=sender, due_at=None).order_by("-id")[:LISTED]
    return [_stray(row) for row in rows]


def waiting_of(sender: Sender) -> int:
    """Return how many events wait for their message to become known, up to COUNTED."""
    return StrayEvent.objects.filter(sender=sender, due_at__isnull=False)[:COUNTED].count()


def _stray(row: StrayEvent) -> Stray:
    provider_id, code, raw = "", "", {}
    try:
        event = unpacked(row.event)
    except (ValueError, KeyError, TypeError):
        pass
    else:
        if isinstance(event, ReceiptEvent | Reply):
            provider_id, raw = event.provider_id, dict(event.raw)
        code = event.code if isinstance(event, ReceiptEvent) else ""
    return Stray(
        received_at=row.received_at, why=Why(row.why), provider_id=provider_id, code=code,
        raw=" ".join(f"{name}={value}" for name, value in raw.items())[:300],
    )  # fmt: skip
