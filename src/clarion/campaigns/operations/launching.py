"""Launching: what a person, or a moderator's yes, sets going, now or for later."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.campaigns import costs, fields, preflight, recurrence
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.lifecycle import move
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.operations import approval, changing
from clarion.campaigns.states import TRANSITIONS, Action, Status
from clarion.workspaces import actors
from clarion.workspaces.actors import Actor
from clarion.workspaces.money.errors import BalanceTooLow

#: Launches that begin when a person, or the approval, says so; the others wait for a time.
_AT_ONCE = frozenset({Launch.NOW, Launch.MANUAL})
_SPANS = frozenset({Launch.SPREAD, Launch.TRIGGER})
WAITING = frozenset(Launch) - _AT_ONCE


def launch(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Set the campaign going the way it says: at once, or scheduled for its start or its next occurrence.

    Raises CampaignInvalid when something blocks it.
    """
    if campaign.launch in _AT_ONCE:
        return start(campaign=campaign, by=by, reason=reason)
    approval.void_if_changed(campaign=campaign, by=actors.system(by.workspace))
    return _launch(campaign=campaign, action=Action.SCHEDULE, by=by, reason=reason)


def start(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Launch the campaign now and return it, building. Raises CampaignInvalid when something blocks it.

    A recurring one begins a run now and recurs by its rule afterwards; what was missed is thereby made up for. One
    between two dates begins now instead of at the first.
    """
    approval.void_if_changed(campaign=campaign, by=actors.system(by.workspace))
    return _launch(campaign=campaign, action=Action.START, by=by, reason=reason)


def schedule(*, campaign: Campaign, starts_at: datetime, zone: str, by: Actor, reason: str = "") -> Campaign:
    """Let the campaign start by itself at that moment. Raises CampaignInvalid when something blocks it.

    One that recurs, or goes between two dates, keeps doing so, with that moment as its first.
    """
    values = fields.cleaned({"starts_at": starts_at, "zone": zone}, standing=campaign)
    if campaign.launch in _AT_ONCE:
        values["launch"] = Launch.SCHEDULE
    approval.void_if_changed(campaign=campaign, by=actors.system(by.workspace))
    return _launch(campaign=campaign, action=Action.SCHEDULE, by=by, reason=reason, **values)


def schedule_as_said(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Let the campaign wait for the start, or the next occurrence, that it has itself, and return it, scheduled.

    Raises CampaignInvalid when it has none, or something blocks it.
    """
    if campaign.launch in _AT_ONCE:
        sentence = _("Say when it is to start.")
        raise CampaignInvalid([sentence], fields={"starts_at": sentence})
    return launch(campaign=campaign, by=by, reason=reason)


@transaction.atomic
def after_approval(*, campaign: Campaign, by: Actor) -> Campaign:
    """Let a campaign that a moderator just approved (READY) go on as its author said, and return it.

    It stays ready when a person is to start it, or when something blocks it, with the reason. A start time that
    passed while it waited is treated as one at which nothing was running.
    """
    now = changing.locked(campaign, by)
    if now.status != Status.READY or not now.auto_start or now.launch == Launch.MANUAL:
        return now
    action = Action.START if now.launch == Launch.NOW else Action.SCHEDULE
    # The author asked for it, so the moderator need not be somebody who may launch.
    system = actors.system(now.workspace)
    try:
        with transaction.atomic():
            return _launch(campaign=now, action=action, by=system, reason="", may_be_late=True)
    except CampaignInvalid as error:
        now.status_reason = " ".join(error.problems)[:500]
        now.save(update_fields=["status_reason"])
        return now


def next_start(campaign: Campaign, *, after: datetime) -> dict[str, Any] | None:
    """Return the fields that say when the campaign begins next, not before `after`; None for never.

    One that starts once begins at its time, even when that has passed. Occurrences that have passed are not made up
    for.
    """
    if campaign.launch != Launch.RECURRING:
        if campaign.starts_at is None:
            return None
        is_span = campaign.launch in _SPANS
        return {"next_at": max(campaign.starts_at, after) if is_span else campaign.starts_at}
    rule = recurrence.rule_of(campaign)
    following = recurrence.next_after(rule, after) if rule else None
    return {"occurrence": following[0], "next_at": following[1]} if following else None


@transaction.atomic
def _launch(
    *, campaign: Campaign, action: Action, by: Actor, reason: str, may_be_late: bool = False, **said: Any
) -> Campaign:
    permission = TRANSITIONS[action].permission
    if permission is not None:
        by.require(permission)
    now = changing.locked(campaign, by)
    if now.status not in TRANSITIONS[action].sources:
        raise TransitionRefused
    for name, value in said.items():
        setattr(now, name, value)
    approval.require(now)
    blockers = preflight.blockers(now)
    if blockers:
        raise CampaignInvalid([check.sentence for check in blockers])
    facts = _begun_now(now) if action is Action.START else _awaited(now, may_be_late)
    _pay(now, by, is_begun=action is Action.START)
    return move(now, action, by=by, reason=reason, **(said | facts))


def _pay(now: Campaign, by: Actor, *, is_begun: bool) -> None:
    """Set apart what the campaign will cost, where it costs something. Raises CampaignInvalid, with the numbers."""
    if not now.workspace.has_balance:
        return
    try:
        costs.set_apart(now, size=costs.size_of(now), by=by.name, is_begun=is_begun)
    except BalanceTooLow as problem:
        raise CampaignInvalid([str(problem)]) from problem


def _begun_now(now: Campaign) -> dict[str, Any]:
    """Return what a start at this moment makes of the campaign's timing."""
    at = timezone.now()
    facts: dict[str, Any] = {"started_at": at}
    if now.launch in _SPANS and now.starts_at is not None and now.starts_at > at:
        facts["starts_at"] = at
    if now.launch == Launch.RECURRING and (rule := recurrence.rule_of(now)):
        due = recurrence.latest(rule, at)
        facts["occurrence"] = max(now.occurrence, due[0] + 1 if due else 0)
    return facts


def _awaited(now: Campaign, may_be_late: bool) -> dict[str, Any]:
    """Return when the campaign begins. Raises CampaignInvalid when that is not to come."""
    at = timezone.now()
    facts = next_start(now, after=at)
    if facts is None:
        sentence = _("None of its runs lies ahead.") if now.starts_at else _("Say when it is to start.")
        raise CampaignInvalid([sentence], fields={"starts_at": sentence})
    if facts["next_at"] < at and not may_be_late:
        sentence = _("The start time is in the past.")
        raise CampaignInvalid([sentence], fields={"starts_at": sentence})
    return facts
