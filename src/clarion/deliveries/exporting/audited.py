"""How exports are told to the audit trail: as events of their campaign, by format and filter, never by address."""

from collections.abc import Mapping
from typing import Any

from clarion.campaigns.models import Campaign
from clarion.deliveries.models import Export
from clarion.deliveries.wanted import Wanted
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor


def record(
    export: Export,
    *,
    by: Actor,
    verb: str,
    reason: str = "",
    changes: Mapping[str, tuple[Any, Any]] | None = None,
) -> None:
    """Append `campaign.<verb>` with the run, the format and the filter of the export."""
    record_for(
        export.run.campaign,
        by=by,
        verb=verb,
        reason=reason,
        changes={**facts_of(export.run.number, export.format, Wanted.read(export.wanted)), **(changes or {})},
    )


def record_for(
    campaign: Campaign,
    *,
    by: Actor,
    verb: str,
    reason: str = "",
    changes: Mapping[str, tuple[Any, Any]] | None = None,
) -> None:
    """Append `campaign.<verb>` to the campaign's trail."""
    audit.record(
        by=by,
        action=f"campaign.{verb}",
        kind="campaign",
        object_id=str(campaign.public_id),
        object_name=campaign.name,
        reason=reason,
        changes=changes,
    )


def facts_of(run_number: int, kind: str, wanted: Wanted) -> dict[str, tuple[Any, Any]]:
    """Return what an event says of an export; what was searched for may be an address, so it is not said."""
    words = wanted.query() | ({"q": "…"} if wanted.q else {})
    told = "&".join(f"{name}={value}" for name, value in words.items())
    facts: dict[str, tuple[Any, Any]] = {"run": (None, run_number), "format": (None, kind)}
    return facts | ({"filter": (None, told)} if told else {})
