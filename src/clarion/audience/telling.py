"""Telling webhooks of addresses that may be written to again. What is added is read by `deliveries.telling`."""

from django.db.models import QuerySet

from clarion.audience.models import Suppression
from clarion.webhooks import events, publishing
from clarion.webhooks.models import Kind


def publish_removals(workspace_id: int, these: QuerySet[Suppression]) -> None:
    """Note that these are about to be removed, in the caller's transaction."""
    if not publishing.is_wanted(workspace_id, Kind.SUPPRESSION):
        return
    told = [_removed(one) for one in these.order_by("pk").select_for_update(of=("self",))]
    if told:
        publishing.note(workspace_id, Kind.SUPPRESSION, told)


def _removed(one: Suppression) -> dict[str, object]:
    # The row is gone by the time it is told, so its address goes along, for those who are told addresses.
    data = {
        "suppression": one.pk, "channel": one.channel, "reason": one.reason.lower(), "_address": one.address,
    }  # fmt: skip
    return events.made("suppression.removed", key=f"suppression:{one.pk}", data=data)
