"""The channels of a campaign: which there are, which go first and which are fallbacks."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from clarion.campaigns import cascade
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Campaign, Step
from clarion.campaigns.operations import approval, changing
from clarion.channels import registry
from clarion.senders.models import Sender
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission


@transaction.atomic
def add_step(
    *, campaign: Campaign, channel: str, by: Actor, sender: Sender | None = None, tier: int | None = None
) -> Step:
    """Add a channel and return its step: beside those of a tier, or as a further fallback."""
    by.require(Permission.EDIT)
    if channel not in registry.CHANNELS:
        raise CampaignInvalid([_("There is no such channel.")])
    if sender is not None and (sender.workspace_id != by.workspace.pk or sender.channel != channel):
        raise CampaignInvalid(
            [_("There is no such sender.")], fields={"sender": _("There is no such sender.")}
        )
    now = changing.locked(campaign, by)
    steps = list(now.steps.order_by("position"))
    if len(steps) >= cascade.STEPS_MAX:
        raise CampaignInvalid([_("A campaign has at most %(n)d channels.") % {"n": cascade.STEPS_MAX}])
    before = cascade.summary(now)
    opened = changing.opened(now, by)
    last = max((step.tier for step in steps), default=-1)
    made = Step.objects.create(
        campaign=opened, position=len(steps), channel=channel, sender=sender,
        tier=last + 1 if tier is None else min(max(tier, 0), last + 1),
    )  # fmt: skip
    _changed(opened, by, "add_channel", before)
    return made


@transaction.atomic
def remove_step(*, campaign: Campaign, position: int, by: Actor) -> None:
    """Take a channel away, with what was written for it. The last one stays."""
    by.require(Permission.EDIT)
    now = changing.locked(campaign, by)
    steps = list(now.steps.order_by("position"))
    gone = next((step for step in steps if step.position == position), None)
    if gone is None:
        return
    if len(steps) == 1:
        raise CampaignInvalid([_("A campaign needs a channel.")])
    before = cascade.summary(now)
    opened = changing.opened(now, by)
    gone.delete()
    for place, step in enumerate(one for one in steps if one is not gone):
        if step.position != place:
            Step.objects.filter(pk=step.pk).update(position=place)
    _close_ranks(opened)
    _changed(opened, by, "remove_channel", before)


@transaction.atomic
def arrange(*, campaign: Campaign, tiers: Mapping[int, int], by: Actor) -> Campaign:
    """Say which tier the step at each position belongs to; others stay. Tiers without a step are closed up."""
    by.require(Permission.EDIT)
    now = changing.locked(campaign, by)
    steps = list(now.steps.order_by("position"))
    wanted = {step.position: tiers.get(step.position, step.tier) for step in steps}
    if any(not 0 <= tier < cascade.STEPS_MAX for tier in wanted.values()):
        raise CampaignInvalid([_("There is no such place in the cascade.")])
    order = sorted(set(wanted.values()))
    different = {
        step: order.index(wanted[step.position])
        for step in steps
        if order.index(wanted[step.position]) != step.tier
    }
    if not different:
        return now
    before = cascade.summary(now)
    opened = changing.opened(now, by)
    for step, tier in different.items():
        Step.objects.filter(pk=step.pk).update(tier=tier)
    _changed(opened, by, "arrange_channels", before)
    return opened


def _close_ranks(campaign: Campaign) -> None:
    """Number the tiers from 0 without gaps."""
    order = sorted(set(campaign.steps.values_list("tier", flat=True)))
    for place, tier in enumerate(order):
        if place != tier:
            campaign.steps.filter(tier=tier).update(tier=place)


def _changed(opened: Campaign, by: Actor, verb: str, before: str) -> None:
    opened.version += 1
    opened.save(update_fields=["version"])
    fresh = Campaign.objects.get(pk=opened.pk)
    changing.record(opened, by, verb, {"channels": (before, cascade.summary(fresh))})
    approval.void_if_changed(campaign=opened, by=by)
