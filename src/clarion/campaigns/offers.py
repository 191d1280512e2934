"""What a member may do with a campaign now: the transition table, met with the role's permissions.

The list's menus, the header of a campaign, the command line and every other door ask here, so that none of them
offers what the operation would refuse.
"""

from datetime import datetime
from typing import Protocol

from django.db import models
from django.utils.translation import gettext_lazy as _

from clarion.campaigns.states import LIVE, TRANSITIONS, Action, PauseCause, Status, actions_in
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Permission

#: Offered where a run has something to send again, which the campaign alone does not tell: `web.run_actions`.
_WITHHELD = frozenset({Action.RETRY})
#: What needs an approval where the workspace moderates.
_APPROVED_ONLY = frozenset({Action.START, Action.SCHEDULE})


class Handling(models.TextChoices):
    """What can be done with a campaign as a thing, without changing its state."""

    DUPLICATE = "duplicate", _("Duplicate")
    ARCHIVE = "archive", _("Archive")
    RESTORE = "restore", _("Restore")
    DELETE = "delete", _("Delete")
    #: Of what was sent: with everything that is known of it.
    PURGE = "purge", _("Delete for good")


class Standing(Protocol):
    """The facts that decide; a Campaign and a row of the list both have them."""

    @property
    def status(self) -> str: ...
    @property
    def archived_at(self) -> datetime | None: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def approved_at(self) -> datetime | None: ...
    @property
    def pause_cause(self) -> str: ...
    @property
    def created_by_id(self) -> int | None: ...


#: States in which everything about a campaign may be changed, and those in which its timing may.
EDITABLE = TRANSITIONS[Action.EDIT].sources
TIMING_EDITABLE = EDITABLE | {Status.PAUSED}
#: States in which the speed may be changed without interrupting anything.
SPEED_CHANGEABLE = frozenset({Status.SCHEDULED, Status.BUILDING, Status.SENDING, Status.PAUSED})
#: One that is in review leaves the moderators' queue by it, and comes back to it when it is restored.
ARCHIVABLE = frozenset(Status) - LIVE
DELETABLE = frozenset({Status.DRAFT, Status.CANCELLED})


def actions_for(campaign: Standing, member: Membership) -> list[Action]:
    """Return what the member may do to the campaign's state now, in the order of the table."""
    if campaign.archived_at is not None:
        return []
    return [
        action
        for action in actions_in(Status(campaign.status))
        if action not in _WITHHELD
        and _is_open(action, campaign, member)
        and (permission := TRANSITIONS[action].permission) is not None
        and member.may(permission)
    ]


def _is_open(action: Action, campaign: Standing, member: Membership) -> bool:
    """Whether moderation leaves the action to the member; who else is an author is known to the operation."""
    if action in _APPROVED_ONLY:
        return campaign.approved_at is not None or not member.workspace.moderation
    if action is Action.SUBMIT:
        return campaign.approved_at is None and member.workspace.moderation
    if action is Action.APPROVE:
        return campaign.created_by_id != member.user_id
    waits = campaign.pause_cause == PauseCause.REVIEW
    if action is Action.RELEASE:
        return waits and campaign.created_by_id != member.user_id
    # Nor does a person end a pause outside the sending hours.
    return not (action is Action.CONTINUE and (waits or campaign.pause_cause == PauseCause.WINDOW))


#: What a person does to a one-off, which nobody edits: another one is written in its place.
ONE_OFF_ACTIONS = frozenset(
    {
        Action.SUBMIT, Action.APPROVE, Action.REJECT, Action.RELEASE, Action.START, Action.PAUSE, Action.CONTINUE,
        Action.CANCEL,
    }
)  # fmt: skip


def one_off_actions(campaign: Standing, member: Membership) -> list[Action]:
    """Return what the member may do to a one-off now, in the order of the table.

    One that has begun before is not begun again.
    """
    return [
        action
        for action in actions_for(campaign, member)
        if action in ONE_OFF_ACTIONS and not (action is Action.START and campaign.started_at is not None)
    ]


def handling_for(campaign: Standing, member: Membership) -> list[Handling]:
    """Return what else the member may do with the campaign now."""
    if not member.may(Permission.EDIT):
        return []
    offered = {Handling.DUPLICATE}
    if campaign.archived_at is not None:
        offered.add(Handling.RESTORE)
    elif campaign.status in ARCHIVABLE:
        offered.add(Handling.ARCHIVE)
    if is_deletable(campaign):
        offered.add(Handling.DELETE)
    elif is_purgeable(campaign) and member.may(Permission.MANAGE_MEMBERS):
        offered.add(Handling.PURGE)
    return [handling for handling in Handling if handling in offered]


def is_deletable(campaign: Standing) -> bool:
    """Whether it may go for good: it was never started, so no record of a message hangs on it."""
    return campaign.status in DELETABLE and campaign.started_at is None


class Pausing(Protocol):
    """The facts of a pause."""

    @property
    def status(self) -> str: ...
    @property
    def resume_at(self) -> datetime | None: ...


def is_resuming(campaign: Pausing) -> bool:
    """Whether it is paused and would go on by itself, so that a person may keep it paused."""
    return campaign.status == Status.PAUSED and campaign.resume_at is not None


def is_purgeable(campaign: Standing) -> bool:
    """Whether an administrator may remove it with the record of its messages: it was cancelled, or put away before."""
    is_given_up = campaign.archived_at is not None or campaign.status == Status.CANCELLED
    return is_given_up and not is_deletable(campaign)


class Obstacle(models.TextChoices):
    """Why something cannot be done with a campaign now."""

    #: It is scheduled, building, sending or paused.
    AT_WORK = "at_work"
    IN_REVIEW = "in_review"
    #: It was sent, or may have been: there is a record of messages to people.
    SENT = "sent"
    #: Never sent, but neither a draft nor cancelled.
    OPEN = "open"
    #: It is that already: archived, or not.
    SO_ALREADY = "so_already"
    ROLE = "role"


def obstacle_to(handling: Handling, campaign: Standing, member: Membership) -> Obstacle | None:
    """Return why the member cannot do this with the campaign now; None when they can."""
    if handling in handling_for(campaign, member):
        return None
    if not member.may(Permission.EDIT) or (
        handling is Handling.PURGE and not member.may(Permission.MANAGE_MEMBERS)
    ):
        return Obstacle.ROLE
    is_archived = campaign.archived_at is not None
    if (handling is Handling.ARCHIVE and is_archived) or (handling is Handling.RESTORE and not is_archived):
        return Obstacle.SO_ALREADY
    if campaign.status in LIVE:
        return Obstacle.AT_WORK
    if campaign.status == Status.IN_REVIEW:
        return Obstacle.IN_REVIEW
    return Obstacle.SENT if campaign.started_at is not None else Obstacle.OPEN


def may_change_speed(campaign: Standing, member: Membership) -> bool:
    """Whether the member may change the speed while the campaign is on its way."""
    return (
        campaign.archived_at is None and campaign.status in SPEED_CHANGEABLE and member.may(Permission.LAUNCH)
    )


def may_note(member: Membership) -> bool:
    """Whether the member may add to a campaign's trail what is to be remembered about it."""
    return any(member.may(one) for one in (Permission.EDIT, Permission.MODERATE, Permission.LAUNCH))
