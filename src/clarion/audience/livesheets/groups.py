"""Live sources that are a group of a sender's: its members are read again for each run, as rows of a spreadsheet.

The address of one is `group://<sender's id>/<group's id>`. Who asks the sender's provider is told by `provide`, since
senders are not known here.
"""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote
from uuid import UUID

from django.utils.translation import gettext as _

from clarion.channels.linked import Members, Unreadable
from clarion.workspaces.models import Workspace

#: Returns who is in a group of one of the workspace's senders. Raises Unreadable.
Asking = Callable[[Workspace, UUID, str], Members]

SCHEME = "group://"
#: Columns of the rows; the first holds the addresses.
COLUMNS = ("phone", "group_admin")
_PLACE = re.compile(r"group://([0-9a-f-]{36})/([^/?#\s]{1,200})", re.ASCII)

_asking: list[Asking] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPlace:
    """A group by its sender and its own id."""

    sender_id: UUID
    group: str

    @property
    def url(self) -> str:
        """The place as live sources keep it."""
        return f"{SCHEME}{self.sender_id}/{quote(self.group, safe='@')}"


def provide(asking: Asking) -> None:
    """Have groups asked for in this way from now on."""
    _asking[:] = [asking]


def is_group(url: str) -> bool:
    """Whether a live source with this address is a group."""
    return url.strip().startswith(SCHEME)


def place_of(url: str) -> GroupPlace:
    """Return what the address of a group names. Raises ValueError, with a sentence."""
    found = _PLACE.fullmatch(url.strip())
    try:
        sender_id = UUID(found[1]) if found else None
    except ValueError:
        sender_id = None
    if found is None or sender_id is None:
        raise ValueError(_("This is not the address of a group, which is group:// and two ids."))
    return GroupPlace(sender_id=sender_id, group=unquote(found[2]))


def rows_of(workspace: Workspace, place: GroupPlace) -> bytes:
    """Return the members as a CSV file, in an order that stays. Raises ValueError, with a sentence."""
    if not _asking:
        raise ValueError(_("Groups cannot be asked for here."))
    try:
        members = _asking[0](workspace, place.sender_id, place.group)
    except Unreadable as problem:
        raise ValueError(str(problem)) from None
    if not members.found:
        hidden = _("All members of the group hide their numbers.")
        raise ValueError(hidden if members.hidden else _("Nobody is in the group."))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((one.address, "yes" if one.is_admin else "no") for one in members.found)
    return text.getvalue().encode()
