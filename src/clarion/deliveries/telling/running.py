"""Telling of runs: they began, are built, have ended."""

from clarion.deliveries.models import Run
from clarion.webhooks import publishing
from clarion.webhooks.models import Kind

_COUNTS = (
    "total", "pending", "in_flight", "sent", "partly", "failed", "skipped", "cancelled", "expired", "unknown",
)  # fmt: skip


def publish(run: Run, type: str) -> None:
    """Note an event of a run with its numbers of people, in the caller's transaction."""
    if not publishing.is_wanted(run.workspace_id, Kind.RUN):
        return
    id = str(run.campaign.public_id)
    counts = {name: getattr(run, name) for name in _COUNTS}
    data = {"campaign": id, "name": run.campaign.name, "run": run.number, **counts}
    publishing.publish(run.workspace_id, type, key=f"campaign:{id}", data=data)
