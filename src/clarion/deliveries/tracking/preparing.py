"""What of a run is followed: decided and stored when it begins, read when its messages are prepared."""

from collections.abc import Sequence
from dataclasses import replace

from clarion.campaigns.models import Campaign
from clarion.campaigns.tracking import followed
from clarion.channels import registry
from clarion.channels.base import ConfigInvalid, StepContext
from clarion.channels.tracking import Trackable
from clarion.deliveries.models import Link, Run, RunStep, Tracking


def begin(run: Run, campaign: Campaign, steps: Sequence[RunStep]) -> None:
    """Store what of the steps is followed, with their links; nothing for a step of which nothing is."""
    for step in steps:
        follows = followed(campaign, step.channel)
        targets = _targets(step) if follows.links else []
        if not (targets or follows.opens):
            continue
        Tracking.objects.create(
            run=run, step=step.step, follows_links=bool(targets), follows_opens=follows.opens
        )
        Link.objects.bulk_create(
            Link(run=run, step=step.step, number=number, target=target)
            for number, target in enumerate(targets, start=1)
        )


def context_of(step: RunStep, context: StepContext) -> StepContext:
    """Return the context with what is followed of the step. Two queries at most."""
    told = Tracking.objects.filter(run_id=step.run_id, step=step.step).first()
    if told is None:
        return context
    targets: tuple[str, ...] = ()
    if told.follows_links:
        rows = Link.objects.filter(run_id=step.run_id, step=step.step).order_by("number")
        targets = tuple(rows.values_list("target", flat=True))
    return replace(context, links=targets, tracks_opens=told.follows_opens)


def _targets(step: RunStep) -> list[str]:
    channel = registry.get(step.channel)
    assert isinstance(channel, Trackable)  # noqa: S101 - others are not followed
    try:
        return channel.links_of(channel.check_content(step.content))
    except ConfigInvalid:
        return []  # it cannot be sent, which the composer says
