"""What is done to many campaigns at once, what is not and why, and taking it back."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clarion.campaigns import offers, operations, queries
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.offers import Handling, Obstacle
from clarion.deliveries import purging
from clarion.web import undo
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import safe_next, workspace_url
from clarion.web.pages.campaigns import ids_of
from clarion.web.parts import Confirm
from clarion.web.templatetags.ui import grouped
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clarion.campaigns.models import Campaign
    from clarion.web.http import PageRequest

_DOING: dict[Handling, Callable[..., Any]] = {
    Handling.ARCHIVE: operations.archive,
    Handling.RESTORE: operations.restore,
    Handling.DELETE: operations.delete,
    Handling.PURGE: purging.purge,
}
_ASKED = (Handling.DELETE, Handling.PURGE)


@require_POST
def bulk(request: PageRequest, workspace: str) -> HttpResponse:
    """Archive, restore, delete, purge or compare the chosen ones; what does not allow it stays, and is told why."""
    asked = request.POST.get("action", "")
    back = safe_next(request, default=workspace_url(request, "campaigns"))
    ids = ids_of(request.POST.getlist("id"))
    if asked == "undo":
        return _undo(request, back)
    if asked == "compare" and ids:
        query = "&".join(f"id={one}" for one in ids)
        return HttpResponseRedirect(f"{workspace_url(request, 'statistics')}?{query}")
    if asked not in _DOING or not ids:
        messages.warning(request, _("Nothing was chosen."))
        return HttpResponseRedirect(back)
    handling = Handling(asked)
    chosen = list(queries.campaigns_for(request.member).filter(public_id__in=ids))
    fitting = [one for one in chosen if handling in offers.handling_for(one, request.member)]
    reasons = _reasons(request, handling, chosen)
    if handling in _ASKED and fitting:
        question = _question(handling, fitting, reasons)
        if not is_confirmed(request, typed=question.type_to_confirm):
            return confirm_page(request, question, back=back)
    _do(request, handling, fitting, reasons)
    return HttpResponseRedirect(back)


def _undo(request: PageRequest, back: str) -> HttpResponse:
    """Bring back what was archived last."""
    ids = undo.take(request)
    away = queries.campaigns_for(request.member).filter(public_id__in=ids).exclude(archived_at=None)
    _do(request, Handling.RESTORE, list(away), [])
    return HttpResponseRedirect(back)


def _do(request: PageRequest, handling: Handling, fitting: Sequence[Campaign], reasons: list[str]) -> None:
    done, late = [], 0
    for campaign in fitting:
        try:
            _DOING[handling](campaign=campaign, by=of_member(request.member))
            done.append(campaign)
        except TransitionRefused:
            late += 1
    if handling is Handling.ARCHIVE:
        undo.offer(request, done)
    if done:
        messages.success(request, _told(handling, len(done)), extra_tags=undo.tag(request))
    if late:
        reasons = [*reasons, _("%(n)d changed meanwhile and stayed as they are.") % {"n": late}]
    if reasons:
        messages.warning(request, " ".join(reasons))


def _told(handling: Handling, n: int) -> str:
    return {
        Handling.ARCHIVE: ngettext("%(n)d campaign archived.", "%(n)d campaigns archived.", n),
        Handling.RESTORE: ngettext("%(n)d campaign restored.", "%(n)d campaigns restored.", n),
        Handling.DELETE: ngettext("%(n)d campaign deleted.", "%(n)d campaigns deleted.", n),
        Handling.PURGE: ngettext("%(n)d campaign deleted for good.", "%(n)d campaigns deleted for good.", n),
    }[handling] % {"n": n}


def _reasons(request: PageRequest, handling: Handling, chosen: Sequence[Campaign]) -> list[str]:
    """Return a sentence for each reason why some of the chosen stay as they are."""
    found = Counter(offers.obstacle_to(handling, one, request.member) for one in chosen)
    return [_obstacle(handling, obstacle, found[obstacle]) for obstacle in Obstacle if found.get(obstacle)]


def _obstacle(handling: Handling, obstacle: Obstacle, n: int) -> str:
    match obstacle:
        case Obstacle.AT_WORK:
            text = ngettext(
                "%(n)d is at work and stays: stop or cancel it first.",
                "%(n)d are at work and stay: stop or cancel them first.",
                n,
            )
        case Obstacle.IN_REVIEW:
            text = ngettext("%(n)d is in review and stays.", "%(n)d are in review and stay.", n)
        case Obstacle.SENT if handling is Handling.DELETE:
            text = ngettext(
                "%(n)d was sent and stays: archive it; an administrator can delete it there.",
                "%(n)d were sent and stay: archive them; an administrator can delete them there.",
                n,
            )
        case Obstacle.OPEN if handling is Handling.DELETE:
            text = ngettext(
                "%(n)d is neither a draft nor cancelled and stays: cancel or archive it first.",
                "%(n)d are neither drafts nor cancelled and stay: cancel or archive them first.",
                n,
            )
        case Obstacle.ROLE:
            text = _("Your role does not include this.")
        case Obstacle.SO_ALREADY:
            text = ngettext("%(n)d is so already.", "%(n)d are so already.", n)
        case _:
            text = ngettext(
                "%(n)d does not need that in its state.", "%(n)d do not need that in their state.", n
            )
    return text % {"n": n}


def _question(handling: Handling, fitting: Sequence[Campaign], reasons: list[str]) -> Confirm:
    n = len(fitting)
    facts = [ngettext("%(n)d campaign will be deleted.", "%(n)d campaigns will be deleted.", n) % {"n": n}]
    if handling is Handling.DELETE:
        return Confirm(
            title=_("Delete the chosen campaigns?"),
            text=_("They cannot be brought back."),
            facts=[*facts, *reasons],
            label=_("Delete"),
        )
    people = sum(purging.people_of(campaign) for campaign in fitting)
    facts.append(
        ngettext("%(n)s recipient’s record goes.", "%(n)s recipients’ records go.", people)
        % {"n": grouped(people)}
    )
    return Confirm(
        title=_("Delete the chosen campaigns for good?"),
        text=_(
            "With them goes the record of every message. Only the audit log keeps that they existed. "
            "Type how many there are."
        ),
        facts=[*facts, *reasons],
        label=_("Delete for good"),
        type_to_confirm=str(n),
    )
