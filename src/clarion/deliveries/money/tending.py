"""What the program itself does about money, looked at each second: it books, pauses what cannot be paid, and lets that
go on after a top-up. Without a run that costs something it is two questions to small indexes."""

from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.campaigns import operations as campaigns
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries.models import Claim, Run, RunStep
from clarion.deliveries.money import operations
from clarion.workspaces import actors
from clarion.workspaces.models import Account, Hold
from clarion.workspaces.money import amounts

#: States of a campaign whose launch may still be waiting for its run to begin.
_BEGINS = frozenset({Status.BUILDING, Status.PAUSED})


def open_steps() -> list[RunStep]:
    """Return the steps of which something is still to be entered, or under way."""
    found = RunStep.objects.filter(is_booked=False).select_related("run__campaign__workspace")
    return list(found.defer("content", "tariff", "run__plan", "run__waterfall").order_by("pk"))


def tend(step: RunStep) -> None:
    """Do what is to be done about one step. Harmless when another process does the same."""
    run = step.run
    is_over = run.finished_at is not None
    if is_over and step.bounced and step.reserved:
        # A receipt that was quicker than the record of its message's acceptance.
        operations.refund(run.pk, None)
    if step.starved is not None and not is_over:
        _look_after_starving(step)
    is_late = step.booked_at is None or timezone.now() - step.booked_at >= operations.BOOK_AFTER
    if is_over or (is_late and step.charged + step.refunded != step.booked + step.refunds_booked):
        operations.book(step.pk)


def free_holds() -> None:
    """Give free what launches have set apart whose runs never began."""
    for hold in Hold.objects.order_by("pk"):
        campaign = Campaign.objects.filter(pk=hold.campaign_id).first()
        if campaign is None or campaign.status not in _BEGINS:
            operations.free_hold(hold)


def resumable() -> list[Campaign]:
    """Return the campaigns that wait for money which is there now."""
    waiting = Campaign.objects.filter(
        status=Status.PAUSED, pause_cause=PauseCause.BALANCE, archived_at=None
    ).select_related("workspace")
    return [campaign for campaign in waiting.order_by("status_changed_at", "pk") if _can_pay(campaign)]


def resume(campaign: Campaign) -> None:
    """Let a campaign go on that waited for money."""
    try:
        campaigns.resume_paid(campaign=campaign, by=actors.system(campaign.workspace))
    except TransitionRefused:
        return  # somebody was quicker


def _can_pay(campaign: Campaign) -> bool:
    run = Run.objects.filter(campaign=campaign, finished_at=None).order_by("-number").first()
    steps = (
        RunStep.objects.filter(run=run, starved__isnull=False) if run is not None else RunStep.objects.none()
    )
    account = Account.objects.filter(workspace=campaign.workspace).first()
    missing = [step.starved - room_of(step) for step in steps if step.starved is not None]
    return account is None or all(need <= account.available for need in missing)


def room_of(step: RunStep) -> int:
    """Return what is set apart for the step and neither charged nor held."""
    return step.reserved - step.charged - step.held


def _look_after_starving(step: RunStep) -> None:
    """Pause a campaign whose next message cannot be paid, once nothing under way can change that."""
    campaign = step.run.campaign
    if campaign.status != Status.SENDING:
        return
    account = Account.objects.filter(workspace=campaign.workspace).first()
    now = RunStep.objects.only("reserved", "charged", "held", "starved").get(pk=step.pk)
    if account is None or now.starved is None:
        return
    if now.starved <= account.available + room_of(now):
        operations.give_up_starving(step.pk)
        return
    if Claim.objects.filter(run_id=step.run_id, step=step.step).exists():
        return  # what is held for it and not needed comes back within a moment
    reason = _("The next message may cost %(need)s, and %(available)s is available.") % {
        "need": amounts.told(now.starved, account.currency),
        "available": amounts.told(account.available + room_of(now), account.currency),
    }
    try:
        campaigns.pause(
            campaign=campaign, by=actors.system(campaign.workspace), cause=PauseCause.BALANCE, reason=reason
        )
    except TransitionRefused:
        return
