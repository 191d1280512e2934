"""The workspace at a glance: key figures, sparklines, what is planned today and what needs attention."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from clarion.campaigns import queries as campaign_queries
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import LIVE, PauseCause, Status
from clarion.deliveries.models import RunStep
from clarion.deliveries.states import Stage
from clarion.senders.models import Sender, SenderStatus
from clarion.workspaces.models import Membership, User
from clarion.workspaces.permissions import Permission
from clarion.workspaces.prepared import Prepared

#: Days that a sparkline shows, today included.
SPARK_DAYS = 14
#: Of each kind of trouble.
MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The key figures: how campaigns stand that are not archived, and all that there ever were."""

    #: All campaigns of the workspace: archived ones and those with the moderators too.
    total: int
    active: int
    completed: int
    failed: int
    #: Messages that a provider took, and of them those that came back.
    accepted: int
    bounced: int

    @property
    def delivered(self) -> int:
        return self.accepted - self.bounced


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparks:
    """A count for each of the last days, oldest first."""

    created: list[int]
    started: list[int]
    completed: list[int]
    failed: list[int]
    #: Messages that a provider took.
    accepted: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many campaigns there are: by status those that are not archived, and all there ever were."""

    by_status: Mapping[str, int] = field(default_factory=dict)
    ever: int = 0


def figures(member: Membership, counted: Counted | None = None) -> Figures:
    """Return the key figures. `counted` saves a query when a page of the list has counted already."""
    if counted is None:
        counted = _count(campaign_queries.campaigns_for(member))
    return _figures(
        counted,
        RunStep.objects.filter(run__workspace_id=member.workspace_id, run__campaign__is_one_off=False),
    )


def figures_of_all(user: User, slugs: Collection[str] = (), counted: Counted | None = None) -> Figures:
    """Return the key figures over all workspaces, or those named, for a system administrator; else nothing but 0."""
    campaigns = campaign_queries.all_campaigns(user)
    steps = RunStep.objects.filter(run__campaign__is_one_off=False)
    if not (user.is_superuser and user.is_active):
        steps = RunStep.objects.none()
    if slugs:
        campaigns = campaigns.filter(workspace__slug__in=slugs)
        steps = steps.filter(run__workspace__slug__in=slugs)
    return _figures(_count(campaigns) if counted is None else counted, steps)


def _count(campaigns: QuerySet[Campaign]) -> Counted:
    found = campaigns.order_by().values_list("status")
    rows = list(found.annotate(now=Count("pk", filter=Q(archived_at=None)), ever=Count("pk")))
    return Counted(
        by_status={status: now for status, now, _ever in rows}, ever=sum(ever for *_others, ever in rows)
    )


def _figures(counted: Counted, steps: QuerySet[RunStep]) -> Figures:
    in_all = counted.by_status
    messages = steps.aggregate(accepted=Sum("accepted"), bounced=Sum("bounced"))
    return Figures(
        total=counted.ever,
        active=sum(in_all.get(status, 0) for status in LIVE),
        completed=in_all.get(Status.COMPLETED, 0),
        failed=in_all.get(Status.FAILED, 0),
        accepted=messages["accepted"] or 0,
        bounced=messages["bounced"] or 0,
    )


_SPARKS = """
with bounds as (select %(since)s::timestamptz as since)
select 'created', (c.created_at at time zone %(zone)s)::date, count(*)
  from campaigns_campaign c, bounds b where c.workspace_id = %(workspace)s and c.created_at >= b.since
   and not c.is_one_off group by 2
union all
select 'started', (c.started_at at time zone %(zone)s)::date, count(*)
  from campaigns_campaign c, bounds b where c.workspace_id = %(workspace)s and c.started_at >= b.since
   and not c.is_one_off group by 2
union all
select lower(c.status), (c.finished_at at time zone %(zone)s)::date, count(*)
  from campaigns_campaign c, bounds b where c.workspace_id = %(workspace)s and c.finished_at >= b.since
   and not c.is_one_off
   and c.status in ('COMPLETED', 'FAILED') group by 1, 2
union all
select 'accepted', (a.minute at time zone %(zone)s)::date, sum(a.count)
  from bounds b, deliveries_run r join deliveries_activity a on a.run_id = r.id
  join campaigns_campaign c on c.id = r.campaign_id and not c.is_one_off
 where r.workspace_id = %(workspace)s and r.last_sent_at >= b.since and a.minute >= b.since and a.stage = %(sent)s
 group by 2
"""


def sparks(member: Membership) -> Sparks:
    """Return the counts of the last days, by the workspace's calendar. One query."""
    zone = member.workspace.zone
    days = last_days(zone)
    since = datetime.combine(days[0], time.min, tzinfo=ZoneInfo(zone))
    series: dict[str, dict[date, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            _SPARKS,
            {"workspace": member.workspace_id, "since": since, "zone": zone, "sent": int(Stage.SENT)},
        )
        for name, day, count in cursor.fetchall():
            series.setdefault(name, {})[day] = int(count)
    counts = {name: [series.get(name, {}).get(day, 0) for day in days] for name in Sparks.__slots__}
    return Sparks(**counts)


def last_days(zone: str) -> list[date]:
    """Return the days of a sparkline in the zone, oldest first."""
    today = timezone.now().astimezone(ZoneInfo(zone)).date()
    return [today - timedelta(days=back) for back in range(SPARK_DAYS - 1, -1, -1)]


def planned_today(member: Membership) -> Sequence[Campaign]:
    """Return the scheduled campaigns that start before the workspace's day ends, overdue ones too; a dozen at most."""
    if not member.may(Permission.VIEW):
        return []
    zone = ZoneInfo(member.workspace.zone)
    tomorrow = timezone.now().astimezone(zone).date() + timedelta(days=1)
    end = datetime.combine(tomorrow, time.min, tzinfo=zone).astimezone(UTC)
    return _PLANNED_TODAY.all(workspace=member.workspace_id, end=end)


def planned_later(member: Membership) -> Campaign | None:
    """Return the next campaign that is scheduled at all."""
    if not member.may(Permission.VIEW):
        return None
    return _PLANNED.first(workspace=member.workspace_id)


def failed_lately(member: Membership) -> Sequence[Campaign]:
    """Return the campaigns that failed, or that the program paused, newest first; MOST of them."""
    if not member.may(Permission.VIEW):
        return []
    found = _FAILED.all(workspace=member.workspace_id)
    for one in found:
        one.workspace = member.workspace
    return found


def _scheduled(workspace: int) -> QuerySet[Campaign]:
    mine = campaign_queries.campaigns_in(workspace).filter(archived_at=None)
    return mine.filter(status=Status.SCHEDULED).order_by("next_at", "id")


def _failed(workspace: int) -> QuerySet[Campaign]:
    mine = Campaign.objects.filter(workspace_id=workspace, purged_at=None, archived_at=None)
    failed = mine.filter(status=Status.FAILED)
    # A window opens and a limit renews by itself; a second approval is asked for among what is to be reviewed.
    by_itself = [PauseCause.PERSON, PauseCause.WINDOW]
    halted = mine.filter(status=Status.PAUSED, resume_at=None).exclude(pause_cause__in=by_itself)
    return (failed | halted).order_by("-status_changed_at", "-id")[:MOST]


_PLANNED_TODAY = Prepared(
    lambda workspace, end: _scheduled(workspace).filter(next_at__lt=end)[:12],
    workspace=-1,
    end=datetime(1970, 1, 1, tzinfo=UTC),
)
_PLANNED = Prepared(lambda workspace: _scheduled(workspace)[:1], workspace=-1)
_FAILED = Prepared(_failed, workspace=-1)


def blocked_senders(member: Membership) -> Sequence[Sender]:
    """Return the senders that their provider refused; MOST of them."""
    return _BLOCKED.all(workspace=member.workspace_id)


_BLOCKED = Prepared(
    lambda workspace: Sender.objects.filter(workspace_id=workspace, status=SenderStatus.BLOCKED).order_by(
        "-status_changed_at", "-id"
    )[:MOST],
    workspace=-1,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSteps:
    """What a new workspace still lacks before its first campaign can go."""

    has_sender: bool
    has_contacts: bool
    has_campaign: bool

    @property
    def is_done(self) -> bool:
        return self.has_sender and self.has_campaign


def first_steps(member: Membership) -> FirstSteps:
    """Return what is there already. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists(select from senders_sender where workspace_id = %(w)s and channel <> 'sandbox'),"
            " exists(select from audience_contact where workspace_id = %(w)s),"
            " exists(select from campaigns_campaign where workspace_id = %(w)s and not is_demo and not is_one_off)",
            {"w": member.workspace_id},
        )
        sender, contacts, campaign = cursor.fetchone()
    return FirstSteps(has_sender=sender, has_contacts=contacts, has_campaign=campaign)
