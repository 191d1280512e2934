"""The campaigns of all workspaces in one list, to read, for system administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from clarion.deliveries import listing
from clarion.web import campaign_cells, campaign_filters, list_columns
from clarion.web.links import changed_query
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
    if request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request:
        return render(request, "system/campaigns.html#results", context)
    options = [Option(value=one.slug, label=one.name, checked=one in chosen) for one in known]
    context["groups"] = [
        FilterGroup(name="workspace", label=_("Workspace"), options=options),
        *campaign_filters.groups(filters, page, None),
    ]
    return render(request, "system/campaigns.html", context)


def _results(
    request: PersonRequest, filters: Filters, page: Page, chosen: Sequence[Workspace]
) -> dict[str, Any]:
    shown = list_columns.chosen(request.user)
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
        "rows": [_drawn(row, shown) for row in page.rows],
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


def _drawn(row: listing.Row, shown: frozenset[str]) -> str:
    workspace = row.campaign.workspace
    frame = campaign_cells.Frame(
        shown=shown,
        base_url=reverse("campaigns", kwargs={"workspace": workspace.slug}),
        is_demo=workspace.is_demo,
        may_select=False,
        workspace=workspace.name,
    )
    return campaign_cells.drawn(campaign_cells.cells_of(row), frame)
