"""The columns of the list of campaigns: which there are, which somebody sees, and the cells they make.

Some share a cell, the second as a line below the first, so that ten of them stay readable on a laptop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clarion.web.parts import Column, Option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.functional import Promise

    from clarion.workspaces.models import User

#: Name and status are always there: they say which campaign it is, and whether one has to care.
CHOICES: dict[str, str | Promise] = {
    "id": _("ID"),
    "tags": _("Tags"),
    "launch": _("Launch type"),
    "progress": _("Progress"),
    "total": _("Total"),
    "sent": _("Sent"),
    "partly": _("Partly sent"),
    "failed": _("Failed"),
    "pending": _("Pending"),
    "channel": _("Channel"),
    "sender": _("Sender"),
    "list": _("Target list"),
    "start": pgettext_lazy("when a campaign starts", "Start"),
    "end": pgettext_lazy("when a campaign ends", "End"),
    "created": _("Created"),
    "author": _("Author"),
    "cost": _("Cost"),
}
USUAL = frozenset(CHOICES) - {"total", "sent", "partly", "failed", "pending", "list", "cost"}
#: Counts of people, in the order of their columns.
COUNTS = ("total", "sent", "partly", "failed", "pending")


def chosen(user: User, *, is_paid: bool) -> frozenset[str]:
    """Return the columns that the person sees beside name and status; what campaigns cost only where they are paid."""
    found = frozenset(user.list_columns) & frozenset(CHOICES) or USUAL
    return found if is_paid else found - {"cost"}


def known(keys: Iterable[str]) -> list[str]:
    """Return those of the keys that are columns, in the columns' order; none when they are the usual ones."""
    wanted = frozenset(keys) & frozenset(CHOICES)
    return [] if wanted == USUAL else [key for key in CHOICES if key in wanted]


def options(user: User, *, is_paid: bool) -> list[Option]:
    """Return every choice, as it stands."""
    shown = chosen(user, is_paid=is_paid)
    offered = [key for key in CHOICES if is_paid or key != "cost"]
    return [Option(value=key, label=CHOICES[key], checked=key in shown) for key in offered]


def heads(shown: frozenset[str]) -> list[Column]:
    """Return the head of each cell that the shown columns make."""
    made = [Column(label=_("Campaign"), sort="name"), Column(label=_("Status"))]
    if "launch" in shown:
        made.append(Column(label=_("Launch"), sort="launch"))
    if "progress" in shown:
        made.append(Column(label=_("Progress")))
    made += [Column(label=CHOICES[key], style="table__end") for key in COUNTS if key in shown]
    if "cost" in shown:
        made.append(Column(label=CHOICES["cost"], style="table__end"))
    if "sender" in shown:
        made.append(Column(label=CHOICES["sender"], sort="sender"))
    elif "channel" in shown:
        made.append(Column(label=CHOICES["channel"]))
    if "list" in shown:
        made.append(Column(label=CHOICES["list"]))
    if "start" in shown:
        made.append(Column(label=CHOICES["start"], sort="start"))
    elif "end" in shown:
        made.append(Column(label=CHOICES["end"]))
    if "created" in shown:
        made.append(Column(label=CHOICES["created"], sort="created"))
    elif "author" in shown:
        made.append(Column(label=CHOICES["author"]))
    return made
