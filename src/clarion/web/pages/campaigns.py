"""The list of campaigns, its archive, the refreshing of its rows, their menus and drawers, and its columns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from clarion.campaigns import queries
from clarion.campaigns.states import LIVE
from clarion.deliveries import listing, overview
from clarion.web import (
    campaign_actions,
    campaign_cells,
    campaign_filters,
    campaign_info,
    list_columns,
    navigation,
    people_columns,
)
from clarion.web.campaign_rows import progress_parts, scope_of
from clarion.web.links import changed_query, safe_next, workspace_url
from clarion.web.live import Scope, live_response
from clarion.web.parts import Action, Tab
from clarion.web.templatetags.ui import grouped, short
from clarion.workspaces import operations as workspaces
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.deliveries.listing import Filters, Page, Row
    from clarion.web.http import PageRequest

#: Seconds for which everybody who looks at a workspace's list is told the same key figures.
_FIGURES_SECONDS = 1.0
_figures: dict[int, tuple[float, overview.Figures]] = {}
_SPARKS_SECONDS = 60.0
_sparks: dict[int, tuple[float, overview.Sparks]] = {}

#: Rows whose numbers are asked for in one address.
_MOST_IDS = 100


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
    context |= {
        "groups": campaign_filters.groups(filters, page, request.member),
        "column_options": list_columns.options(request.user, is_paid=request.workspace.has_balance),
        "views": _views(request),
    }
    if not is_archived:
        context |= {
            "figures": figure_values(overview.figures(request.member, page.counted)),
            "sparks": shared_sparks(request),
        }
    return render(request, "campaigns/list.html", context)


def _results(request: PageRequest, filters: Filters, page: Page) -> dict[str, Any]:
    name = "archive" if filters.is_archived else "campaigns"
    shown = _shown(request)
    frame = _frame(request, shown)
    costs = campaign_cells.costs_of(page.rows, shown)
    return {
        "filters": filters,
        "page": page,
        "shown": shown,
        "rows": [
            campaign_cells.drawn(campaign_cells.cells_of(row, costs.get(row.campaign.pk, "")), frame)
            for row in page.rows
        ],
        "columns": list_columns.heads(shown),
        "chips": campaign_filters.chips(request, filters),
        "clear_url": workspace_url(request, name),
        "bulk": _bulk_buttons(request, filters),
        "noun": ngettext("campaign", "campaigns", page.count),
        "counts": ",".join(f"{status}:{n}" for status, n in sorted(page.by_status.items())),
        "previous_url": changed_query(request, page=page.number - 1) if page.number > 1 else "",
        "next_url": changed_query(request, page=page.number + 1) if page.number < page.pages else "",
        "pager_text": _("%(first)s–%(last)s of %(count)s")
        % {"first": grouped(page.first), "last": grouped(page.last), "count": grouped(page.count)},
        "hidden": {"sort": "" if filters.sort == "-created" else filters.sort},
        "live_url": live_url(request, page.rows),
        "may_create": request.member.may(Permission.EDIT),
        "first_actions": _first_actions(request),
        "moderation_url": navigation.url_of("moderation", request.workspace.slug),
        "in_review": ngettext("%(n)d in moderation", "%(n)d in moderation", page.in_review)
        % {"n": page.in_review},
    }


def row_context(request: PageRequest, row: Row) -> dict[str, Any]:
    """Return a row with its page, for panels of a few campaigns."""
    campaign = row.campaign
    return {
        "row": row,
        "campaign": campaign,
        "url": workspace_url(request, "campaigns:detail", id=campaign.public_id),
        "menu_label": _("Actions for %(name)s") % {"name": campaign.name},
        "note": campaign_cells.note_of(campaign),
        "parts": progress_parts(row.progress, is_final=campaign.status not in LIVE),
    }


def _shown(request: PageRequest) -> frozenset[str]:
    return list_columns.chosen(request.user, is_paid=request.workspace.has_balance)


def _frame(request: PageRequest, shown: frozenset[str]) -> campaign_cells.Frame:
    return campaign_cells.Frame(
        shown=shown, base_url=workspace_url(request, "campaigns"), is_demo=request.workspace.is_demo
    )


def live_url(request: PageRequest, rows: Any) -> str:
    """Return where the rows' numbers are asked for; empty when none of them moves by itself.

    Rows that have come to their end are not asked about.
    """
    ids = "&".join(f"id={row.campaign.public_id}" for row in rows if row.campaign.status in LIVE)
    return f"{workspace_url(request, 'campaigns:live')}?{ids}" if ids else ""


@require_safe
def live(request: PageRequest, workspace: str) -> HttpResponse:
    """The numbers of the rows that a page shows, and the key figures."""
    rows = listing.live_rows(request.member, ids_of(request.GET.getlist("id")))
    figures = shared_figures(request)
    costs = campaign_cells.costs_of(rows, _shown(request))
    return live_response(
        request,
        Scope(values=figure_values(figures)),
        final=not any(row.campaign.status in LIVE for row in rows),
        scopes={str(row.campaign.public_id): scope_of(row, costs.get(row.campaign.pk, "")) for row in rows},
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
    found, shown = _row_of(request, id), _shown(request)
    cost = campaign_cells.costs_of([found], shown).get(found.campaign.pk, "")
    return HttpResponse(campaign_cells.drawn(campaign_cells.cells_of(found, cost), _frame(request, shown)))


@require_safe
def menu(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """What can be done with a campaign now, as the row's menu."""
    found = _row_of(request, id)
    actions = campaign_actions.buttons(request, found.campaign, found.progress, with_open=True)
    return render(request, "campaigns/_menu.html", {"actions": actions})


@require_safe
def info(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The primary facts about a campaign: in the drawer, or as a page with all that can be done."""
    found = _row_of(request, id)
    context = campaign_info.context(request, found)
    if request.htmx and request.htmx.target == "drawer-body":
        return render(request, "campaigns/info.html#facts", context)
    actions = campaign_actions.buttons(request, found.campaign, found.progress)
    return render(request, "campaigns/info.html", context | {"actions": actions})


def _row_of(request: PageRequest, id: UUID) -> Row:
    campaign = queries.campaign_for(request.member, id)
    if campaign is None:
        raise Http404
    (found,) = listing.rows_of([campaign])
    return found


@require_POST
def columns(request: PageRequest, workspace: str) -> HttpResponse:
    """Remember which columns the person wants to see; the usual ones when asked for, or when none is left."""
    keys = [] if "usual" in request.POST else list_columns.known(request.POST.getlist("column"))
    workspaces.choose_columns(user=request.user, columns=[*keys, *people_columns.others_kept(request.user)])
    return HttpResponseRedirect(safe_next(request, default=workspace_url(request, "campaigns")))


def _views(request: PageRequest) -> list[Tab]:
    """Return the list beside the other ways to look at campaigns that exist."""
    labels = {
        "campaigns": (_("List"), "list"),
        "calendar": (_("Calendar"), "calendar-days"),
        "statistics": (_("Statistics"), "chart-column"),
    }
    found = ((name, navigation.url_of(name, request.workspace.slug)) for name in labels)
    return [
        Tab(label=labels[name][0], icon=labels[name][1], url=url, current=name == "campaigns")
        for name, url in found
        if url is not None
    ]


def _bulk_buttons(request: PageRequest, filters: Filters) -> list[dict[str, Any]]:
    compare: dict[str, Any] = {"value": "compare", "label": _("Compare"), "icon": "git-compare"}
    if not request.member.may(Permission.EDIT):
        return [compare]
    delete: dict[str, Any] = {"value": "delete", "label": _("Delete"), "icon": "trash-2", "ask": True}
    if filters.is_archived:
        found: list[dict[str, Any]] = [
            {"value": "restore", "label": _("Restore"), "icon": "archive-restore"},
            compare,
            delete,
        ]
        if request.member.may(Permission.MANAGE_MEMBERS):
            found.append({"value": "purge", "label": _("Delete for good"), "icon": "trash-2", "ask": True})
        return found
    return [{"value": "archive", "label": _("Archive"), "icon": "archive"}, compare, delete]


def _first_actions(request: PageRequest) -> list[Action]:
    if not request.member.may(Permission.EDIT):
        return []
    url = workspace_url(request, "campaigns:new")
    return [Action(label=_("New campaign"), icon="plus", style="primary", url=url)]


def ids_of(texts: list[str]) -> list[UUID]:
    """Return the ids that the texts are, each once; what is none is left out."""
    found: dict[UUID, None] = {}
    for text in texts[:_MOST_IDS]:
        try:
            found[UUID(text)] = None
        except ValueError:
            continue
    return list(found)
