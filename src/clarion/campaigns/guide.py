"""The states of a campaign explained, from the one table: for the page of statuses and for the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from clarion.campaigns import offers
from clarion.campaigns.states import DEEDS, MEANINGS, SYNONYMS, TRANSITIONS, Action, Status
from clarion.workspaces.permissions import Permission, Role, permissions_of

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An action out of a state: what it does, where it leads, and the roles that may do it; none for the program."""

    action: Action
    label: str
    sentence: str
    targets: Sequence[Status]
    roles: Sequence[str]

    @property
    def is_by_itself(self) -> bool:
        return not self.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A state: what it means, what it is called elsewhere, and what can be done in it."""

    status: Status
    label: str
    meaning: str
    synonyms: Sequence[str]
    #: What people may do, then what the program does by itself.
    deeds: Sequence[Deed]
    #: What may be changed in it.
    changes: str
    #: What can be done with it as a thing.
    handling: Sequence[str]


def explained() -> list[Explained]:
    """Return every state in the order of a campaign's life, in the present language."""
    return [
        Explained(
            status=status,
            label=str(status.label),
            meaning=str(MEANINGS[status]),
            synonyms=SYNONYMS[status],
            deeds=_deeds(status),
            changes=_changes(status),
            handling=_handling(status),
        )
        for status in Status
    ]


def targets(action: Action) -> list[Status]:
    """Return where an action leads to, in the order of a campaign's life."""
    if action is Action.CONTINUE:  # back to where the pause began
        return [status for status in Status if status in TRANSITIONS[Action.PAUSE].sources]
    return [TRANSITIONS[action].target]


def diagram() -> str:
    """Return the states and the ways between them as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.DRAFT.lower()}"]
    ways: dict[tuple[Status, Status], list[str]] = {}
    for action in TRANSITIONS:
        for source in (status for status in Status if status in TRANSITIONS[action].sources):
            for target in targets(action):
                if source is not target:
                    ways.setdefault((source, target), []).append(action.value)
    order = list(Status)
    for (source, target), names in sorted(
        ways.items(), key=lambda way: (order.index(way[0][0]), order.index(way[0][1]))
    ):
        lines.append(f"    {source.lower()} --> {target.lower()}: {', '.join(names)}")
    ends = [status for status in Status if not any(source is status for source, _target in ways)]
    return "\n".join([*lines, *(f"    {status.lower()} --> [*]" for status in ends)])


def _deeds(status: Status) -> list[Deed]:
    found = []
    for action, transition in TRANSITIONS.items():
        if status in transition.sources:
            found.append(
                Deed(
                    action=action,
                    label=str(action.label),
                    sentence=str(DEEDS[action]),
                    targets=targets(action),
                    roles=_roles(transition.permission) if transition.permission is not None else (),
                )
            )
    return sorted(found, key=lambda deed: deed.is_by_itself)


def _roles(permission: Permission) -> list[str]:
    return [str(role.label) for role in Role if permission in permissions_of(role)]


def _changes(status: Status) -> str:
    if status in offers.EDITABLE:
        return (
            _("Everything.") if status is Status.DRAFT else _("Everything; it becomes a draft again by it.")
        )
    if status in offers.TIMING_EDITABLE:
        return _("Its timing, its delays and its speed.")
    if status in offers.SPEED_CHANGEABLE:
        return _("Its speed only.")
    return _("Nothing.")


def _handling(status: Status) -> list[str]:
    found = [offers.Handling.DUPLICATE]
    if status in offers.ARCHIVABLE:
        found.append(offers.Handling.ARCHIVE)
    if status in offers.DELETABLE:
        found.append(offers.Handling.DELETE)
    labels = [str(one.label) for one in found]
    if offers.Handling.DELETE in found:
        labels[-1] = _("Delete, if it was never started")
    return labels
