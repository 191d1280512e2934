"""Which role may do what: the one table that screens, programs' requests and operations ask."""

from dataclasses import dataclass
from functools import cache
from typing import Protocol

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    VIEWER = "VIEWER", _("Viewer")
    AUTHOR = "AUTHOR", _("Author")
    MODERATOR = "MODERATOR", _("Moderator")
    ADMIN = "ADMIN", _("Admin")
    OWNER = "OWNER", _("Owner")


class Permission(models.TextChoices):
    VIEW = "view", _("See everything but personal data")
    EDIT = "edit", _("Create and change campaigns and templates")
    SUBMIT = "submit", _("Submit campaigns for review")
    MODERATE = "moderate", _("Approve and reject campaigns")
    LAUNCH = "launch", _("Start, continue and speed up campaigns")
    PAUSE = "pause", _("Pause, stop and cancel campaigns")
    EXPORT = "export", _("Download recipients")
    VIEW_PII = "view_pii", _("See whole addresses and names")
    MANAGE_AUDIENCE = "manage_audience", _("Change contacts, lists and suppressions")
    MANAGE_SENDERS = "manage_senders", _("Change senders and their credentials")
    MANAGE_MEMBERS = "manage_members", _("Invite and remove members, change the workspace")
    AUDIT = "audit", _("Read the audit log")
    IGNORE_CAPS = "ignore_caps", _("Let a campaign ignore frequency caps")
    MANAGE_MONEY = "manage_money", _("Set prices and top up the balance")


_P = Permission
_GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({_P.VIEW}),
    Role.AUTHOR: frozenset(
        {_P.VIEW, _P.EDIT, _P.SUBMIT, _P.LAUNCH, _P.PAUSE, _P.EXPORT, _P.VIEW_PII, _P.MANAGE_AUDIENCE}
    ),
    Role.MODERATOR: frozenset({_P.VIEW, _P.MODERATE, _P.LAUNCH, _P.PAUSE, _P.VIEW_PII, _P.AUDIT}),
    Role.ADMIN: frozenset(Permission) - {_P.MODERATE},
    Role.OWNER: frozenset(Permission),
}


@cache
def permissions_of(role: Role) -> frozenset[Permission]:
    """Return what a role may do."""
    return _GRANTS[role]


class Bearer(Protocol):
    """Whoever holds permissions."""

    def may(self, permission: Permission) -> bool:
        """Whether this one is among them."""


@dataclass(frozen=True, slots=True)
class Need:
    """Permissions of which a member has to have all, and, where `one_of` is not empty, one of those."""

    all_of: frozenset[Permission] = frozenset()
    one_of: frozenset[Permission] = frozenset()

    def is_met_by(self, member: Bearer) -> bool:
        return all(member.may(one) for one in self.all_of) and (
            not self.one_of or any(member.may(one) for one in self.one_of)
        )


def every(*permissions: Permission) -> Need:
    """Return the need of all of them; of none of them for what each member may."""
    return Need(all_of=frozenset(permissions))


def either(*permissions: Permission) -> Need:
    """Return the need of any of them."""
    return Need(one_of=frozenset(permissions))
