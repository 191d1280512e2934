"""What every change of a campaign shares: the row held, a state that allows it, the audit event."""

from collections.abc import Mapping
from typing import Any

from clarion.campaigns import fields, offers
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.lifecycle import move
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Action, Status
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor


def locked(campaign: Campaign, by: Actor, *, is_archived: bool | None = False) -> Campaign:
    """Return the row as it is now, held until the transaction ends: who comes second sees what the first did."""
    row = (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("source", "workspace")
        .filter(pk=campaign.pk, workspace=by.workspace)
        .first()
    )
    if row is None or (is_archived is not None and (row.archived_at is not None) != is_archived):
        raise TransitionRefused
    return row


def opened(now: Campaign, by: Actor, *, is_timing_only: bool = False) -> Campaign:
    """Return the campaign in a state in which it may be changed. Raises TransitionRefused."""
    if now.status == Status.DRAFT or (
        is_timing_only and now.status in offers.TIMING_EDITABLE - offers.EDITABLE
    ):
        return now
    return move(now, Action.EDIT, by=by)


def different(row: Any, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return {field: (old, new)} of the values that are not yet so."""
    pairs = {name: (getattr(row, name), value) for name, value in values.items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def write(row: Campaign, by: Actor, verb: str, different: Mapping[str, tuple[Any, Any]]) -> None:
    for name, (_old, new) in different.items():
        setattr(row, name, new)
    row.save(update_fields=list(different))
    record(row, by, verb, {name: (fields.told(a), fields.told(b)) for name, (a, b) in different.items()})


def record(
    row: Campaign, by: Actor, verb: str, changes: Mapping[str, tuple[Any, Any]], *, reason: str = ""
) -> None:
    audit.record(
        by=by,
        action=f"campaign.{verb}",
        kind="campaign",
        object_id=str(row.public_id),
        object_name=row.name,
        reason=reason,
        changes=changes,
    )
