"""What a member may do with a campaign now: the transition table, met with the role's permissions.

The list's menus, the header of a campaign, the command line and every other door ask here, so that none of them
offers what the operation would refuse.
"""

from datetime import datetime
from typing import Protocol

from django.db import models
from django.utils.translation import gettext_lazy as _

from clarion.campaigns.states import LIVE, TRANSITIONS, Action, Status, actions_in
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Permission

#: Actions that no door offers yet: their operations are not there.
_WITHHELD = frozenset({Action.SUBMIT, Action.WITHDRAW, Action.APPROVE, Action.REJECT, Action.RETRY})


class Handling(models.TextChoices):
    """What can be done with a campaign as a thing, without changing its state."""

    DUPLICATE = "duplicate", _("Duplicate")
    ARCHIVE = "archive", _("Archive")
    RESTORE = "restore", _("Restore")
    DELETE = "delete", _("Delete")


class Standing(Protocol):
    """The facts that decide; a Campaign and a row of the list both have them."""

    @property
    def status(self) -> str: ...
    @property
    def archived_at(self) -> datetime | None: ...
    @property
    def started_at(self) -> datetime | None: ...


#: States in which everything about a campaign may be changed, and those in which its timing may.
EDITABLE = TRANSITIONS[Action.EDIT].sources
TIMING_EDITABLE = EDITABLE | {Status.PAUSED}
#: States in which the speed may be changed without interrupting anything.
SPEED_CHANGEABLE = frozenset({Status.SCHEDULED, Status.BUILDING, Status.SENDING, Status.PAUSED})
ARCHIVABLE = frozenset(Status) - LIVE - {Status.IN_REVIEW}
DELETABLE = frozenset({Status.DRAFT, Status.CANCELLED})


def actions_for(campaign: Standing, member: Membership) -> list[Action]:
    """Return what the member may do to the campaign's state now, in the order of the table."""
    if campaign.archived_at is not None:
        return []
    return [
        action
        for action in actions_in(Status(campaign.status))
        if action not in _WITHHELD
        and (permission := TRANSITIONS[action].permission) is not None
        and member.may(permission)
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
    return [handling for handling in Handling if handling in offered]


def is_deletable(campaign: Standing) -> bool:
    """Whether it may go for good: it was never started, so no record of a message hangs on it."""
    return campaign.status in DELETABLE and campaign.started_at is None


def may_change_speed(campaign: Standing, member: Membership) -> bool:
    """Whether the member may change the speed while the campaign is on its way."""
    return (
        campaign.archived_at is None and campaign.status in SPEED_CHANGEABLE and member.may(Permission.LAUNCH)
    )


def may_note(member: Membership) -> bool:
    """Whether the member may add to a campaign's trail what is to be remembered about it."""
    return any(member.may(one) for one in (Permission.EDIT, Permission.MODERATE, Permission.LAUNCH))
