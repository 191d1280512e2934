"""Reading senders. Interfaces get rows only through `…_for(member, …)`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils import timezone

from clarion.engine.outcomes import REASONS, Explanation, Reason
from clarion.senders.models import Sender, SenderLane, SenderStatus
from clarion.workspaces.models import Membership

SORTS = {
    "name": "name",
    "channel": "channel",
    "status": "status",
    "used": "used_by_count",
    "created": "created_at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a sender is: the worst of its lanes."""

    #: Messages a second, over all lanes.
    rate: float = 0.0
    #: The circuit breaker is open until then.
    open_until: datetime | None = None
    reason: Reason | None = None
    #: The provider's words.
    detail: str = ""

    @property
    def explanation(self) -> Explanation | None:
        """What happened and what to do; None when all is well."""
        return REASONS[self.reason] if self.reason is not None else None


def senders_for(
    member: Membership,
    *,
    search: str = "",
    channels: Iterable[str] = (),
    statuses: Iterable[str] = (),
    sort: str = "name",
) -> QuerySet[Sender]:
    """Return the workspace's senders with `used_by_count` (campaigns) and their lanes at hand."""
    found = (
        Sender.objects.filter(workspace=member.workspace)
        .annotate(used_by_count=Count("step__campaign", distinct=True))
        .prefetch_related("lane_states")
    )
    if search.strip():
        found = found.filter(name__icontains=search.strip())
    if chosen := list(channels):
        found = found.filter(channel__in=chosen)
    if wanted := list(statuses):
        found = found.filter(status__in=wanted)
    field = SORTS.get(sort.removeprefix("-"), "name")
    return found.order_by(f"-{field}" if sort.startswith("-") else field, "pk")


def sender_for(member: Membership, public_id: UUID | str) -> Sender | None:
    """Return the sender; None for a stranger."""
    return senders_for(member).filter(public_id=public_id).first()


def usable_for(member: Membership) -> QuerySet[Sender]:
    """Return the senders a new campaign may choose: all that are not blocked."""
    return senders_for(member).exclude(status=SenderStatus.BLOCKED)


def health_of(sender: Sender, *, now: datetime | None = None) -> Health:
    """Return how the sender is, from its lanes as its owners saved them."""
    now = now or timezone.now()
    lanes = list(sender.lane_states.all())
    ill = [lane for lane in lanes if lane.open_until is not None and lane.open_until > now]
    worst = max(ill, key=_open_until, default=None)
    return Health(
        rate=sum(lane.rate for lane in lanes if (now - lane.saved_at).total_seconds() < 10),
        open_until=worst.open_until if worst else None,
        reason=Reason(worst.open_reason) if worst and worst.open_reason is not None else None,
        detail=worst.open_detail if worst else "",
    )


def _open_until(lane: SenderLane) -> datetime:
    return lane.open_until or lane.saved_at
