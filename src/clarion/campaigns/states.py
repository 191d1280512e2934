"""The states of a campaign and the one table of what leads where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Status(models.TextChoices):
    #: Being written.
    DRAFT = "DRAFT", _("Draft")
    #: Submitted; a moderator decides.
    IN_REVIEW = "IN_REVIEW", _("In review")
    #: May be sent; a person starts it.
    READY = "READY", pgettext_lazy("campaign", "Ready")
    #: Waits for its start time.
    SCHEDULED = "SCHEDULED", _("Scheduled")
    #: Its recipients are being put together.
    BUILDING = "BUILDING", _("Building")
    SENDING = "SENDING", _("Sending")
    #: Halted for a while; `pause_cause` says by whom or what.
    PAUSED = "PAUSED", pgettext_lazy("campaign", "Paused")
    #: Halted for good, but may be changed and launched again.
    STOPPED = "STOPPED", _("Stopped")
    COMPLETED = "COMPLETED", _("Completed")
    #: Given up; final.
    CANCELLED = "CANCELLED", pgettext_lazy("campaign", "Cancelled")
    #: Ended by an error; may be changed and launched again.
    FAILED = "FAILED", pgettext_lazy("campaign", "Failed")
    #: Its time window passed first.
    EXPIRED = "EXPIRED", pgettext_lazy("campaign", "Expired")


class PauseCause(models.TextChoices):
    PERSON = "PERSON", _("by a person")
    WINDOW = "WINDOW", _("outside its sending window")
    LIMIT = "LIMIT", _("a limit is reached")
    ERRORS = "ERRORS", _("too many errors")
    BALANCE = "BALANCE", _("the balance is used up")
    SENDER = "SENDER", _("the sender was refused")
    #: A template is paused, rejected or gone at the provider.
    CONTENT = "CONTENT", _("the provider refuses its message")
    #: A first part is out; a moderator lets the rest go.
    REVIEW = "REVIEW", _("the rest waits for a second approval")


class Action(models.TextChoices):
    """What a person or the program can do to a campaign's state."""

    SUBMIT = "submit", _("Submit for review")
    APPROVE = "approve", _("Approve")
    REJECT = "reject", _("Reject")
    WITHDRAW = "withdraw", _("Withdraw")
    #: The second yes: the rest goes too, after a first part.
    RELEASE = "release", _("Release the rest")
    SCHEDULE = "schedule", _("Schedule")
    START = "start", pgettext_lazy("campaign", "Start")
    PAUSE = "pause", _("Pause")
    CONTINUE = "continue", _("Continue")
    STOP = "stop", pgettext_lazy("campaign", "Stop")
    CANCEL = "cancel", _("Cancel campaign")
    EDIT = "edit", _("Edit")
    #: Send again to those it failed for.
    RETRY = "retry", _("Retry failed")
    #: The program's own moves.
    BUILT = "built", _("Recipients ready")
    #: A run of a recurring campaign is over and the next one awaited.
    REPEAT = "repeat", _("Wait for the next run")
    COMPLETE = "complete", _("Complete")
    FAIL = "fail", _("Fail")
    EXPIRE = "expire", _("Expire")


@dataclass(frozen=True, slots=True)
class Transition:
    """From which states an action leads to which, and who may do it (None: the program only)."""

    sources: frozenset[Status]
    target: Status
    permission: Permission | None


_S = Status
#: The one table. Screens, command line and scheduler offer and do only what it holds.
TRANSITIONS: dict[Action, Transition] = {
    Action.SUBMIT: Transition(frozenset({_S.DRAFT, _S.STOPPED, _S.FAILED}), _S.IN_REVIEW, Permission.SUBMIT),
    Action.APPROVE: Transition(frozenset({_S.IN_REVIEW}), _S.READY, Permission.MODERATE),
    Action.REJECT: Transition(frozenset({_S.IN_REVIEW}), _S.CANCELLED, Permission.MODERATE),
    Action.WITHDRAW: Transition(frozenset({_S.IN_REVIEW}), _S.DRAFT, Permission.SUBMIT),
    # Of a pause after a first part, and only of that; CONTINUE is refused there.
    Action.RELEASE: Transition(frozenset({_S.PAUSED}), _S.SENDING, Permission.MODERATE),
    Action.SCHEDULE: Transition(
        frozenset({_S.DRAFT, _S.READY, _S.STOPPED, _S.FAILED}), _S.SCHEDULED, Permission.LAUNCH
    ),
    Action.START: Transition(
        frozenset({_S.DRAFT, _S.READY, _S.SCHEDULED, _S.STOPPED, _S.FAILED}), _S.BUILDING, Permission.LAUNCH
    ),
    Action.BUILT: Transition(frozenset({_S.BUILDING}), _S.SENDING, None),
    Action.PAUSE: Transition(frozenset({_S.SCHEDULED, _S.BUILDING, _S.SENDING}), _S.PAUSED, Permission.PAUSE),
    # Where a pause leads back to depends on how far the run had come; see `operations.continue_`.
    Action.CONTINUE: Transition(frozenset({_S.PAUSED}), _S.SENDING, Permission.LAUNCH),
    Action.STOP: Transition(
        frozenset({_S.SCHEDULED, _S.BUILDING, _S.SENDING, _S.PAUSED}), _S.STOPPED, Permission.PAUSE
    ),
    Action.CANCEL: Transition(
        frozenset(
            {_S.IN_REVIEW, _S.READY, _S.SCHEDULED, _S.BUILDING, _S.SENDING, _S.PAUSED, _S.STOPPED, _S.FAILED}
        ),
        _S.CANCELLED,
        Permission.PAUSE,
    ),
    # A change sends a submitted or scheduled campaign back to its author.
    Action.EDIT: Transition(
        frozenset({_S.DRAFT, _S.READY, _S.SCHEDULED, _S.STOPPED, _S.FAILED}), _S.DRAFT, Permission.EDIT
    ),
    Action.RETRY: Transition(frozenset({_S.COMPLETED}), _S.SENDING, Permission.LAUNCH),
    Action.REPEAT: Transition(frozenset({_S.SENDING, _S.BUILDING}), _S.SCHEDULED, None),
    Action.COMPLETE: Transition(frozenset({_S.SENDING}), _S.COMPLETED, None),
    Action.FAIL: Transition(frozenset({_S.SCHEDULED, _S.BUILDING, _S.SENDING, _S.PAUSED}), _S.FAILED, None),
    Action.EXPIRE: Transition(
        frozenset({_S.READY, _S.SCHEDULED, _S.BUILDING, _S.SENDING, _S.PAUSED}), _S.EXPIRED, None
    ),
}

#: States in which something moves by itself: their badge is animated and their page refreshes.
LIVE = frozenset({_S.SCHEDULED, _S.BUILDING, _S.SENDING, _S.PAUSED})
#: States of a campaign that is over: only a retry of what failed leads out of one of them.
FINAL = frozenset({_S.COMPLETED, _S.CANCELLED, _S.EXPIRED})
#: States in which a finished run's moment is known.
ENDED = FINAL | {_S.STOPPED, _S.FAILED}


def actions_in(status: Status) -> list[Action]:
    """Return what a person may do in this state, in the order of the table."""
    return [a for a, t in TRANSITIONS.items() if t.permission is not None and status in t.sources]


#: What each state means, in a sentence for people: the page of statuses and the documentation say it.
MEANINGS: dict[Status, StrOrPromise] = {
    _S.DRAFT: _("It is being written. Nothing is sent, and nobody is asked for anything."),
    _S.IN_REVIEW: _("Its author has submitted it. A moderator approves it, or rejects it with a reason."),
    _S.READY: _("It may be sent. It waits for a person to start it."),
    _S.SCHEDULED: _("It starts by itself at its time; a recurring one is between two runs."),
    _S.BUILDING: _("Its recipients are being put together. Sending begins by itself."),
    _S.SENDING: _("Messages are going out, as fast as its senders’ limits, its hours and its speed allow."),
    _S.PAUSED: _(
        "It is halted for a while; the page says by whom or what, and whether it goes on by itself."
    ),
    _S.STOPPED: _("Its run was ended early. It can be changed and launched again, from the beginning."),
    _S.COMPLETED: _("Everybody is settled: nobody is pending or on the way any more."),
    _S.CANCELLED: _("It was given up for good, or a moderator rejected it. It can be duplicated."),
    _S.FAILED: _("An error ended it, and the page says which. It can be changed and launched again."),
    _S.EXPIRED: _("Its time was over before everybody had got it. Who was left did not get it."),
}

#: What other programs call these states. They are understood wherever a state is searched for, in small letters.
SYNONYMS: dict[Status, tuple[str, ...]] = {
    _S.DRAFT: (),
    _S.IN_REVIEW: ("new", "moderation"),
    _S.READY: ("approved",),
    _S.SCHEDULED: ("pending", "waiting", "planned"),
    _S.BUILDING: ("preparing",),
    _S.SENDING: ("active", "running"),
    _S.PAUSED: ("on hold",),
    _S.STOPPED: ("halted",),
    _S.COMPLETED: ("done", "finished"),
    _S.CANCELLED: ("canceled", "rejected"),
    _S.FAILED: ("error",),
    _S.EXPIRED: ("overdue",),
}

#: What each action does.
DEEDS: dict[Action, StrOrPromise] = {
    Action.SUBMIT: _("Asks the moderators to look at it."),
    Action.APPROVE: _("Lets it be sent, exactly as it is now: a later change takes the approval back."),
    Action.REJECT: _("Ends it, with a reason that its author reads."),
    Action.WITHDRAW: _("Takes it back from the moderators, to change it."),
    Action.RELEASE: _("Lets the rest go, after a first part was approved and sent."),
    Action.SCHEDULE: _("Lets it start by itself at a time."),
    Action.START: _("Puts its recipients together and sends."),
    Action.PAUSE: _("Halts it within a second. What is at a provider already is settled."),
    Action.CONTINUE: _("Goes on where the pause interrupted it."),
    Action.STOP: _("Ends the run: who is pending will not get it. Another start begins from the beginning."),
    Action.CANCEL: _("Gives it up for good: who is pending will not get it."),
    Action.EDIT: _("Lets it be changed; it becomes a draft again by that."),
    Action.RETRY: _("Sends again to those it failed for."),
    Action.BUILT: _("The recipients are there; sending begins."),
    Action.REPEAT: _("A run is over; the next one is awaited."),
    Action.COMPLETE: _("The last one is settled."),
    Action.FAIL: _("Something went wrong that the program cannot mend."),
    Action.EXPIRE: _("Its time is over."),
}


def status_of(word: str) -> Status | None:
    """Return the state that a person means by its name or by what another program calls it; None for no state."""
    wanted = " ".join(word.strip().lower().replace("_", " ").split())
    for status in Status:
        names = {status.value.lower().replace("_", " "), str(status.label).lower(), *SYNONYMS[status]}
        if wanted in names:
            return status
    return None
