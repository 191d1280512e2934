"""Who a campaign would reach if it were sent now: the waterfall of the estimate, and the people on each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clarion.audience import queries as audience
from clarion.audience.masking import mask, mask_name
from clarion.audience.models import FILES, Source, SourceStatus
from clarion.campaigns import material, offers, operations, queries
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.channels import registry
from clarion.web.keyset import keys_of
from clarion.web.links import changed_query, workspace_url
from clarion.web.masking import may_see
from clarion.web.optout_words import cap_sentence
from clarion.web.parts import Tab
from clarion.web.statuses import channel_look
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.campaigns.models import Campaign
    from clarion.web.http import PageRequest

#: The step that opens when none is asked for.
_FIRST = "will_receive"


def step_labels() -> dict[str, str]:
    """Return the names of the waterfall's steps, in its order."""
    return {
        "matched": _("Matched"), "no_address": _("No address"), "invalid": _("Invalid"),
        "duplicate": _("Duplicates"), "suppressed": _("Opted out or suppressed"),
        "do_not_contact": _("Do not contact"), "no_consent": _("No consent"),
        "capped": _("Frequency cap"), "excluded": _("Excluded"),        "will_receive": _("Will receive it"),
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A line of the waterfall: its bar from `x` on, `width` wide, both in per cent."""

    name: str
    label: str
    count: int
    url: str
    x: float
    width: float
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A person as the reader may see them."""

    number: int
    address: str
    name: str
    problem: str
    url: str


@require_safe
def who(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The waterfall of the channel that `?channel=` names, and the people on the step that `?step=` names."""
    campaign = _campaign(request, id)
    source = campaign.source
    step = request.GET.get("step", _FIRST)
    if source is None or source.status != SourceStatus.READY or step not in audience.STEPS:
        raise Http404
    channels = _channels(campaign, source)
    channel = request.GET.get("channel", "")
    channel = channel if channel in channels else channels[0]
    page = audience.people_of(
        source,
        channel,
        step,
        campaign_id=campaign.pk,
        is_capped=not campaign.ignores_caps,
        **keys_of(request),
    )
    context = {
        "campaign": campaign,
        "step": step,
        "step_label": step_labels()[step],
        "is_file": source.kind == "UPLOAD",
        "people": [_shown(request, one) for one in page.people],
        "next_url": changed_query(request, after=page.after, before="") if page.after is not None else "",
        "previous_url": changed_query(request, before=page.before, after="")
        if page.before is not None
        else "",
    }
    if request.htmx and request.htmx.target == "results":
        return render(request, "campaigns/who.html#results", context)
    counted = material.counted(campaign, source, channel)
    context |= {
        "rows": _rows(request, counted, step),
        "channel": channel,
        "tabs": [
            Tab(
                label=str(channel_look(one).label),
                url=changed_query(request, channel=one, after="", before=""),
                current=one == channel,
            )
            for one in channels
        ]
        if len(channels) > 1
        else [],
        "caps": [
            cap_sentence(cap) for cap in audience.caps_of(request.workspace) if cap.channel in ("", channel)
        ],
        "may_ignore": _may_ignore(request, campaign),
    }
    return render(request, "campaigns/who.html", context)


@require_POST
def caps(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Let the campaign ignore the frequency caps (`ignored=1`), with a reason, or hold it to them again."""
    campaign = _campaign(request, id)
    ignored = request.POST.get("ignored") == "1"
    try:
        operations.ignore_caps(
            campaign=campaign,
            by=of_member(request.member),
            ignored=ignored,
            reason=request.POST.get("reason", ""),
        )
    except CampaignInvalid as error:
        for sentence in error.problems:
            messages.error(request, sentence)
    except TransitionRefused:
        messages.warning(request, _("The campaign is on its way now; nothing was changed."))
    else:
        told = (
            _("Frequency caps are ignored for this campaign. That is kept in the audit trail.")
            if ignored
            else _("The campaign is held to the frequency caps.")
        )
        messages.success(request, told)
    return HttpResponseRedirect(workspace_url(request, "campaigns:who", id=campaign.public_id))


def _campaign(request: PageRequest, id: UUID) -> Campaign:
    campaign = queries.campaign_for(request.member, id)
    if campaign is None:
        raise Http404
    return campaign


def _may_ignore(request: PageRequest, campaign: Campaign) -> bool:
    may = request.member.may(Permission.EDIT) and request.member.may(Permission.IGNORE_CAPS)
    return may and campaign.status in offers.EDITABLE and campaign.archived_at is None


def _channels(campaign: Campaign, source: Source) -> list[str]:
    """Return the channels that are counted one by one, the first one's before the others.

    Of a file those that write to the kind of address that its column of addresses holds.
    """
    steps = campaign.steps.order_by("tier", "position").values_list("channel", flat=True)
    found = list(dict.fromkeys(steps)) or [material.DEFAULT_CHANNEL]
    if source.kind in FILES:
        kind = registry.get(source.table.dialect.get("channel", found[0])).address_kind
        found = [found[0], *(one for one in found[1:] if registry.get(one).address_kind == kind)]
    return found


def _rows(request: PageRequest, counted: audience.Waterfall, current: str) -> Sequence[StepRow]:
    """Return the steps: everybody, what each takes away from the right, and what is left."""
    rows, left, total = [], counted.matched, max(counted.matched, 1)
    for name, label in step_labels().items():
        count = getattr(counted, name)
        is_loss = name not in ("matched", "will_receive")
        if is_loss and not count and name != current:
            continue
        left -= count if is_loss else 0
        rows.append(
            StepRow(
                name=name,
                label=label,
                count=count,
                url=changed_query(request, step=name, after="", before=""),
                x=round(100 * left / total, 2) if is_loss else 0,
                width=round(100 * count / total, 2),
                current=name == current,
            )
        )
    return rows


def _shown(request: PageRequest, one: audience.Somebody) -> Shown:
    see = may_see(request.member)
    # What cannot be read as an address may hold anything, a name for instance.
    address = one.address if see else mask(one.address)
    return Shown(
        number=one.key,
        address=address,
        name=one.name if see else mask_name(one.name),
        problem=one.problem if see else "",
        url=workspace_url(request, "contact", id=one.contact) if one.contact else "",
    )
