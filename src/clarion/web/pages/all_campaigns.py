"""The campaigns of all workspaces in one list, to read, for system administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from clarion.campaigns.states import LIVE
from clarion.deliveries import listing, overview
from clarion.web import campaign_cells, campaign_filters, list_columns
from clarion.web.campaign_rows import scope_of
from clarion.web.links import changed_query
from clarion.web.live import Scope, live_response
from clarion.web.pages.campaigns import figure_values, ids_of
from clarion.web.pages.system import of_administrators
from clarion.web.parts import Chip, Column, FilterGroup, Option
from clarion.web.templatetags.ui import grouped
from clarion.workspaces import queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.deliveries.listing import Filters, Page
    from clarion.web.http import PersonRequest
    from clarion.workspaces.models import Workspace


@of_administrators
@require_safe
def campaign_list(request: PersonRequest) -> HttpResponse:
    """The list, or only its results when the filters ask."""
    filters = campaign_filters.read(request.GET, is_archived=False)
    known = queries.all_workspaces(request.user)
    asked = set(request.GET.getlist("workspace"))
    chosen = [one for one in known if one.slug in asked]
    page = listing.list_of_all(request.user, filters, [one.slug for one in chosen])
    context = _results(request, filters, page, chosen)
    slugs = [one.slug for one in chosen]
    if request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request:
        return render(request, "system/campaigns.html#results", context)
    options = [Option(value=one.slug, label=one.name, checked=one in chosen) for one in known]
    context["figures"] = figure_values(overview.figures_of_all(request.user, slugs, page.counted))
    context["groups"] = [
        FilterGroup(name="workspace", label=_("Workspace"), options=options),
        *campaign_filters.groups(filters, page, None),
    ]
    return render(request, "system/campaigns.html", context)


def _results(
    request: PersonRequest, filters: Filters, page: Page, chosen: Sequence[Workspace]
) -> dict[str, Any]:
    shown = list_columns.chosen(request.user, is_paid=_is_paid(page.rows))
    costs = campaign_cells.costs_of(page.rows, shown)
    heads = list_columns.heads(shown)
    heads.insert(2, Column(label=_("Workspace")))
    chips = [
        Chip(label=one.name, url=campaign_filters.without(request, "workspace", one.slug), name="workspace",
             value=one.slug)
        for one in chosen
    ]  # fmt: skip
    return {
        "filters": filters,
        "page": page,
        "rows": [_drawn(row, shown, costs.get(row.campaign.pk, "")) for row in page.rows],
        "live_url": _live_url(page.rows, chosen),
        "columns": heads,
        "chips": [*chips, *campaign_filters.chips(request, filters)],
        "is_narrowed": filters.is_narrowed or bool(chosen),
        "clear_url": reverse("all_campaigns"),
        "noun": ngettext("campaign", "campaigns", page.count),
        "previous_url": changed_query(request, page=page.number - 1) if page.number > 1 else "",
        "next_url": changed_query(request, page=page.number + 1) if page.number < page.pages else "",
        "pager_text": _("%(first)s–%(last)s of %(count)s")
        % {"first": grouped(page.first), "last": grouped(page.last), "count": grouped(page.count)},
        "hidden": {"sort": "" if filters.sort == "-created" else filters.sort},
    }


def _is_paid(rows: Sequence[listing.Row]) -> bool:
    return any(row.campaign.workspace.has_balance for row in rows)


def _live_url(rows: Sequence[listing.Row], chosen: Sequence[Workspace]) -> str:
    """Return where the rows' numbers are asked for; empty when none of them moves by itself."""
    ids = [("id", str(row.campaign.public_id)) for row in rows if row.campaign.status in LIVE]
    workspaces = [("workspace", one.slug) for one in chosen]
    return f"{reverse('all_campaigns_live')}?{urlencode([*ids, *workspaces])}" if ids else ""


@of_administrators
@require_safe
def live(request: PersonRequest) -> HttpResponse:
    """The numbers of the rows that a page shows, and the key figures."""
    rows = listing.live_rows_of_all(request.user, ids_of(request.GET.getlist("id")))
    costs = campaign_cells.costs_of(rows, list_columns.chosen(request.user, is_paid=_is_paid(rows)))
    figures = overview.figures_of_all(request.user, request.GET.getlist("workspace")[:200])
    return live_response(
        request,
        Scope(values=figure_values(figures)),
        final=not any(row.campaign.status in LIVE for row in rows),
        scopes={str(row.campaign.public_id): scope_of(row, costs.get(row.campaign.pk, "")) for row in rows},
    )


@of_administrators
@require_safe
def row(request: PersonRequest, id: UUID) -> HttpResponse:
    """One row afresh, when its state has changed."""
    found = listing.row_of_all(request.user, id)
    if found is None:
        raise Http404
    shown = list_columns.chosen(request.user, is_paid=_is_paid([found]))
    cost = campaign_cells.costs_of([found], shown).get(found.campaign.pk, "")
    return HttpResponse(_drawn(found, shown, cost))


def _drawn(row: listing.Row, shown: frozenset[str], cost: str = "") -> str:
    workspace = row.campaign.workspace
    frame = campaign_cells.Frame(
        shown=shown,
        base_url=reverse("campaigns", kwargs={"workspace": workspace.slug}),
        is_demo=workspace.is_demo,
        may_select=False,
        workspace=workspace.name,
        row_base=reverse("all_campaigns"),
    )
    return campaign_cells.drawn(campaign_cells.cells_of(row, cost), frame)
