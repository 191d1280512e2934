"""What a campaign says, to whom and when: writing it."""

from collections.abc import Mapping
from typing import Any, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience.models import Source
from clarion.campaigns import fields, material, preflight, recurrence, timing
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.fields import Changes, Settings
from clarion.campaigns.models import Campaign, Launch, Step
from clarion.campaigns.operations import approval, changing, launching
from clarion.campaigns.states import Status
from clarion.content.models import TemplateVersion
from clarion.senders.models import Sender
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake

#: What decides when a paused campaign that has not begun does begin.
_STARTING = timing.RULE | {"ends_at", "repeat_count", "repeat_until"}


@transaction.atomic
def create_campaign(*, name: str, by: Actor, **rest: Unpack[Settings]) -> Campaign:
    """Return a new draft. `rest` are further fields, as `update_campaign` takes them."""
    by.require(Permission.EDIT)
    said: Changes = {"zone": by.workspace.zone, "windows": by.workspace.windows, **rest, "name": name}
    values = fields.cleaned(said)
    campaign = Campaign.objects.create(
        workspace=by.workspace, created_by=by.user, is_demo=by.workspace.is_demo, **values
    )
    changing.record(
        campaign, by, "create", {name: (None, fields.told(value)) for name, value in values.items()}
    )
    return campaign


@transaction.atomic
def update_campaign(*, campaign: Campaign, by: Actor, **changes: Unpack[Changes]) -> Campaign:
    """Change the campaign's own fields and return it afresh.

    All of them in every state that allows editing, the timing also while paused. A campaign that was ready,
    scheduled, stopped or failed becomes a draft again by it; nothing happens when nothing differs.
    """
    by.require(Permission.EDIT)
    now = changing.locked(campaign, by)
    values = fields.cleaned(changes, standing=now)
    different = changing.different(now, values)
    if not different:
        return now
    opened = changing.opened(now, by, is_timing_only=set(different) <= fields.TIMING)
    # A paused one that has begun has its start behind it, unless that is what its further runs are counted from.
    has_begun = opened.status == Status.PAUSED and opened.paused_from != Status.SCHEDULED
    if has_begun and "starts_at" in different and opened.launch != Launch.RECURRING:
        raise TransitionRefused
    changing.write(opened, by, "update", different)
    if opened.status == Status.PAUSED:
        _retime(opened, set(different))
        wake(campaign_id=opened.pk)
    return _unapproved(opened, by)


def _retime(paused: Campaign, changed: set[str]) -> None:
    """Let a paused campaign await the start that follows from what it says now. Raises CampaignInvalid."""
    at = timezone.now()
    rule = recurrence.rule_of(paused) if paused.launch == Launch.RECURRING else None
    if rule and changed & timing.RULE:
        # Counted anew, from the new first one.
        last = recurrence.latest(rule, at)
        paused.occurrence = last[0] + 1 if last else 0
        paused.save(update_fields=["occurrence"])
    if paused.paused_from != Status.SCHEDULED or not changed & _STARTING:
        return
    facts = launching.next_start(paused, after=at)
    if facts is None:
        sentence = _("None of its runs lies ahead.") if paused.starts_at else _("Say when it is to start.")
        raise CampaignInvalid([sentence], fields={"starts_at": sentence})
    for name, value in (facts | {"missed_at": None}).items():
        setattr(paused, name, value)
    paused.save(update_fields=["missed_at", *facts])


@transaction.atomic
def set_source(*, campaign: Campaign, source: Source | None, by: Actor) -> Campaign:
    """Say where the recipients come from, and return the campaign afresh."""
    by.require(Permission.EDIT)
    if source is not None and source.workspace_id != by.workspace.pk:
        raise CampaignInvalid([_("There is no such source of recipients.")])
    now = changing.locked(campaign, by)
    if now.source_id == (source.pk if source else None):
        return now
    opened = changing.opened(now, by)
    before = str(now.source) if now.source else None
    opened.source = source
    opened.version += 1
    opened.save(update_fields=["source", "version"])
    changing.record(opened, by, "set_source", {"source": (before, str(source) if source else None)})
    return _unapproved(opened, by)


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
    tier: int = 0,
) -> Step:
    """Say through which sender one channel of the campaign goes and what it says, and return the step.

    The content is a version of a template, or `body`, a source as a template version holds it. A body that does
    not compile is kept as it was typed, and the preflight names what is wrong with it; one that gives way to a
    template is kept too, for a change of mind. `tier` is a new step's.
    """
    by.require(Permission.EDIT)
    check_belonging(by, channel, sender, template_version)
    values: dict[str, Any] = {"channel": channel, "sender": sender, "template_version": template_version}
    if template_version is None and body is not None:
        values |= _body_values(campaign, position, channel, body)
    now = changing.locked(campaign, by)
    step = Step.objects.filter(campaign=now, position=position).first() or Step(
        campaign=now, position=position, channel=channel, tier=tier
    )
    different = changing.different(step, values)
    if step._state.adding:
        different = {"channel": (None, channel), **different}
    elif not different:
        return step
    opened = changing.opened(now, by)
    for name, value in values.items():
        setattr(step, name, value)
    step.campaign = opened
    step.save()
    opened.version += 1
    opened.save(update_fields=["version"])
    changing.record(opened, by, "set_message", _told_of_step(different))
    approval.void_if_changed(campaign=opened, by=by)
    return step


@transaction.atomic
def record_test(*, campaign: Campaign, channel: str, recipient_count: int, by: Actor) -> None:
    """Note that a test of the campaign as it now is was sent, so that the preflight need not ask for one."""
    by.require(Permission.EDIT)
    changing.record(
        campaign, by, "test", {"version": (None, campaign.version), "count": (None, recipient_count)}
    )


def _unapproved(changed: Campaign, by: Actor) -> Campaign:
    """Return the campaign without the approval that was given for what it said before, if there was one."""
    if approval.void_if_changed(campaign=changed, by=by):
        changed.approved_at = None
    return changed


def _body_values(campaign: Campaign, position: int, channel: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step's body fields, compiled only when they differ: a trial render costs a process."""
    before = Step.objects.filter(campaign=campaign, position=position).first()
    if before is not None and before.channel == channel and before.body_content:
        kept = {"body_content": before.body_content, "body_variables": before.body_variables}
        if material.cleaned(body) == before.body_source:
            return {"body_source": before.body_source, **kept}
    return preflight.compiled_body(campaign.workspace, channel, body)


def check_belonging(
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
