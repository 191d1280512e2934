"""The list of campaigns, its archive, the refreshing of its rows, and what is done to many at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from clarion.campaigns import offers, operations, queries
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Launch
from clarion.campaigns.offers import Handling
from clarion.campaigns.states import LIVE, Status
from clarion.deliveries import listing, overview
from clarion.web import campaign_actions, campaign_filters
from clarion.web.campaign_rows import progress_parts, scope_of, version_of
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import changed_query, safe_next, workspace_url
from clarion.web.live import Scope, live_response
from clarion.web.parts import Action, Column, Confirm
from clarion.web.templatetags.ui import grouped, short
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.deliveries.listing import Filters, Page, Row
    from clarion.web.http import PageRequest

#: Seconds for which everybody who looks at a workspace's list is told the same key figures.
_FIGURES_SECONDS = 1.0
_figures: dict[int, tuple[float, overview.Figures]] = {}
_SPARKS_SECONDS = 60.0
_sparks: dict[int, tuple[float, overview.Sparks]] = {}

COLUMNS = [
    Column(label=gettext_lazy("Campaign"), sort="name"),
    Column(label=gettext_lazy("Status")),
    Column(label=gettext_lazy("Progress")),
    Column(label=gettext_lazy("Channel and sender"), sort="sender"),
    Column(label=gettext_lazy("Start"), sort="start"),
    Column(label=gettext_lazy("Created"), sort="created"),
]


@require_safe
def campaign_list(request: PageRequest, workspace: str) -> HttpResponse:
    """The list, or only its results when the filters ask."""
    return _list(request, is_archived=False)


@require_safe
def archive(request: PageRequest, workspace: str) -> HttpResponse:
    """What was put away; each can be restored."""
    return _list(request, is_archived=True)


def _list(request: PageRequest, *, is_archived: bool) -> HttpResponse:
    filters = campaign_filters.read(request.GET, is_archived=is_archived)
    page = listing.campaign_list(request.member, filters)
    context = _results(request, filters, page)
    if request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request:
        return render(request, "campaigns/list.html#results", context)
    context |= {"groups": campaign_filters.groups(filters, page)}
    if not is_archived:
        context |= {
            "figures": figure_values(overview.figures(request.member, page.in_all)),
            "sparks": shared_sparks(request),
        }
    return render(request, "campaigns/list.html", context)


def _results(request: PageRequest, filters: Filters, page: Page) -> dict[str, Any]:
    rows = [row_context(request, row) for row in page.rows]
    name = "archive" if filters.is_archived else "campaigns"
    return {
        "filters": filters,
        "page": page,
        "rows": rows,
        "columns": COLUMNS,
        "chips": campaign_filters.chips(request, filters),
        "clear_url": workspace_url(request, name),
        "bulk": _bulk_buttons(request, filters),
        "noun": ngettext("campaign", "campaigns", page.count),
        "counts": ",".join(f"{status}:{n}" for status, n in sorted(page.by_status.items())),
        "previous_url": changed_query(request, page=page.number - 1) if page.number > 1 else "",
        "next_url": changed_query(request, page=page.number + 1) if page.number < page.pages else "",
        "pager_text": _("%(first)s–%(last)s of %(count)s")
        % {"first": grouped(page.first), "last": grouped(page.last), "count": grouped(page.count)},
        "hidden": {} if filters.sort == "-created" else {"sort": filters.sort},
        "live_url": live_url(request, page.rows),
        "may_create": request.member.may(Permission.EDIT),
        "first_actions": _first_actions(request),
    }


def row_context(request: PageRequest, row: Row) -> dict[str, Any]:
    """Return a row with what its cells and its menu need."""
    campaign = row.campaign
    return {
        "row": row,
        "campaign": campaign,
        "version": version_of(row),
        "short_id": str(campaign.public_id)[:8],
        "note": campaign.status_reason if campaign.status in (Status.FAILED, Status.PAUSED) else "",
        "parts": progress_parts(row.progress, is_final=row.is_final),
        "starts": campaign.next_at or campaign.started_at or campaign.starts_at,
        "is_manual": campaign.launch == Launch.MANUAL,
        "actions": campaign_actions.buttons(request, campaign, row.progress, with_open=True),
        "may_select": request.member.may(Permission.EDIT),
        "menu_id": f"menu-{campaign.public_id}",
        "menu_label": _("Actions for %(name)s") % {"name": campaign.name},
        "url": workspace_url(request, "campaigns:detail", id=campaign.public_id),
    }


def live_url(request: PageRequest, rows: Any) -> str:
    """Return where the rows' numbers are asked for; empty when none of them moves by itself."""
    if not any(row.campaign.status in LIVE for row in rows):
        return ""
    ids = "&".join(f"id={row.campaign.public_id}" for row in rows)
    return f"{workspace_url(request, 'campaigns:live')}?{ids}"


@require_safe
def live(request: PageRequest, workspace: str) -> HttpResponse:
    """The numbers of the rows that a page shows, and the key figures."""
    rows = listing.live_rows(request.member, _ids(request.GET.getlist("id")))
    figures = shared_figures(request)
    return live_response(
        request,
        Scope(values=figure_values(figures)),
        final=not any(row.campaign.status in LIVE for row in rows),
        scopes={str(row.campaign.public_id): scope_of(row) for row in rows},
    )


def figure_values(figures: overview.Figures) -> dict[str, int | str]:
    """Return the key figures as the tiles show them."""
    return {
        "total": figures.total,
        "active": figures.active,
        "completed": figures.completed,
        "failed": figures.failed,
        "delivered": short(figures.delivered) if figures.delivered > 99_999 else figures.delivered,
    }


def shared_figures(request: PageRequest) -> overview.Figures:
    """Return the key figures, at most a second old: asked for once, however many people look."""
    now = time.monotonic()
    at, figures = _figures.get(request.workspace.pk, (0.0, None))
    if figures is None or now - at > _FIGURES_SECONDS:
        figures = overview.figures(request.member)
        _figures[request.workspace.pk] = (now, figures)
    return figures


def shared_sparks(request: PageRequest) -> overview.Sparks:
    """Return the sparklines, at most a minute old: they count by days, and counting costs more than the page."""
    now = time.monotonic()
    at, sparks = _sparks.get(request.workspace.pk, (0.0, None))
    if sparks is None or now - at > _SPARKS_SECONDS:
        sparks = overview.sparks(request.member)
        _sparks[request.workspace.pk] = (now, sparks)
    return sparks


@require_safe
def row(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """One row afresh, when its state has changed."""
    campaign = queries.campaign_for(request.member, id)
    if campaign is None:
        raise Http404
    (found,) = listing.rows_of([campaign])
    return render(request, "campaigns/list.html#row", {"one": row_context(request, found)})


@require_POST
def bulk(request: PageRequest, workspace: str) -> HttpResponse:
    """Archive, restore or delete the chosen ones; those that do not allow it stay and are counted."""
    handling = request.POST.get("action")
    ids = _ids(request.POST.getlist("id"))
    back = safe_next(request, default=workspace_url(request, "campaigns"))
    doing = {
        Handling.ARCHIVE: operations.archive,
        Handling.RESTORE: operations.restore,
        Handling.DELETE: operations.delete,
    }
    if handling not in doing or not ids:
        messages.warning(request, _("Nothing was chosen."))
        return HttpResponseRedirect(back)
    chosen = list(queries.campaigns_for(request.member).filter(public_id__in=ids))
    fitting = [one for one in chosen if handling in offers.handling_for(one, request.member)]
    if handling == Handling.DELETE and not is_confirmed(request):
        return confirm_page(request, _delete_question(fitting, len(chosen)), back=back)
    done = 0
    for campaign in fitting:
        try:
            doing[Handling(handling)](campaign=campaign, by=of_member(request.member))
            done += 1
        except TransitionRefused:
            continue
    _tell_bulk(request, Handling(handling), done, len(ids) - done)
    return HttpResponseRedirect(back)


def _delete_question(fitting: list[Any], chosen: int) -> Confirm:
    n = len(fitting)
    facts = [ngettext("%(n)d campaign will be deleted.", "%(n)d campaigns will be deleted.", n) % {"n": n}]
    if chosen > n:
        rest = chosen - n
        facts.append(
            ngettext(
                "%(n)d was sent or is at work and stays.", "%(n)d were sent or are at work and stay.", rest
            )
            % {"n": rest}
        )
    return Confirm(
        title=_("Delete the chosen campaigns?"),
        text=_("They cannot be brought back."),
        facts=facts,
        label=_("Delete"),
    )


def _tell_bulk(request: PageRequest, handling: Handling, done: int, left: int) -> None:
    n = {"n": done}
    sentence = {
        Handling.ARCHIVE: ngettext("%(n)d campaign archived.", "%(n)d campaigns archived.", done) % n,
        Handling.RESTORE: ngettext("%(n)d campaign restored.", "%(n)d campaigns restored.", done) % n,
        Handling.DELETE: ngettext("%(n)d campaign deleted.", "%(n)d campaigns deleted.", done) % n,
    }[handling]
    if done:
        messages.success(request, sentence)
    if left:
        messages.warning(
            request,
            ngettext(
                "%(n)d campaign does not allow that in its state.",
                "%(n)d campaigns do not allow that in their state.",
                left,
            )
            % {"n": left},
        )


def _bulk_buttons(request: PageRequest, filters: Filters) -> list[dict[str, Any]]:
    if not request.member.may(Permission.EDIT):
        return []
    delete = {"value": "delete", "label": _("Delete"), "icon": "trash-2"}
    if filters.is_archived:
        return [{"value": "restore", "label": _("Restore"), "icon": "archive-restore"}, delete]
    return [{"value": "archive", "label": _("Archive"), "icon": "archive"}, delete]


def _first_actions(request: PageRequest) -> list[Action]:
    if not request.member.may(Permission.EDIT):
        return []
    url = workspace_url(request, "campaigns:new")
    return [Action(label=_("New campaign"), icon="plus", style="primary", url=url)]


def _ids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts[:100]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
