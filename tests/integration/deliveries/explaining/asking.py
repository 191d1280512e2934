"""Why a campaign is not moving, and what may be wrong with it."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.deliveries.causes import Kind
from clarion.deliveries.explain import Explanation, explain_now
from clarion.deliveries.models import Run, RunStep, Waiting
from clarion.senders.models import Sender, SenderLane


def why(campaign: Campaign) -> Explanation:
    """Return the explanation of the campaign as it is in the database, whose shares add up."""
    fresh = Campaign.objects.select_related("workspace", "source").get(pk=campaign.pk)
    found = explain_now(fresh)
    assert sum(cause.count for cause in found.causes) == found.pending
    return found


def first(campaign: Campaign) -> tuple[Kind, int]:
    cause = why(campaign).causes[0]
    return cause.kind, cause.count


def change(campaign: Campaign, **facts: Any) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(**facts)


def sender_of(campaign: Campaign) -> Sender:
    return Sender.objects.get(step__campaign=campaign)


def open_lane(sender: Sender, **facts: Any) -> SenderLane:
    return SenderLane.objects.create(sender=sender, **{"lane": 0, "worker_id": 1} | facts)


def put_off(run: Run, count: int, *, reason: int | None = None, minutes: int = 10) -> None:
    """Let so many of the run wait: they are taken from those that were not tried yet."""
    step = run.steps.get()
    first_id = step.cursor + 1
    RunStep.objects.filter(pk=step.pk).update(cursor=step.cursor + count)
    at = timezone.now() + timedelta(minutes=minutes)
    Waiting.objects.bulk_create(
        Waiting(run_id=run.pk, delivery_id=i * 16, step=0, not_before=at, reason=reason)
        for i in range(first_id, first_id + count)
    )
