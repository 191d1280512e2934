"""Why a campaign is not moving, as its page shows it: each cause with its share and buttons for what helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import NoReverseMatch
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.campaigns import offers
from clarion.campaigns.states import Action, Status
from clarion.deliveries.causes import Do, Kind
from clarion.web.links import workspace_url
from clarion.web.parts import Action as Button
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.causes import Cause, Remedy
    from clarion.deliveries.explain import Explanation
    from clarion.web.http import PageRequest

_ICONS = {
    Kind.HALTED: "octagon-x", Kind.NO_WORKER: "server", Kind.PROVIDER_DOWN: "unplug",
    Kind.PROVIDER_THROTTLES: "gauge", Kind.SENDER_LIMIT: "gauge", Kind.OWN_SPEED: "gauge", Kind.OWN_DELAY: "timer",
    Kind.TURN: "users", Kind.RETRY: "rotate-ccw", Kind.SCHEDULED: "calendar-clock", Kind.MISSED: "calendar-clock",
    Kind.NEXT_SHARE: "calendar-days", Kind.RECIPIENT_WINDOW: "clock", Kind.PAUSED_WINDOW: "clock",
    Kind.APPROVAL: "shield-question-mark", Kind.SECOND_YES: "shield-question-mark",
    Kind.PAUSED_REVIEW: "shield-question-mark", Kind.READING: "loader", Kind.BUILDING: "loader",
    Kind.BY_HAND: "play", Kind.PUSHES: "webhook", Kind.SENDER_BLOCKED: "octagon-x", Kind.PAUSED_BALANCE: "wallet",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCause:
    """A cause with the key of its number in live answers."""

    cause: Cause
    icon: str
    tone: str
    noun: str
    live: str
    actions: list[Button]


def shown(request: PageRequest, campaign: Campaign, explanation: Explanation) -> list[ShownCause]:
    """Return what holds the campaign's messages, with what the member may do about it."""
    return [
        ShownCause(
            cause=cause,
            icon=_ICONS.get(cause.kind, "circle-pause" if not cause.is_grave else "octagon-x"),
            tone="red" if cause.is_grave else "grey" if cause.is_pace or cause.is_next else "amber",
            noun=ngettext("message", "messages", cause.count),
            live=f"why_{place}",
            actions=[
                button
                # The page's head has the buttons that change its state.
                for remedy in cause.remedies
                if remedy.do not in (Do.CONTINUE, Do.START)
                and (button := button_for(request, campaign, remedy)) is not None
            ],
        )
        for place, cause in enumerate(explanation.held)
    ]


def button_for(request: PageRequest, campaign: Campaign, remedy: Remedy) -> Button | None:
    """Return the button for what helps; None when the member may not do it or it has no page."""
    may = request.member.may
    match remedy.do:
        case Do.LIFT if may(Permission.MANAGE_SENDERS):
            return _link(request, _("Look at the halt"), "halt", icon="power")
        case Do.CONTINUE | Do.START:
            return _act(request, campaign, Action(remedy.do.value))
        case Do.EDIT if (
            may(Permission.EDIT) and campaign.status in offers.TIMING_EDITABLE and not campaign.is_one_off
        ):
            return _link(
                request, _("Change the timing"), "campaigns:edit", icon="timer", id=campaign.public_id
            )
        case Do.CHANGE_SPEED if offers.may_change_speed(campaign, request.member):
            url = workspace_url(request, "campaigns:detail", id=campaign.public_id)
            return Button(label=_("Change the speed"), icon="gauge", url=f"{url}#speed")
        case Do.MODERATE if may(Permission.MODERATE):
            url = workspace_url(request, "moderation_review", id=campaign.public_id)
            return Button(label=_("Open the review"), icon="shield-check", url=url)
        case Do.OPEN_SENDER if remedy.object_id:
            return _link(request, _("Open the sender"), "sender", icon="plug", id=remedy.object_id)
        case Do.OPEN_BALANCE:
            return _link(request, _("Open the balance"), "balance", icon="wallet")
        case Do.OPEN_CAMPAIGN if remedy.object_id:
            return _link(request, _("Open that campaign"), "campaigns:detail", id=remedy.object_id)
        case Do.SHOW_WAITING:
            url = workspace_url(request, "campaigns:recipients", id=campaign.public_id)
            return Button(label=_("Show them"), icon="list-filter", url=f"{url}?status=pending")
    return None


def _act(request: PageRequest, campaign: Campaign, action: Action) -> Button | None:
    offered = offers.one_off_actions if campaign.is_one_off else offers.actions_for
    if action not in offered(campaign, request.member):
        return None
    label = _("Start now") if action is Action.START else str(action.label)
    if action is Action.START and campaign.status == Status.DRAFT:
        return None
    url = workspace_url(request, "campaigns:act", id=campaign.public_id, action=action.value)
    return Button(label=label, icon="play", url=url, method="post", style="primary")


def _link(request: PageRequest, label: str, name: str, *, icon: str = "", **kwargs: object) -> Button | None:
    try:
        return Button(label=label, icon=icon, url=workspace_url(request, name, **kwargs))
    except NoReverseMatch:
        return None
