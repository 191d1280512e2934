"""What the program itself does when a campaign's time has come, has been missed, or is over."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.campaigns import costs, missed, preflight, recurrence
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.lifecycle import move
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.operations import approval, changing
from clarion.campaigns.operations.launching import next_start
from clarion.campaigns.states import Action, Status
from clarion.workspaces.actors import Actor
from clarion.workspaces.money.errors import BalanceTooLow

#: A recurring campaign's run may find nobody: the next one may find somebody again.
_PASSING_CODES = preflight.HOLDING_CODES | {"audience_empty"}


@transaction.atomic
def start_due(*, campaign: Campaign, by: Actor) -> Campaign:
    """Start a scheduled campaign whose time has come, and return it.

    One whose time was missed by more than a moment does what its policy says: it starts late, waits, or asks a
    person. What has come to block it since it was scheduled makes it fail, with the reason; what only holds sending
    back (a blocked sender, the kill switch) does not. Raises TransitionRefused when it is not due.
    """
    now = changing.locked(campaign, by)
    at = timezone.now()
    if now.status != Status.SCHEDULED or now.next_at is None or now.next_at > at:
        raise TransitionRefused
    if now.ends_at is not None and now.ends_at <= at:
        return _expire(now, by)
    sent_back = approval.send_back(campaign=now, by=by)
    if sent_back is not None:
        return sent_back
    due = _pass_over(now, by, at)
    if now.missed_at is not None:
        raise TransitionRefused
    if at - due > missed.GRACE and now.launch in missed.LAUNCHES:
        answer = missed.decide(now, due, at)
        if answer is missed.Answer.ASK:
            changing.write(now, by, "missed", {"missed_at": (None, at)})
            return now
        if isinstance(answer, datetime):
            return _wait(now, by, answer)
    return _begin(now, by, at)


@transaction.atomic
def end_run(*, campaign: Campaign, by: Actor) -> Campaign:
    """Let a sending campaign whose run is over wait for its next occurrence, or complete it.

    Occurrences that came while the run was going are passed over, and said to be. Raises TransitionRefused when it
    is not sending.
    """
    if campaign.launch != Launch.RECURRING:
        return move(campaign, Action.COMPLETE, by=by)
    now = changing.locked(campaign, by, is_archived=None)
    at = timezone.now()
    facts = next_start(now, after=at)
    passed = (facts["occurrence"] if facts else _over_by(now, at)) - now.occurrence
    reason = ""
    if passed > 0:
        reason = ngettext(
            "%(n)d run was passed over, because the one before it was still going.",
            "%(n)d runs were passed over, because the one before them was still going.",
            passed,
        ) % {"n": passed}
    if facts is None:
        return move(now, Action.COMPLETE, by=by, reason=reason)
    return move(now, Action.REPEAT, by=by, reason=reason, **facts)


def _over_by(now: Campaign, at: datetime) -> int:
    """Return the number that an occurrence after the last one that was due would have."""
    rule = recurrence.rule_of(now)
    last = recurrence.latest(rule, at) if rule else None
    return last[0] + 1 if last is not None else now.occurrence


@transaction.atomic
def expire(*, campaign: Campaign, by: Actor) -> Campaign:
    """End a campaign whose end has passed. Raises TransitionRefused when it has not, or it has ended otherwise."""
    now = changing.locked(campaign, by, is_archived=None)
    if now.ends_at is None or now.ends_at > timezone.now():
        raise TransitionRefused
    return _expire(now, by)


def _expire(now: Campaign, by: Actor) -> Campaign:
    begun = now.started_at is not None and now.status != Status.READY
    reason = (
        _("Its end came before everybody had got it.") if begun else _("Its end came before it was started.")
    )
    return move(now, Action.EXPIRE, by=by, reason=reason)


def _begin(now: Campaign, by: Actor, at: datetime) -> Campaign:
    passing = _PASSING_CODES if now.launch == Launch.RECURRING else preflight.HOLDING_CODES
    blockers = [check for check in preflight.blockers(now) if check.code not in passing]
    if blockers:
        reason = " ".join(check.sentence for check in blockers)[:500]
        return move(now, Action.FAIL, by=by, reason=reason)
    facts: dict[str, Any] = {"started_at": at}
    if now.launch == Launch.RECURRING:
        facts["occurrence"] = now.occurrence + 1
    _pay(now, by)
    return move(now, Action.START, by=by, **facts)


def _pay(now: Campaign, by: Actor) -> None:
    """Set apart what the campaign will cost. Where that is not there it begins all the same, and pauses for it."""
    if now.workspace.has_balance and now.launch != Launch.TRIGGER:
        with suppress(BalanceTooLow), transaction.atomic():
            costs.set_apart(now, size=costs.size_of(now), by=by.name, is_begun=True)


def _pass_over(now: Campaign, by: Actor, at: datetime) -> datetime:
    """Go on to the last occurrence that is due, and return the moment at which the campaign is due.

    A question about an earlier one lapses.
    """
    assert now.next_at is not None  # noqa: S101
    rule = recurrence.rule_of(now) if now.launch == Launch.RECURRING else None
    latest = recurrence.latest(rule, at) if rule else None
    if latest is None or latest[0] <= now.occurrence:
        return now.next_at
    values = {"occurrence": latest[0], "next_at": latest[1], "missed_at": None}
    changing.write(now, by, "pass_over", changing.different(now, values))
    return latest[1]


def _wait(now: Campaign, by: Actor, until: datetime) -> Campaign:
    values: dict[str, Any] = {"next_at": until}
    if now.launch == Launch.RECURRING:
        values["occurrence"] = now.occurrence + 1
    changing.write(now, by, "put_off", changing.different(now, values))
    return now
