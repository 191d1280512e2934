"""What the program itself does to campaigns on their way, looked at each second.

They expire at their end, pause outside their hours, when limits are used up and when too much fails, and go on by
themselves when what they paused for is over; a spread's share is let go each day. Every move is a conditional
update, so any number of processes may look at the same time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from clarion.campaigns import operations as campaigns
from clarion.campaigns import spread, windows
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import allowance, canary, operations, releasing
from clarion.deliveries.models import Run, RunStep, Waiting
from clarion.workspaces import actors, spelling

#: Fewer messages than this say nothing about a campaign.
ERRORS_AMONG = 100
#: A limit that opens again sooner is waited for without a word.
LIMIT_PATIENCE = timedelta(minutes=2)

_WORKING = (Status.BUILDING, Status.SENDING, Status.PAUSED)


def awaiting(now: datetime) -> list[Campaign]:
    """Return the campaigns that something may have to be done to now."""
    ends = Q(status__in=(Status.READY, Status.SCHEDULED, *_WORKING), ends_at__lte=now)
    resumes = Q(status=Status.PAUSED, resume_at__isnull=False)
    is_bound = ~Q(windows=[]) | Q(error_percent__isnull=False) | Q(launch=Launch.SPREAD)
    is_limited = Q(steps__sender__limit_hour__isnull=False) | Q(steps__sender__limit_day__isnull=False)
    sends = Q(status=Status.SENDING) & (is_bound | is_limited)
    found = Campaign.objects.filter(ends | resumes | sends, archived_at=None)
    return list(found.select_related("workspace").order_by("pk").distinct())


def tend(campaign: Campaign, now: datetime) -> None:
    """Do what is to be done to one campaign now. Harmless when somebody else did it, or something else, before."""
    try:
        _tend(campaign, now)
    except TransitionRefused:
        return


def _tend(campaign: Campaign, now: datetime) -> None:
    if campaign.ends_at is not None and campaign.ends_at <= now:
        _end(campaign)
        return
    try:
        hours = hours_of(campaign)
    except ValueError as problem:
        operations.fail_campaign(campaign.pk, str(problem))
        return
    if campaign.status == Status.PAUSED:
        _resume(campaign, hours, now)
        return
    zone = window_zone(campaign)
    run = _run_of(campaign)
    if not campaign.window_is_recipients and not hours.is_open(now, zone):
        if not _is_spent(run):  # the last ones may still be on their way
            _pause_until(campaign, hours.next_open(now, zone), zone)
        return
    if run is None:
        return
    if campaign.launch == Launch.SPREAD:
        _release_share(campaign, run, hours, now)
    if campaign.error_percent is not None and _pause_failing(campaign, run):
        return
    _pause_exhausted(campaign, run, now)


def hours_of(campaign: Campaign) -> windows.Hours:
    """Return the campaign's sending hours. Raises ValueError with a sentence."""
    return windows.parse(campaign.windows)


def window_zone(campaign: Campaign) -> str:
    """Return the zone by whose clocks the sending hours are."""
    return campaign.window_zone or campaign.zone


def _run_of(campaign: Campaign) -> Run | None:
    """Return the run that is under way."""
    return Run.objects.filter(campaign=campaign, finished_at=None, closing_stage=None).first()


def _is_spent(run: Run | None) -> bool:
    """Whether nobody is left to be written to: what is in flight ends within a moment, and then the run does."""
    return run is not None and run.built_at is not None and run.pending == 0


def _end(campaign: Campaign) -> None:
    """Expire a campaign whose end has come; one of which nothing is left to send completes instead."""
    by = actors.system(campaign.workspace)
    run = _run_of(campaign)
    if run is not None and campaign.launch == Launch.TRIGGER:
        operations.end_pushing(run.pk)
        run.refresh_from_db()
    if _is_spent(run):
        if campaign.status == Status.PAUSED:
            campaigns.continue_spent(campaign=campaign, by=by)
        return
    campaigns.expire(campaign=campaign, by=by)


def _pause_until(campaign: Campaign, opening: datetime | None, zone: str) -> None:
    campaigns.pause(
        campaign=campaign,
        by=actors.system(campaign.workspace),
        cause=PauseCause.WINDOW,
        resume_at=opening,
        reason=_closed_until(opening, zone),
    )


def _closed_until(opening: datetime | None, zone: str) -> str:
    if opening is None:
        return _("Its sending hours never come.")
    return _("Outside its sending hours until %(at)s.") % {"at": windows.told(opening, zone)}


def _resume(campaign: Campaign, hours: windows.Hours, now: datetime) -> None:
    """Let it go on when its moment has come, or move that moment when what it waits for was changed.

    One of which nobody is left, because its last messages were on their way when it paused, waits for nothing.
    """
    at = campaign.resume_at
    by = actors.system(campaign.workspace)
    if at is None:
        return
    run = _run_of(campaign)
    if campaign.pause_cause in (PauseCause.WINDOW, PauseCause.LIMIT) and _is_spent(run):
        campaigns.continue_spent(campaign=campaign, by=by)
        return
    if campaign.pause_cause == PauseCause.WINDOW:
        zone = window_zone(campaign)
        opening = now if campaign.window_is_recipients else hours.next_open(now, zone)
        if opening is not None and opening not in (at, now):
            sentence = _closed_until(opening, zone)
            campaigns.replan_resumption(campaign=campaign, resume_at=opening, reason=sentence, by=by)
            return
        at = opening or at
    elif campaign.pause_cause == PauseCause.LIMIT:
        wait = allowance.wait_for(run, now) if run is not None else None
        at = now if wait is None else min(at, now + wait)
    if at <= now:
        if campaign.resume_at is not None and campaign.resume_at > now:
            campaigns.replan_resumption(campaign=campaign, resume_at=now, reason="", by=by)
        campaigns.resume(campaign=campaign, by=by)


def _pause_failing(campaign: Campaign, run: Run) -> bool:
    """Pause when more fails than the campaign allows, since it was last continued after that."""
    sums = RunStep.objects.filter(run=run).aggregate(a=Sum("accepted"), f=Sum("failed"), u=Sum("unknown"))
    ended, failed = (sums["a"] or 0) + (sums["f"] or 0) + (sums["u"] or 0), sums["f"] or 0
    since = run.plan.get("errors_since") or {}
    among, bad = ended - since.get("ended", 0), failed - since.get("failed", 0)
    if among < 0 or bad < 0:  # failed ones are tried again meanwhile
        among, bad = ended, failed
    allowed = campaign.error_percent or 100
    if among < ERRORS_AMONG or bad * 100 <= allowed * among:
        return False
    facts = {
        "failed": spelling.number(bad),
        "ended": spelling.number(among),
        "share": round(100 * bad / among),
        "allowed": allowed,
    }
    operations.pause_failing(
        campaign,
        run,
        reason=_(
            "%(failed)s of %(ended)s messages failed: %(share)d %%, where at most %(allowed)d %% are allowed."
        )
        % facts,
        errors_since={"ended": ended, "failed": failed},
    )
    return True


def _pause_exhausted(campaign: Campaign, run: Run, now: datetime) -> None:
    """Pause when every sender has used up an hour's or a day's limit."""
    wait = allowance.wait_for(run, now) if run.pending else None
    if wait is None or wait < LIMIT_PATIENCE:
        return
    at = now + wait
    campaigns.pause(
        campaign=campaign,
        by=actors.system(campaign.workspace),
        cause=PauseCause.LIMIT,
        resume_at=at,
        reason=_("The senders' limits for the hour or the day are used up until %(at)s.")
        % {"at": windows.told(at, campaign.workspace.zone)},
    )


def _release_share(campaign: Campaign, run: Run, hours: windows.Hours, now: datetime) -> None:
    """Let today's share go, once a day, planned with what is left."""
    today = now.astimezone(ZoneInfo(campaign.zone)).date()
    if run.released_id is None or run.built_at is None:
        return
    run.campaign = campaign
    bound = canary.bound(run)
    if bound is None and releasing.FIRST_PART in run.plan:
        releasing.unbind(run)
    if run.released_on and run.released_on >= today:
        return
    zone = window_zone(campaign)
    if not hours.is_open(now, zone):
        return
    behind = min(RunStep.objects.filter(run=run).values_list("cursor", flat=True), default=0)
    left = releasing.count_after(run.pk, behind)
    waiting = Waiting.objects.filter(run_id=run.pk).count()
    days: Sequence[object] = [today]
    if campaign.ends_at is not None:
        days = spread.days(hours, hours_zone=zone, zone=campaign.zone, first=now, last=campaign.ends_at) or [
            today
        ]
    count = spread.share(left + waiting, len(days)) - waiting
    up_to = releasing.reach(run.pk, count, after=behind)
    releasing.release_for_day(run.pk, up_to if bound is None else min(up_to, bound), day=today)
