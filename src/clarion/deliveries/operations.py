"""Beginning and ending runs."""

from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience.models import LiveSheet, Source
from clarion.audience.queries import usable_copy
from clarion.campaigns import lifecycle
from clarion.campaigns import operations as campaign_operations
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign, Launch, Step
from clarion.campaigns.operations import approval
from clarion.campaigns.states import Action, PauseCause, Status
from clarion.channels import registry
from clarion.channels.base import reports_delivery
from clarion.deliveries import locks, partitions, releasing, tiers
from clarion.deliveries.errors import RunInvalid
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.money import operations as paying
from clarion.deliveries.states import Stage
from clarion.deliveries.telling import running
from clarion.deliveries.tracking import preparing
from clarion.engine.outcomes import REASONS, Reason
from clarion.senders import operations as senders
from clarion.senders.models import Sender
from clarion.workspaces import actors, audit


def call_off_earlier(campaign_id: int) -> None:
    """Let runs end that were open when the campaign was stopped or failed, and it was launched again since."""
    # In this order: a run that differs from what the campaign says later belongs to an earlier launch.
    runs = list(Run.objects.filter(campaign=campaign_id, finished_at=None, closing_stage=None))
    campaign = Campaign.objects.filter(pk=campaign_id).first()
    for run in runs:
        if campaign is not None and not _is_of_this_launch(run, campaign):
            Run.objects.filter(pk=run.pk, finished_at=None, closing_stage=None).update(
                closing_stage=Stage.CANCELLED, built_at=Coalesce("built_at", Now())
            )


@transaction.atomic
def settle_copy(run: Run, sheet: LiveSheet) -> Source:
    """Have the run go by what was read last of its live spreadsheet, and return that.

    Raises RunInvalid when it could not be read and an older copy is not to be used. The sheet's row is held, so that
    the copy is not put away meanwhile.
    """
    row = Run.objects.select_for_update(of=("self",)).select_related("campaign__workspace").get(pk=run.pk)
    held = LiveSheet.objects.select_for_update().get(pk=sheet.pk)
    copy = usable_copy(held)
    if copy is None:
        raise RunInvalid(
            (
                _("The live source “%(name)s” could not be read: %(why)s")
                % {"name": held.name, "why": held.problem}
            )[:500]
        )
    as_of = held.current_at.isoformat() if held.current_at else ""
    row.plan = {**row.plan, "copy": {"id": copy.pk, "as_of": as_of, "problem": held.problem}}
    row.save(update_fields=["plan"])
    run.plan = row.plan
    audit.record(
        by=actors.system(row.campaign.workspace), action="campaign.read_source", kind="campaign",
        object_id=str(row.campaign.public_id), object_name=row.campaign.name, reason=held.problem[:500],
        changes={"rows": (None, copy.row_count), "as_of": (None, as_of)},
    )  # fmt: skip
    return copy


def _is_of_this_launch(run: Run, campaign: Campaign) -> bool:
    return "launched_at" not in run.plan or run.plan["launched_at"] == _launched_at(campaign)


def _launched_at(campaign: Campaign) -> str | None:
    return campaign.started_at.isoformat() if campaign.started_at else None


@transaction.atomic
def begin_run(campaign_id: int) -> Run | None:
    """Return the run that a BUILDING campaign is to fill, made when there is none; None when it is not building.

    Also None while an earlier run is not settled: who has got its message is not known before that.
    The steps' content is copied, so that nothing changed later reaches a run that has begun. Raises RunInvalid.
    """
    campaign = Campaign.objects.select_for_update().filter(pk=campaign_id).first()
    if campaign is None or campaign.status != Status.BUILDING:
        return None
    run = Run.objects.filter(campaign=campaign, finished_at=None).order_by("number").first()
    if run is not None:
        return run if run.closing_stage is None and _is_of_this_launch(run, campaign) else None
    steps = list(campaign.steps.select_related("template_version", "sender"))
    if not steps:
        raise RunInvalid(_("The campaign has no message."))
    if campaign.source is None and campaign.launch != Launch.TRIGGER:
        raise RunInvalid(_("The campaign has no audience."))
    unapproved = approval.refusal(campaign)
    if unapproved:
        raise RunInvalid(unapproved)
    last = Run.objects.filter(campaign=campaign).aggregate(last=Max("number"))["last"] or 0
    run = Run.objects.create(
        workspace_id=campaign.workspace_id,
        campaign=campaign,
        number=last + 1,
        released_id=0 if releasing.begins_held(campaign) else None,
        is_cascade=len(steps) > 1,
        receipt_wait=campaign.receipt_wait if len(steps) > 1 else None,
        plan={
            "name": campaign.name,
            "version": campaign.version,
            "source_id": campaign.source_id,
            "launched_at": _launched_at(campaign),
            "occurrence": campaign.occurrence,
            "as_of": _oldest_transaction(),
        },
    )
    partitions.ensure_for(run.pk)
    first = min(step.tier for step in steps)
    frozen = RunStep.objects.bulk_create(_frozen(run, step, is_first=step.tier == first) for step in steps)
    preparing.begin(run, campaign, frozen)
    paying.begin(run, campaign, frozen)
    running.publish(run, "run.began")
    return run


def _oldest_transaction() -> str:
    """Return the first transaction that is not over, as an `xid`: what was written by one before it has not changed."""
    with connection.cursor() as cursor:
        cursor.execute("select mod(pg_snapshot_xmin(pg_current_snapshot())::text::bigint, 4294967296)")
        return str(cursor.fetchone()[0])


def _frozen(run: Run, step: Step, *, is_first: bool) -> RunStep:
    content = step.template_version.content if step.template_version else step.body_content
    if step.sender_id is None or not content:
        raise RunInvalid(_("The campaign's message has no sender or no content."))
    return RunStep(
        run=run,
        step=step.position,
        tier=step.tier,
        channel=step.channel,
        sender_id=step.sender_id,
        content=content,
        is_reporting=reports_delivery(registry.get(step.channel), step.sender.config if step.sender else {}),
        # A later tier's messages are made when it is let go, and wait at once.
        cursor=0 if is_first else tiers.EVERYBODY,
    )


@transaction.atomic
def finish_run(run_id: int) -> bool:
    """End the run when every recipient is settled; return whether it ended now.

    Its campaign is completed by it, or awaits its next occurrence.
    """
    run = Run.objects.select_for_update(of=("self",)).select_related("campaign__workspace").get(pk=run_id)
    if run.finished_at or run.pending or run.in_flight or run.built_at is None:
        return False
    if run.closing_stage is None:
        try:
            campaign_operations.end_run(campaign=run.campaign, by=actors.system(run.campaign.workspace))
        except TransitionRefused:
            return False  # paused with nothing left: it completes when it is continued
    Run.objects.filter(pk=run_id).update(finished_at=timezone.now())
    running.publish(run, "run.ended")
    return True


@transaction.atomic
def end_pushing(run_id: int) -> bool:
    """Take no more people into a triggered run; return whether it took some until now."""
    locks.hold_building(run_id)
    return bool(
        Run.objects.filter(pk=run_id, built_at=None, closing_stage=None).update(built_at=timezone.now())
    )


@transaction.atomic
def pause_failing(campaign: Campaign, run: Run, *, reason: str, errors_since: dict[str, int]) -> None:
    """Pause a campaign of which too much fails; what failed until now is not held against it later."""
    # First, as whoever ends a run does.
    row = Run.objects.select_for_update().only("plan").get(pk=run.pk)
    row.plan = {**row.plan, "errors_since": errors_since}
    row.save(update_fields=["plan"])
    by = actors.system(campaign.workspace)
    lifecycle.move(campaign, Action.PAUSE, by=by, cause=PauseCause.ERRORS, reason=reason[:500])


@transaction.atomic
def fail_campaign(campaign_id: int, sentence: str) -> None:
    """End a campaign that cannot go on, with the reason its author reads. Harmless when it has ended already."""
    campaign = Campaign.objects.select_related("workspace").get(pk=campaign_id)
    try:
        lifecycle.move(campaign, Action.FAIL, by=actors.system(campaign.workspace), reason=sentence[:500])
    except TransitionRefused:
        return
    # When that was the reason, the approval ends with it.
    approval.void_if_changed(campaign=campaign, by=actors.system(campaign.workspace))


@transaction.atomic
def pause_unsayable(campaign_id: int, sentence: str) -> bool:
    """Pause a campaign whose message the provider refuses, and return whether it was on its way.

    One that waits for its start is paused too, so that its author reads of it before the time comes.
    """
    campaign = (
        Campaign.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=campaign_id)
    )
    by = actors.system(campaign.workspace)
    try:
        lifecycle.move(campaign, Action.PAUSE, by=by, cause=PauseCause.CONTENT, reason=sentence[:500])
    except TransitionRefused:
        return False
    return True


@transaction.atomic
def refuse_sender(sender_id: int, reason: Reason, words: str) -> None:
    """Block a sender that the provider refused, and pause what is sending through it."""
    sender = Sender.objects.select_related("workspace").get(pk=sender_id)
    sending: dict[str, Any] = {"status": Status.SENDING, "steps__sender": sender}
    ids = list(Campaign.objects.filter(**sending).values_list("pk", flat=True))
    # Before the audit trail's lock, which is the last for everybody who changes a campaign.
    campaigns = list(Campaign.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    told = REASONS[reason].sentence + (f" ({words})" if words else "")
    by = actors.system(sender.workspace)
    senders.block_sender(sender=sender, by=by, reason=told)
    for campaign in campaigns:
        try:
            lifecycle.move(campaign, Action.PAUSE, by=by, cause=PauseCause.SENDER, reason=told[:500])
        except TransitionRefused:
            continue
