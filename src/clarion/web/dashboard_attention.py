"""What waits for a person, as the dashboard lists it: each thing with the way to its cure."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from clarion.campaigns.states import Status
from clarion.deliveries.attention import Need
from clarion.deliveries.causes import Do, Remedy
from clarion.web.campaign_why import button_for
from clarion.web.links import workspace_url
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.deliveries.attention import Wanted
    from clarion.web.http import PageRequest
    from clarion.web.parts import Action

#: How each is shown: status and kind of its badge, and what helps.
_LOOKS: dict[Need, tuple[str, str, tuple[Do, ...]]] = {
    Need.HALTED: ("halted", "thing", ()),
    Need.NO_WORKER: ("failed", "thing", ()),
    Need.WORKER_GONE: ("failed", "thing", ()),
    Need.MISSED: ("missed", "thing", (Do.START, Do.EDIT)),
    Need.FAILED: (Status.FAILED, "campaign", ()),
    Need.PAUSED: (Status.PAUSED, "campaign", ()),
    Need.BALANCE: ("low", "thing", ()),
    Need.SENDER: ("blocked", "thing", ()),
    Need.PROVIDER: ("waiting", "thing", ()),
    Need.WEBHOOK: ("disabled", "thing", ()),
    Need.UNKNOWN: ("unknown", "recipient", ()),
    Need.REVIEW: (Status.IN_REVIEW, "campaign", ()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWant:
    """One thing of the list; `cure` are the words of the link to `url`, empty when the name is link enough."""

    wanted: Wanted
    status: str
    kind: str
    url: str
    cure: str
    actions: list[Action]


def shown(request: PageRequest, wanted: Sequence[Wanted]) -> list[ShownWant]:
    """Return the list with its links and buttons."""
    return [_shown(request, one) for one in wanted]


def version(wanted: Sequence[Wanted]) -> str:
    """Return what differs when the list must be drawn anew."""
    words = "|".join(f"{one.need} {one.name} {one.why}" for one in wanted)
    return f"{zlib.crc32(words.encode()):x}"


def _shown(request: PageRequest, one: Wanted) -> ShownWant:
    status, kind, remedies = _LOOKS[one.need]
    url, cure = _cure(request, one)
    buttons = [
        button_for(request, one.campaign, Remedy(do=do)) for do in remedies if one.campaign is not None
    ]
    return ShownWant(
        wanted=one,
        status=status,
        kind=kind,
        url=url,
        cure=cure,
        actions=[b for b in buttons if b is not None],
    )


def _cure(request: PageRequest, one: Wanted) -> tuple[str, str]:
    """Return where to go about it, and the words of the link."""
    if one.sender is not None:
        return workspace_url(request, "sender", id=one.sender.public_id), _("Open the sender")
    if one.endpoint is not None:
        return workspace_url(request, "webhook", id=one.endpoint.public_id), _("Open the webhook")
    if one.need is Need.HALTED:
        return workspace_url(request, "halt"), _("Look at the halt")
    if one.need is Need.BALANCE:
        return workspace_url(request, "balance"), _("Look at the balance")
    if one.campaign is None:
        return "", ""
    id = one.campaign.public_id
    detail = workspace_url(request, "campaigns:detail", id=id)
    match one.need:
        case Need.UNKNOWN:
            return workspace_url(request, "campaigns:recipients", id=id) + "?status=unknown", _("Settle them")
        case Need.FAILED | Need.PAUSED:
            return f"{workspace_url(request, 'campaigns:errors', id=id)}?type=job", _("See the errors")
        case Need.REVIEW:
            button = button_for(request, one.campaign, Remedy(do=Do.MODERATE))
            return (button.url, str(button.label)) if button is not None else (detail, "")
    if one.need is Need.MISSED and not request.member.may(Permission.LAUNCH):
        return detail, _("Open the campaign")
    return detail, ""
