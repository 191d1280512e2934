"""Files of a campaign's recipients: asked for with a filter, watched, fetched, taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clarion.deliveries.errors import ExportRefused
from clarion.deliveries.exporting import files, formats, operations, queries, writing
from clarion.deliveries.models import Export, ExportFormat, ExportStatus
from clarion.deliveries.wanted import Wanted
from clarion.web import campaign_page
from clarion.web.access import require
from clarion.web.charts import Part, bar_geometry
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.live import Scope, live_response
from clarion.web.parts import Action, Confirm, Option
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.web.campaign_page import CampaignPage
    from clarion.web.http import PageRequest

_WORKING = (ExportStatus.QUEUED, ExportStatus.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An export as the page shows it."""

    export: Export
    conditions: list[str]
    is_working: bool
    parts: list[Part]
    total: int
    file_url: str
    remove: Action


@require_safe
def exports(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The exports of the campaign and the form for a new one, with the filter of the query string."""
    page = campaign_page.load(request, id, "exports")
    if page.run is None:
        return HttpResponseRedirect(page.urls["detail"])
    wanted = Wanted.read(request.GET)
    query = wanted.query()
    context = _listed(request, page) | {
        "page": page,
        "conditions": wanted.in_words(is_private=not page.may_see_people),
        "fields": query | ({"run": str(page.run.number)} if page.run_query else {}),
        "count": writing.expected(page.run, wanted),
        "is_exact": writing.is_exact(page.run, wanted),
        "formats": _formats(),
        "create_url": _url(request, "export_new", id),
        "recipients_url": page.urls["recipients"] + page.run_query,
        "all_url": page.urls["exports"] + page.run_query,
    }
    return render(request, "campaign/exports.html", context)


@require_safe
def list_(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The list alone, fetched when the state of one of them has changed."""
    page = campaign_page.load(request, id, "exports")
    return render(request, "campaign/exports.html#list", _listed(request, page))


@require_safe
def now(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """How far the exports have come, as JSON."""
    page = campaign_page.load(request, id, "exports")
    rows = _rows(request, page)
    scopes = {
        f"export-{row.export.pk}": Scope(
            values={
                "progress_percent": row.export.done_count * 100 // row.total if row.total else 0,
                "progress_done": row.export.done_count,
                "progress_total": row.total,
            },
            bars={"progress": bar_geometry(row.parts, total=row.total)},
        )
        for row in rows
        if row.is_working
    }
    top = Scope(versions={"exports": _version(rows)})
    return live_response(request, top, final=not scopes, scopes=scopes)


@require_POST
def create(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Have a file made."""
    page = campaign_page.load(request, id, "exports", typed=request.POST.get("run", ""))
    if page.run is None:
        raise Http404
    try:
        operations.create_export(
            run=page.run,
            wanted=Wanted.read(request.POST),
            kind=request.POST.get("format", ""),
            has_bom="bom" in request.POST,
            by=of_member(request.member),
        )
    except ExportRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The file is being made."))
    return HttpResponseRedirect(page.urls["exports"] + page.run_query)


@require_safe
def download(request: PageRequest, workspace: str, id: UUID, export: UUID) -> HttpResponseBase:
    """The file itself."""
    found = _found(request, id, export)
    if not found.is_masked:
        require(request, Permission.VIEW_PII)
    if found.status != ExportStatus.DONE:
        raise Http404
    try:
        file = files.path_of(found.file_path).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    if request.method == "GET":
        operations.record_download(export=found, by=of_member(request.member))
    campaign = found.run.campaign
    stem = slugify(campaign.name, allow_unicode=True)[:60] or "campaign"
    name = f"{stem}-run-{found.run.number}.{found.format.lower()}"
    answer = FileResponse(
        file,
        as_attachment=True,
        filename=name,
        content_type=formats.CONTENT_TYPES[ExportFormat(found.format)],
    )
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_POST
def delete(request: PageRequest, workspace: str, id: UUID, export: UUID) -> HttpResponse:
    """Take it away, once that was confirmed."""
    found = _found(request, id, export)
    back = _url(request, "exports", id)
    if not is_confirmed(request):
        return confirm_page(request, _question(found), back=back)
    operations.delete_export(export=found, by=of_member(request.member))
    messages.success(request, _("The export is deleted."))
    return HttpResponseRedirect(back)


def _found(request: PageRequest, id: UUID, public_id: UUID) -> Export:
    campaign = campaign_page.campaign_of(request, id)
    export = queries.export_for(request.member, campaign, public_id)
    if export is None:
        raise Http404
    return export


def _listed(request: PageRequest, page: CampaignPage) -> dict[str, Any]:
    rows = _rows(request, page)
    return {
        "rows": rows,
        "is_working": any(row.is_working for row in rows),
        "version": _version(rows),
        "list_url": _url(request, "exports_list", page.campaign.public_id),
        "now_url": _url(request, "exports_now", page.campaign.public_id),
        "run_count": page.run_count,
    }


def _rows(request: PageRequest, page: CampaignPage) -> list[Shown]:
    found = queries.exports_for(request.member, page.campaign)[: queries.EXPORTS_SHOWN]
    return [_shown(request, page, export) for export in found]


def _version(rows: Sequence[Shown]) -> str:
    return ",".join(f"{row.export.pk}{row.export.status}" for row in rows)


def _shown(request: PageRequest, page: CampaignPage, export: Export) -> Shown:
    total = max(export.total_count, export.done_count)
    may_fetch = export.status == ExportStatus.DONE and (
        export.is_masked or request.member.may(Permission.VIEW_PII)
    )
    ids = {"id": page.campaign.public_id, "export": export.public_id}
    return Shown(
        export=export,
        conditions=Wanted.read(export.wanted).in_words(is_private=not page.may_see_people),
        is_working=export.status in _WORKING,
        parts=[Part("written", _("Written"), export.done_count, "brand")],
        total=total,
        file_url=workspace_url(request, "campaigns:export_file", **ids) if may_fetch else "",
        remove=Action(
            label=_("Delete"),
            icon="trash-2",
            url=workspace_url(request, "campaigns:export_delete", **ids),
            method="post",
            icon_only=True,
            confirm=_question(export),
        ),
    )


def _question(export: Export) -> Confirm:
    if export.status in _WORKING:
        return Confirm(
            title=_("Delete this export?"), text=_("The file is not made then."), label=_("Delete export")
        )
    return Confirm(
        title=_("Delete this export?"),
        text=_("Its file is removed. It can be made anew."),
        label=_("Delete export"),
    )


def _formats() -> list[Option]:
    words = {
        ExportFormat.CSV: _("CSV: a table as text"),
        ExportFormat.XLSX: _("XLSX: a workbook"),
        ExportFormat.TXT: _("TXT: an address a line"),
    }
    return [
        Option(value=kind.value, label=label, checked=kind is ExportFormat.CSV)
        for kind, label in words.items()
    ]


def _url(request: PageRequest, name: str, id: UUID) -> str:
    return workspace_url(request, f"campaigns:{name}", id=id)
