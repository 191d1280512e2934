"""Reading the system sender and its letters."""

from __future__ import annotations

from dataclasses import dataclass

from clarion.senders.models import Sender, SenderStatus
from clarion.senders.system import operations
from clarion.senders.system.errors import SystemSenderUnusable
from clarion.senders.system.models import Letter, LetterStatus, SystemSender
from clarion.workspaces.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How Clarion writes to people. Without `row` it does not."""

    row: SystemSender | None
    #: From whom its mails are; empty when that cannot be told.
    from_address: str = ""
    #: Why it cannot be used, or why its last letter was not taken; empty while all is well.
    problem: str = ""
    waiting: int = 0


def state() -> State:
    """Return how it is now."""
    row = SystemSender.objects.select_related("sender__workspace", "chosen_by").filter(pk=1).first()
    if row is None:
        return State(row=None)
    shown = row.sender.config if row.sender is not None else row.config
    problem = row.problem
    try:
        operations.current_config()
    except SystemSenderUnusable as unusable:
        problem = str(unusable)
    return State(
        row=row,
        from_address=shown.get("from_address", ""),
        problem=problem,
        waiting=Letter.objects.filter(status=LetterStatus.WAITING).count(),
    )


def choices(user: User) -> list[Sender]:
    """Return every mail sender that is not blocked, of all workspaces, for a system administrator."""
    if not user.is_superuser or not user.is_active:
        return []
    return all_choices()


def all_choices() -> list[Sender]:
    """The same for whoever holds the database."""
    found = Sender.objects.select_related("workspace").filter(channel=operations.CHANNEL)
    return list(found.exclude(status=SenderStatus.BLOCKED).order_by("workspace__name", "name"))


def newest_letters(user: User, *, limit: int = 20) -> list[Letter]:
    """Return the letters written last, for a system administrator."""
    if not user.is_superuser or not user.is_active:
        return []
    return list(Letter.objects.defer("sealed").order_by("-pk")[:limit])
