"""Every write to campaigns: what they say, to whom, when, and what happens to them.

All are keyword-only, run in one transaction and leave an audit event with old and new values. They raise
NotAllowed when the actor's role does not include the change, TransitionRefused when the campaign's state does not
allow it (any more), and CampaignInvalid, with sentences, when what is said makes no sense or cannot be launched.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience.models import Source
from clarion.campaigns import fields, material, offers, preflight
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.fields import Changes, Settings
from clarion.campaigns.lifecycle import move
from clarion.campaigns.models import Campaign, Launch, Step
from clarion.campaigns.states import TRANSITIONS, Action, PauseCause, Status
from clarion.content.models import TemplateVersion
from clarion.senders.models import Sender
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake

#: What a copy takes over from its original.
_COPIED = ("notes", "tags", "source_id", "launch", "zone", "delay_min", "delay_max", "rate_limit", "weight")
_COPIED_STEP = (
    "position", "tier", "channel", "sender_id", "template_version_id", "body_source", "body_content",
    "body_variables",
)  # fmt: skip


@transaction.atomic
def create_campaign(*, name: str, by: Actor, **rest: Unpack[Settings]) -> Campaign:
    """Return a new draft. `rest` are further fields, as `update_campaign` takes them."""
    by.require(Permission.EDIT)
    said: Changes = {"zone": by.workspace.zone, **rest, "name": name}
    values = fields.cleaned(said)
    campaign = Campaign.objects.create(
        workspace=by.workspace, created_by=by.user, is_demo=by.workspace.is_demo, **values
    )
    _record(campaign, by, "create", {name: (None, fields.told(value)) for name, value in values.items()})
    return campaign


@transaction.atomic
def update_campaign(*, campaign: Campaign, by: Actor, **changes: Unpack[Changes]) -> Campaign:
    """Change the campaign's own fields and return it afresh.

    All of them in every state that allows editing, the timing also while paused. A campaign that was ready,
    scheduled, stopped or failed becomes a draft again by it; nothing happens when nothing differs.
    """
    by.require(Permission.EDIT)
    now = _locked(campaign, by)
    values = fields.cleaned(changes, delay_min=now.delay_min, delay_max=now.delay_max)
    different = _different(now, values)
    if not different:
        return now
    opened = _opened(now, by, is_timing_only=set(different) <= fields.TIMING)
    if opened.status == Status.PAUSED and opened.paused_from != Status.SCHEDULED and "starts_at" in different:
        raise TransitionRefused
    if opened.status == Status.PAUSED and "starts_at" in different and values["starts_at"] is None:
        raise CampaignInvalid(
            [_("Say when it is to start.")], fields={"starts_at": _("Say when it is to start.")}
        )
    _write(opened, by, "update", different)
    if opened.status == Status.PAUSED:
        wake(campaign_id=opened.pk)
    return opened


@transaction.atomic
def set_source(*, campaign: Campaign, source: Source | None, by: Actor) -> Campaign:
    """Say where the recipients come from, and return the campaign afresh."""
    by.require(Permission.EDIT)
    if source is not None and source.workspace_id != by.workspace.pk:
        raise CampaignInvalid([_("There is no such source of recipients.")])
    now = _locked(campaign, by)
    if now.source_id == (source.pk if source else None):
        return now
    opened = _opened(now, by)
    before = str(now.source) if now.source else None
    opened.source = source
    opened.version += 1
    opened.save(update_fields=["source", "version"])
    _record(opened, by, "set_source", {"source": (before, str(source) if source else None)})
    return opened


@transaction.atomic
def set_step(
    *,
    campaign: Campaign,
    channel: str,
    by: Actor,
    sender: Sender | None = None,
    template_version: TemplateVersion | None = None,
    body: Mapping[str, Any] | None = None,
    position: int = 0,
) -> Step:
    """Say through which sender one channel of the campaign goes and what it says, and return the step.

    The content is a version of a template, or `body`, a source as a template version holds it. A body that does
    not compile is kept as it was typed, and the preflight names what is wrong with it; one that gives way to a
    template is kept too, for a change of mind.
    """
    by.require(Permission.EDIT)
    _check_belonging(by, channel, sender, template_version)
    values: dict[str, Any] = {"channel": channel, "sender": sender, "template_version": template_version}
    if template_version is None and body is not None:
        values |= _body_values(campaign, position, channel, body)
    now = _locked(campaign, by)
    step = Step.objects.filter(campaign=now, position=position).first() or Step(
        campaign=now, position=position, channel=channel
    )
    different = _different(step, values)
    if not different and not step._state.adding:
        return step
    opened = _opened(now, by)
    for name, value in values.items():
        setattr(step, name, value)
    step.campaign = opened
    step.save()
    opened.version += 1
    opened.save(update_fields=["version"])
    _record(opened, by, "set_message", _told_of_step(different))
    return step


def start(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Launch the campaign now and return it, building. Raises CampaignInvalid when something blocks it."""
    return _launch(campaign=campaign, action=Action.START, by=by, reason=reason, started_at=timezone.now())


@transaction.atomic
def schedule(*, campaign: Campaign, starts_at: datetime, zone: str, by: Actor, reason: str = "") -> Campaign:
    """Let the campaign start by itself at that moment. Raises CampaignInvalid when something blocks it."""
    values = fields.cleaned({"starts_at": starts_at, "zone": zone})
    if starts_at <= timezone.now():
        sentence = _("The start time is in the past.")
        raise CampaignInvalid([sentence], fields={"starts_at": sentence})
    return _launch(
        campaign=campaign, action=Action.SCHEDULE, by=by, reason=reason, launch=Launch.SCHEDULE, **values
    )


@transaction.atomic
def start_due(*, campaign: Campaign, by: Actor) -> Campaign:
    """Start a scheduled campaign whose time has come, and return it.

    What has come to block it since it was scheduled makes it fail, with the reason; what only holds sending back
    (a blocked sender, the kill switch) does not.
    """
    now = _locked(campaign, by)
    if now.status != Status.SCHEDULED:
        raise TransitionRefused
    blockers = [check for check in preflight.blockers(now) if check.code not in preflight.HOLDING_CODES]
    if blockers:
        reason = " ".join(check.sentence for check in blockers)[:500]
        return move(now, Action.FAIL, by=by, reason=reason)
    return move(now, Action.START, by=by, started_at=timezone.now())


@transaction.atomic
def pause(
    *, campaign: Campaign, by: Actor, reason: str = "", cause: PauseCause = PauseCause.PERSON
) -> Campaign:
    """Halt the campaign until somebody continues it."""
    return move(_locked(campaign, by), Action.PAUSE, by=by, reason=reason, cause=cause)


@transaction.atomic
def continue_(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Let a paused campaign go on where the pause interrupted it: waiting for its time, building or sending.

    One whose start time has passed meanwhile starts at once.
    """
    now = _locked(campaign, by)
    target = Status(now.paused_from) if now.paused_from else None
    if target is None and now.status == Status.PAUSED and now.started_at is None:
        target = Status.SCHEDULED
    if target is Status.SCHEDULED and now.starts_at is None:
        target = Status.BUILDING  # cannot wait for a time that nobody knows any more
    facts: dict[str, Any] = {}
    if target is Status.BUILDING and now.started_at is None:
        facts["started_at"] = timezone.now()
    return move(now, Action.CONTINUE, by=by, reason=reason, target=target, **facts)


@transaction.atomic
def stop(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """End the campaign's run; it may be changed and launched again."""
    return move(_locked(campaign, by), Action.STOP, by=by, reason=reason)


@transaction.atomic
def cancel(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Give the campaign up for good."""
    return move(_locked(campaign, by), Action.CANCEL, by=by, reason=reason)


@transaction.atomic
def reopen(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Make a ready, scheduled, stopped or failed campaign a draft again, so that it can be changed."""
    now = _locked(campaign, by)
    by.require(Permission.EDIT)
    return now if now.status == Status.DRAFT else move(now, Action.EDIT, by=by, reason=reason)


@transaction.atomic
def change_speed(
    *, campaign: Campaign, rate_limit: float | None, delay_min: float, delay_max: float, by: Actor
) -> Campaign:
    """Change how fast the campaign sends, while it is on its way; sending processes take it over at once."""
    by.require(Permission.LAUNCH)
    now = _locked(campaign, by)
    if now.status not in offers.SPEED_CHANGEABLE:
        raise TransitionRefused
    different = _different(
        now, fields.cleaned({"rate_limit": rate_limit, "delay_min": delay_min, "delay_max": delay_max})
    )
    if different:
        _write(now, by, "change_speed", different)
        wake(campaign_id=now.pk)
    return now


@transaction.atomic
def duplicate(*, campaign: Campaign, by: Actor) -> Campaign:
    """Return a new draft that says the same to the same people."""
    by.require(Permission.EDIT)
    original = Campaign.objects.prefetch_related("steps").get(pk=campaign.pk, workspace=by.workspace)
    name = _("%(name)s (copy)") % {"name": original.name[: fields.NAME_LENGTH - 20]}
    copy = Campaign.objects.create(
        workspace=by.workspace,
        created_by=by.user,
        name=name,
        **{field: getattr(original, field) for field in _COPIED},
    )
    Step.objects.bulk_create(
        Step(campaign=copy, **{field: getattr(step, field) for field in _COPIED_STEP})
        for step in original.steps.all()
    )
    _record(copy, by, "duplicate", {"copied_from": (None, str(original.public_id))})
    return copy


@transaction.atomic
def archive(*, campaign: Campaign, by: Actor) -> Campaign:
    """Put the campaign out of sight; it can be restored."""
    by.require(Permission.EDIT)
    now = _locked(campaign, by)
    if now.status not in offers.ARCHIVABLE:
        raise TransitionRefused
    _write(now, by, "archive", {"archived_at": (None, timezone.now())})
    return now


@transaction.atomic
def restore(*, campaign: Campaign, by: Actor) -> Campaign:
    """Bring an archived campaign back."""
    by.require(Permission.EDIT)
    now = _locked(campaign, by, is_archived=True)
    _write(now, by, "restore", {"archived_at": (now.archived_at, None)})
    return now


@transaction.atomic
def delete(*, campaign: Campaign, by: Actor) -> None:
    """Remove a campaign for good: a draft or a cancelled one that was never started."""
    by.require(Permission.EDIT)
    now = _locked(campaign, by, is_archived=None)
    if not offers.is_deletable(now):
        raise TransitionRefused
    _record(now, by, "delete", {"status": (now.status, None)})
    now.delete()


@transaction.atomic
def record_test(*, campaign: Campaign, channel: str, recipient_count: int, by: Actor) -> None:
    """Note that a test of the campaign as it now is was sent, so that the preflight need not ask for one."""
    by.require(Permission.EDIT)
    _record(campaign, by, "test", {"version": (None, campaign.version), "count": (None, recipient_count)})


@transaction.atomic
def _launch(*, campaign: Campaign, action: Action, by: Actor, reason: str, **facts: Any) -> Campaign:
    permission = TRANSITIONS[action].permission
    if permission is not None:
        by.require(permission)
    now = _locked(campaign, by)
    if now.status not in TRANSITIONS[action].sources:
        raise TransitionRefused
    blockers = preflight.blockers(now)
    if blockers:
        raise CampaignInvalid([check.sentence for check in blockers])
    return move(now, action, by=by, reason=reason, **facts)


def _body_values(campaign: Campaign, position: int, channel: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step's body fields, compiled only when they differ: a trial render costs a process."""
    before = Step.objects.filter(campaign=campaign, position=position).first()
    if before is not None and before.channel == channel and before.body_content:
        kept = {"body_content": before.body_content, "body_variables": before.body_variables}
        if material.cleaned(body) == before.body_source:
            return {"body_source": before.body_source, **kept}
    return preflight.compiled_body(channel, body)


def _locked(campaign: Campaign, by: Actor, *, is_archived: bool | None = False) -> Campaign:
    """Return the row as it is now, held until the transaction ends: who comes second sees what the first did."""
    row = (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("source", "workspace")
        .filter(pk=campaign.pk, workspace=by.workspace)
        .first()
    )
    if row is None or (is_archived is not None and (row.archived_at is not None) != is_archived):
        raise TransitionRefused
    return row


def _opened(now: Campaign, by: Actor, *, is_timing_only: bool = False) -> Campaign:
    """Return the campaign in a state in which it may be changed. Raises TransitionRefused."""
    if now.status == Status.DRAFT or (
        is_timing_only and now.status in offers.TIMING_EDITABLE - offers.EDITABLE
    ):
        return now
    return move(now, Action.EDIT, by=by)


def _different(row: Any, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return {field: (old, new)} of the values that are not yet so."""
    pairs = {name: (getattr(row, name), value) for name, value in values.items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _write(row: Campaign, by: Actor, verb: str, different: Mapping[str, tuple[Any, Any]]) -> None:
    for name, (_old, new) in different.items():
        setattr(row, name, new)
    row.save(update_fields=list(different))
    _record(row, by, verb, {name: (fields.told(a), fields.told(b)) for name, (a, b) in different.items()})


def _record(row: Campaign, by: Actor, verb: str, changes: Mapping[str, tuple[Any, Any]]) -> None:
    audit.record(
        by=by,
        action=f"campaign.{verb}",
        kind="campaign",
        object_id=str(row.public_id),
        object_name=row.name,
        changes=changes,
    )


def _check_belonging(
    by: Actor, channel: str, sender: Sender | None, template_version: TemplateVersion | None
) -> None:
    """Raise CampaignInvalid for a sender or template of another workspace or channel."""
    problems = {}
    if sender is not None and (sender.workspace_id != by.workspace.pk or sender.channel != channel):
        problems["sender"] = _("There is no such sender.")
    if template_version is not None:
        template = template_version.template
        if template.workspace_id != by.workspace.pk:
            problems["template"] = _("There is no such template.")
        elif not material.fits(template.channel, channel):
            problems["template"] = _("This template is for another channel than the sender's.")
    if problems:
        raise CampaignInvalid(list(problems.values()), fields=problems)


def _told_of_step(different: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    """Return the changes of a step in few words: the trail tells that a long text changed, not the text."""
    told: dict[str, tuple[Any, Any]] = {}
    for name, (old, new) in different.items():
        if name == "body_source":
            for key in sorted({*old, *new}):
                before, after = old.get(key, ""), new.get(key, "")
                if before != after:
                    told[f"body.{key}"] = (_shortened(before), _shortened(after))
        elif name in ("sender", "template_version"):
            told[name] = (str(old) if old else None, str(new) if new else None)
        elif name == "channel":
            told[name] = (old, new)
    return told


def _shortened(text: str) -> str:
    return (
        text
        if len(text) <= 120
        else _("%(start)s… (%(n)d characters)") % {"start": text[:80], "n": len(text)}
    )
