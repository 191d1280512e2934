"""What waits for a person in a workspace: each thing found by an index, at most MOST of each kind."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.campaigns.models import Campaign, Review
from clarion.campaigns.states import Status
from clarion.deliveries import explain, overview, stretches
from clarion.deliveries.causes import CAUSES, Kind, told
from clarion.deliveries.models import Run
from clarion.senders.models import Sender, SenderLane, SenderStatus
from clarion.webhooks import queries as webhooks
from clarion.webhooks.models import Endpoint
from clarion.workspaces import spelling
from clarion.workspaces.models import Membership
from clarion.workspaces.money import amounts
from clarion.workspaces.money.queries import low_account_of
from clarion.workspaces.permissions import Permission
from clarion.workspaces.prepared import Prepared
from clarion.workspaces.retelling import retold

#: Of each kind at most so many are listed.
MOST = overview.MOST


class Need(StrEnum):
    """Why something waits for a person, the gravest first."""

    HALTED = "halted"
    NO_WORKER = "no_worker"
    WORKER_GONE = "worker_gone"
    MISSED = "missed"
    FAILED = "failed"
    PAUSED = "paused"
    BALANCE = "balance"
    SENDER = "sender"
    PROVIDER = "provider"
    WEBHOOK = "webhook"
    UNKNOWN = "unknown"
    REVIEW = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One thing that waits for a person."""

    need: Need
    name: str
    why: str
    at: datetime | None = None
    campaign: Campaign | None = None
    sender: Sender | None = None
    endpoint: Endpoint | None = None
    #: Of a machine of the installation.
    host: str = ""

    @property
    def thing(self) -> str:
        """What it is about, such as "campaign/<public id>"; empty for the workspace or the installation."""
        for kind, row in (("campaign", self.campaign), ("sender", self.sender), ("webhook", self.endpoint)):
            if row is not None:
                return f"{kind}/{row.public_id}"
        return f"host/{self.host}"[:60] if self.host else ""


def attention(member: Membership) -> list[Wanted]:
    """Return what waits for a person, the gravest first. About eight queries, whatever the workspace holds."""
    return [
        *_halted(member),
        *_without_workers(member),
        *_missed(member),
        *_troubled(member),
        *_low_balance(member),
        *_senders(member),
        *_webhooks(member),
        *_unknown(member),
        *_in_review(member),
    ]


def troubles(member: Membership) -> list[Wanted]:
    """Return what broke by itself: what of `attention` people are written to about."""
    return [*_missed(member), *_troubled(member), *_senders(member), *_webhooks(member)]


def without_workers() -> Wanted | None:
    """Return that no process sends while something waits for one, in whatever workspace. At most two queries."""
    if explain.has_workers() or not _waits_for_workers(Campaign.objects.filter(archived_at=None)):
        return None
    return _no_worker()


def _halted(member: Membership) -> list[Wanted]:
    workspace = member.workspace
    if workspace.halted_at is None:
        return []
    who = _("by %(name)s") % {"name": workspace.halted_by} if workspace.halted_by else ""
    why = ": ".join(filter(None, [who, workspace.halt_reason])) or str(CAUSES[Kind.HALTED].cure)
    title = str(CAUSES[Kind.HALTED].title)
    return [Wanted(need=Need.HALTED, name=title, why=why, at=workspace.halted_at)]


def _without_workers(member: Membership) -> list[Wanted]:
    mine = Campaign.objects.filter(workspace_id=member.workspace_id, purged_at=None, archived_at=None)
    return [_no_worker()] if _waits_for_workers(mine) and not explain.has_workers() else []


def _waits_for_workers(campaigns: QuerySet[Campaign]) -> bool:
    wanting = Q(status__in=[Status.BUILDING, Status.SENDING])
    overdue = Q(status=Status.SCHEDULED, missed_at=None, next_at__lte=timezone.now())
    return campaigns.filter(wanting | overdue).exists()


def _no_worker() -> Wanted:
    cause = told(Kind.NO_WORKER, 0)
    return Wanted(need=Need.NO_WORKER, name=cause.title, why=cause.cure)


def _missed(member: Membership) -> list[Wanted]:
    missed = _MISSED.all(workspace=member.workspace_id) if member.may(Permission.VIEW) else []
    why = str(CAUSES[Kind.MISSED].title) + "."
    return [
        Wanted(need=Need.MISSED, name=one.name, why=why, at=one.missed_at, campaign=one) for one in missed
    ]


_MISSED = Prepared(
    lambda workspace: Campaign.objects.filter(
        workspace_id=workspace,
        purged_at=None,
        archived_at=None,
        missed_at__isnull=False,
        status__in=[Status.SCHEDULED, Status.PAUSED],
    ).order_by("missed_at", "pk")[:MOST],
    workspace=-1,
)


def _troubled(member: Membership) -> list[Wanted]:
    return [
        Wanted(
            need=Need.PAUSED if one.status == Status.PAUSED else Need.FAILED,
            name=one.name,
            why=_why(one),
            at=one.status_changed_at,
            campaign=one,
        )
        for one in overview.failed_lately(member)
    ]


def _why(campaign: Campaign) -> str:
    if campaign.status != Status.PAUSED:
        return retold(campaign.status_reason)
    (cause, *_rest) = explain.explain(campaign, None).causes
    return (
        f"{cause.title}. {cause.text}" if cause.text and cause.text not in cause.title else f"{cause.title}."
    )


def _low_balance(member: Membership) -> list[Wanted]:
    account = low_account_of(member.workspace)
    if account is None:
        return []
    why = _("%(amount)s is available for campaigns to come.") % {
        "amount": amounts.told(account.available, account.currency)
    }
    return [Wanted(need=Need.BALANCE, name=_("The balance is low"), why=why)]


def _senders(member: Membership) -> list[Wanted]:
    blocked = [
        Wanted(
            need=Need.SENDER,
            name=one.name,
            why=retold(one.status_reason),
            at=one.status_changed_at,
            sender=one,
        )
        for one in overview.blocked_senders(member)
    ]
    return blocked + _resting(member)


def _resting(member: Membership) -> list[Wanted]:
    latest: dict[int, SenderLane] = {}
    for lane in _RESTING.all(workspace=member.workspace_id, now=timezone.now()):
        latest[lane.sender_id] = lane
    return [
        Wanted(
            need=Need.PROVIDER,
            name=lane.sender.name,
            why=stretches.rest(lane.sender, lane).text,
            sender=lane.sender,
        )
        for lane in list(latest.values())[:MOST]
    ]


_RESTING = Prepared(
    lambda workspace, now: (
        SenderLane.objects.filter(
            sender__workspace_id=workspace, sender__status=SenderStatus.ACTIVE, open_until__gt=now
        )
        .select_related("sender")
        .order_by("open_until")[: MOST * 32]
    ),
    workspace=-1,
    now=datetime(1970, 1, 1, tzinfo=UTC),
)


def _webhooks(member: Membership) -> list[Wanted]:
    if not member.may(Permission.MANAGE_MEMBERS):
        return []
    return [
        Wanted(
            need=Need.WEBHOOK,
            name=str(one),
            why=retold(one.status_reason),
            at=one.status_changed_at,
            endpoint=one,
        )
        for one in webhooks.disabled_in(member.workspace, MOST)
    ]


def _unknown(member: Membership) -> list[Wanted]:
    return [
        Wanted(
            need=Need.UNKNOWN,
            name=run.campaign.name,
            why=ngettext(
                "%(n)s message is unknown: say whether it was taken.",
                "%(n)s messages are unknown: say whether they were taken.",
                run.unknown,
            )
            % {"n": spelling.number(run.unknown)},
            campaign=run.campaign,
        )
        for run in _UNKNOWN.all(workspace=member.workspace_id)
    ]


_UNKNOWN = Prepared(
    lambda workspace: (
        Run.objects.filter(workspace_id=workspace, unknown__gt=0, campaign__archived_at=None)
        .select_related("campaign")
        .only("unknown", "campaign__name", "campaign__public_id", "campaign__is_one_off")
        .order_by("-id")[:MOST]
    ),
    workspace=-1,
)


def _in_review(member: Membership) -> list[Wanted]:
    if not member.may(Permission.MODERATE):
        return []
    return [
        Wanted(
            need=Need.REVIEW,
            name=one.campaign.name,
            why=_("Submitted by %(name)s.") % {"name": str(one.submitted_by)}
            if one.submitted_by
            else str(CAUSES[Kind.APPROVAL].title),
            at=one.submitted_at,
            campaign=one.campaign,
        )
        for one in _REVIEWS.all(workspace=member.workspace_id, reader=member.user_id)
    ]


_REVIEWS = Prepared(
    lambda workspace, reader: (
        Review.objects.filter(
            campaign__workspace_id=workspace,
            campaign__status=Status.IN_REVIEW,
            decision="",
            campaign__archived_at=None,
        )
        .exclude(submitted_by_id=reader)
        .select_related("campaign", "submitted_by")
        .only(
            "submitted_at",
            "submitted_by__name",
            "submitted_by__email",
            "campaign__name",
            "campaign__public_id",
        )
        .order_by("submitted_at", "pk")[:MOST]
    ),
    workspace=-1,
    reader=-2,
)
