"""What a kill switch holds back: of a halted workspace or a stopped sender, or what one would hold back now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, QuerySet, Sum

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries.models import Run
from clarion.senders.models import Sender, SenderStatus
from clarion.workspaces.models import AuditEvent, Workspace

#: Campaigns that are named; the numbers are of all of them.
NAMED = 20
#: The last message out is looked for among so many of the newest runs, and all that are open.
_NEWEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRun:
    """An open run of a campaign that is on its way."""

    campaign: Campaign
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """How much is on its way, and when the last message left."""

    messages: int
    campaigns: int
    last_out: datetime | None
    #: The largest of them.
    runs: Sequence[HeldRun]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Who stopped it, when and why, by the audit trail."""

    at: datetime
    by: str
    reason: str


def held_back(workspace: Workspace, sender: Sender | None = None) -> HeldBack:
    """Return what is on its way in the workspace, or through one of its senders. From counters alone."""
    mine = _through(Run.objects.filter(workspace=workspace), sender)
    open_ = mine.filter(
        finished_at=None, closing_stage=None, campaign__status__in=[Status.BUILDING, Status.SENDING]
    )
    sums = open_.aggregate(messages=Sum("pending"), last=Max("last_sent_at"))
    newest = list(mine.order_by("-id").values_list("last_sent_at", flat=True)[:_NEWEST])
    moments = [at for at in (sums["last"], *newest) if at is not None]
    largest = open_.select_related("campaign").defer("plan", "waterfall").order_by("-pending", "pk")[:NAMED]
    return HeldBack(
        messages=sums["messages"] or 0,
        campaigns=open_.values("campaign_id").distinct().count(),
        last_out=max(moments, default=None),
        runs=[HeldRun(campaign=run.campaign, pending=run.pending) for run in largest],
    )


def _through(runs: QuerySet[Run], sender: Sender | None) -> QuerySet[Run]:
    return runs if sender is None else runs.filter(steps__sender_id=sender.pk)


def stop_of(sender: Sender) -> Stop | None:
    """Return who paused or blocked the sender last; None while it is active."""
    event = (
        AuditEvent.objects.filter(
            workspace_id=sender.workspace_id,
            object_kind="sender",
            object_id=str(sender.public_id),
            action__in=["sender.paused", "sender.blocked"],
        )
        .order_by("-number")
        .first()
    )
    if event is None or sender.status == SenderStatus.ACTIVE:
        return None
    return Stop(at=event.at, by=event.actor_name, reason=event.reason)
