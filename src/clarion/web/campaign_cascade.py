"""The channels of a campaign on the page where it is composed: a list to choose from, and one message at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.audience import queries as audience
from clarion.audience.models import SourceStatus
from clarion.campaigns import cascade, material, operations, queries
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import RECEIPT_WAIT_MOST
from clarion.campaigns.preflight import content_of
from clarion.web.links import workspace_url
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clarion.campaigns.models import Campaign, Step
    from clarion.web.campaign_form import CampaignForm
    from clarion.web.http import PageRequest


class CascadeForm(forms.Form):
    """What is said of all channels together."""

    receipt_wait = forms.IntegerField(
        label=gettext_lazy("Minutes to wait for a delivery receipt"), required=False, min_value=1,
        max_value=RECEIPT_WAIT_MOST,
        help_text=gettext_lazy("Left empty, a fallback goes only where the provider refused the message."),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One channel of the list. `tiers` are (value, words) of the places it can have."""

    position: int
    channel: str
    label: str
    sender: str
    role: str
    url: str
    is_shown: bool
    is_written: bool
    tier: int
    tiers: list[tuple[int, str]]
    #: How many people have an address on it; None where that is not counted.
    reach: int | None


def position_in(request: PageRequest) -> int:
    """Return the position of the channel that the request is about: 0 when it names none."""
    typed = request.POST.get("step") or request.GET.get("step") or "0"
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 else 0


def shown(request: PageRequest) -> str:
    """Return the part of a link that leads back to the channel, and the language of its message, that are shown."""
    position, language = position_in(request), request.POST.get("edited", "")
    said = {"step": str(position) if position else "", "language": language}
    query = urlencode({name: value for name, value in said.items() if value})
    return f"?{query}" if query else ""


def step_shown(request: PageRequest, campaign: Campaign) -> Step | None:
    """Return the step that the request is about."""
    return queries.step_at(campaign, position_in(request))


def tiers_in(data: Mapping[str, Any], campaign: Campaign) -> dict[int, int]:
    """Return position → tier as the form says it; empty when it says nothing, as with one channel."""
    found = {}
    for step in campaign.steps.all():
        typed = str(data.get(f"tier-{step.position}", ""))
        if typed.isascii() and typed.isdigit() and len(typed) < 3:
            found[step.position] = int(typed)
    return found


def change(request: PageRequest, campaign: Campaign, do: str) -> str:
    """Add or remove a channel, as the button says; return the end of the link that shows what to do next."""
    by = of_member(request.member)
    position = 0
    try:
        if do == "channel-add":
            position = _add(request, campaign).position
        elif do == "channel-remove":
            operations.remove_step(campaign=campaign, position=position_in(request), by=by)
    except CampaignInvalid as error:
        for sentence in error.problems:
            messages.error(request, sentence)
    return f"?step={position}#message" if position else "#message"


def _add(request: PageRequest, campaign: Campaign) -> Step:
    """Add a fallback by a sender of a channel that the campaign does not have yet, or of any."""
    used = {step.channel for step in campaign.steps.all()}
    senders = [one for one in queries.senders_for(request.member) if one.status == "ACTIVE"]
    sender = next((one for one in senders if one.channel not in used), None)
    channel = sender.channel if sender is not None else next(iter(sorted(used)), material.DEFAULT_CHANNEL)
    if not used:
        # The first one was not said yet: it gets its place before the one that is added.
        operations.add_step(campaign=campaign, channel=material.DEFAULT_CHANNEL, by=of_member(request.member))
    return operations.add_step(
        campaign=campaign, channel=channel, sender=sender, by=of_member(request.member)
    )


def context(request: PageRequest, campaign: Campaign, position: int) -> dict[str, Any]:
    """Return what the list of channels shows."""
    steps = list(campaign.steps.all())
    return {
        "position": position,
        "channels": rows(request, campaign, position) if len(steps) > 1 else [],
        "cascade": cascade.summary(campaign) if len(steps) > 1 else "",
        "has_fallback": cascade.has_fallback(campaign),
        "may_add_channel": len(steps) < cascade.STEPS_MAX,
    }


def rows(request: PageRequest, campaign: Campaign, position: int) -> list[Row]:
    """Return the channels in the order in which they go."""
    steps = cascade.ordered(campaign)
    last = max((step.tier for step in steps), default=0)
    places = [(number, cascade.role(number)) for number in range(min(last + 2, len(steps)))]
    url = workspace_url(request, "campaigns:edit", id=campaign.public_id)
    return [
        Row(
            position=step.position,
            channel=step.channel,
            label=cascade.label(step.channel),
            sender=step.sender.name if step.sender is not None else "",
            role=cascade.role(step.tier),
            url=f"{url}?step={step.position}#message",
            is_shown=step.position == position,
            is_written=bool(content_of(step)[0]) and step.sender is not None,
            tier=step.tier,
            tiers=places,
            reach=_reach(campaign, step.channel),
        )
        for step in steps
    ]


def _reach(campaign: Campaign, channel: str) -> int | None:
    source = campaign.source
    if source is None or source.status != SourceStatus.READY or not material.suits(source, channel):
        return None
    return audience.estimate(source, channel).will_receive


def words_of_wait(campaign: Campaign) -> str:
    """Return how long receipts are waited for, in words; empty when they are not."""
    if campaign.receipt_wait is None:
        return ""
    return _("Also when no delivery receipt came within %(n)d minutes") % {"n": campaign.receipt_wait}


def channel_of_people(campaign: Campaign, position: int, chosen: str) -> str:
    """Return the channel by whose addresses people are known: the first one's, which may be chosen just now."""
    first = queries.first_step(campaign)
    if chosen and (first is None or first.position == position):
        return chosen
    return first.channel if first is not None else material.DEFAULT_CHANNEL


def save(form: CampaignForm) -> None:
    """Save which channels go first and which are fallbacks, and how long to wait; of one channel there is neither."""
    tiers = tiers_in(form.data, form.campaign)
    if not tiers:
        return
    by = of_member(form.member)
    if "receipt_wait" in form.data:
        wait = form.cleaned_data["receipt_wait"]
        operations.update_campaign(campaign=form.campaign, receipt_wait=wait, by=by)
    operations.arrange(campaign=form.campaign, tiers=tiers, by=by)
