"""What happened to a campaign: the states it went through, and who changed what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clarion.campaigns.models import Campaign
from clarion.workspaces.models import AuditEvent
from clarion.workspaces.prepared import Prepared

#: States shown beside each other; a campaign seldom has more.
STATES_SHOWN = 20
EVENTS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """A state the campaign came into."""

    at: datetime
    status: str
    action: str
    actor: str
    reason: str
    pause_cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event of the campaign's trail. `changes` maps a field to its old and new value."""

    number: int
    at: datetime
    action: str
    actor: str
    via: str
    reason: str
    changes: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Entries, newest first; `older` is for the next call, None at the end."""

    entries: Sequence[Entry]
    older: int | None = None


def state_history(campaign: Campaign) -> list[StateChange]:
    """Return the states the campaign came into, newest first."""
    events = _STATES.all(workspace=campaign.workspace_id, campaign=str(campaign.public_id))
    return [
        StateChange(
            at=event.at,
            status=event.changes["status"][1] or "",
            action=event.action,
            actor=event.actor_name,
            reason=event.reason,
            pause_cause=(event.changes.get("pause_cause") or ["", ""])[1] or "",
        )
        for event in events
    ]


_STATES = Prepared(
    lambda workspace, campaign: AuditEvent.objects.filter(
        workspace_id=workspace,
        object_kind="campaign",
        object_id=campaign,
        changes__has_key="status",
    ).order_by("-number")[:STATES_SHOWN],
    workspace=-1,
    campaign="the campaign",
)


def timeline(campaign: Campaign, *, before: int | None = None, limit: int = EVENTS_SHOWN) -> Timeline:
    """Return what was done to the campaign, newest first, from below event number `before` on."""
    events = _events(campaign)
    if before is not None:
        events = events.filter(number__lt=before)
    rows = list(events.order_by("-number")[: limit + 1])
    entries = [
        Entry(
            number=event.number,
            at=event.at,
            action=event.action,
            actor=event.actor_name,
            via=event.via,
            reason=event.reason,
            changes={name: (pair[0], pair[1]) for name, pair in event.changes.items()},
        )
        for event in rows[:limit]
    ]
    return Timeline(entries=entries, older=entries[-1].number if len(rows) > limit else None)


def _events(campaign: Campaign) -> Any:
    return AuditEvent.objects.filter(
        workspace_id=campaign.workspace_id, object_kind="campaign", object_id=str(campaign.public_id)
    )
