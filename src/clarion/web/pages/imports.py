"""Imports of contacts: upload, mapping with a preview, progress, report; the last two of suppressions as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.audience import columns, operations, queries, uploads
from clarion.audience.cellforms import Forms
from clarion.audience.errors import CsvInvalid, ImportNotPossible, MappingInvalid
from clarion.audience.models import Import, ImportStatus
from clarion.audience.operations.suppressions import ADDRESS, REASON
from clarion.channels import registry
from clarion.lib.sentences import spoken
from clarion.web.access import require
from clarion.web.charts import Part, bar_geometry
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.import_form import DialectForm, MappingForm
from clarion.web.links import workspace_url
from clarion.web.live import Scope, live_response
from clarion.web.parts import Action, Column, Confirm, Stat
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

SHOWN = 100
#: Rows of the file in the preview, and columns of it.
PREVIEW_ROWS = 5

COLUMNS = [
    Column(label=gettext_lazy("File")),
    Column(label=gettext_lazy("Status")),
    Column(label=gettext_lazy("Rows"), style="table__end"),
    Column(label=gettext_lazy("Added"), style="table__end"),
    Column(label=gettext_lazy("Updated"), style="table__end"),
    Column(label=gettext_lazy("Rejected"), style="table__end"),
    Column(label=gettext_lazy("Started")),
]
_ENDED = {ImportStatus.DONE, ImportStatus.CANCELLED, ImportStatus.FAILED}


@require_safe
def import_list(request: PageRequest, workspace: str) -> HttpResponse:
    """The newest imports."""
    rows = list(queries.imports_for(request.member)[:SHOWN])
    context = {
        "rows": [(one, _suppresses(one)) for one in rows],
        "noun": ngettext("import", "imports", len(rows)),
        "columns": COLUMNS,
        "may_manage": request.member.may(Permission.MANAGE_AUDIENCE),
        "first_actions": [
            Action(
                label=_("Import contacts"),
                url=workspace_url(request, "import_new"),
                icon="file-up",
                style="primary",
            )
        ]
        if request.member.may(Permission.MANAGE_AUDIENCE)
        else [],
    }
    return render(request, "imports/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: PageRequest, workspace: str) -> HttpResponse:
    """Upload a file."""
    problem = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        if file is None:
            problem = _("Choose a file.")
        else:
            try:
                made = operations.create_import(
                    by=of_member(request.member), file=file, file_name=file.name or "file.csv"
                )
            except CsvInvalid as refusal:
                problem = str(refusal)
            else:
                return HttpResponseRedirect(workspace_url(request, "import", id=made.public_id))
    return render(request, "imports/new.html", {"problem": problem}, status=200)


@require_safe
def import_detail(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """What comes next for the import: its mapping, its progress, or its report."""
    the_import = _import(request, id)
    if the_import.status == ImportStatus.MAPPING and request.member.may(Permission.MANAGE_AUDIENCE):
        require(request, Permission.VIEW_PII)
        return _mapping_page(
            request, the_import, _form(request, the_import), DialectForm(the_import=the_import)
        )
    return render(request, "imports/detail.html", _facts(request, the_import))


def _form(request: PageRequest, the_import: Import, data: Any = None) -> MappingForm:
    return MappingForm(data, the_import=the_import, lists=queries.lists_for(request.member))


def _mapping_page(
    request: PageRequest, the_import: Import, form: MappingForm, dialect: DialectForm
) -> HttpResponse:
    is_said = form.is_bound and form.is_valid()
    mapping = form.mapping() if is_said else the_import.mapping
    forms = form.forms() if is_said else Forms.from_json(the_import.forms)
    is_sound = not columns.check_mapping(the_import.dialect["columns"], mapping)
    shown = queries.import_preview(
        the_import, mapping if is_sound else the_import.mapping, PREVIEW_ROWS, forms=forms
    )
    samples = [next((row.cells[at] for row in shown if at < len(row.cells) and row.cells[at]), "")
               for at in range(len(the_import.dialect["columns"]))]  # fmt: skip
    context = {
        "import": the_import,
        "form": form,
        "dialect": dialect,
        "columns": list(zip(form.columns(), samples, strict=True)),
        "preview": shown,
        "asked": queries.import_questions(the_import, forms),
        "encoding": the_import.dialect["encoding"],
        "sheet": the_import.dialect.get("sheet", ""),
        "has_sheets": "sheet" in dialect.fields,
        "cancel": _cancel_action(request, the_import),
    }
    is_fragment = request.htmx and request.htmx.target == "preview"
    return render(request, "imports/mapping.html#preview" if is_fragment else "imports/mapping.html", context)


@require_POST
def import_preview(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The preview for the mapping as it stands in the form."""
    the_import = _waiting(request, id)
    return _mapping_page(
        request, the_import, _form(request, the_import, request.POST), DialectForm(the_import=the_import)
    )


@require_POST
def import_dialect(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Read the file's beginning again in another way."""
    the_import = _waiting(request, id)
    dialect = DialectForm(request.POST, the_import=the_import)
    if dialect.is_valid():
        try:
            operations.redialect_import(
                by=of_member(request.member), the_import=the_import, overrides=dialect.overrides()
            )
        except (CsvInvalid, ImportNotPossible) as refusal:
            messages.error(request, str(refusal))
    return HttpResponseRedirect(workspace_url(request, "import", id=the_import.public_id))


@require_POST
def import_start(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Start it with the mapping of the form."""
    the_import = _import(request, id)
    here = HttpResponseRedirect(workspace_url(request, "import", id=the_import.public_id))
    if the_import.status != ImportStatus.MAPPING:
        return here  # a second click
    form = _form(request, the_import, request.POST)
    if form.is_valid():
        try:
            operations.start_import(
                by=of_member(request.member),
                the_import=the_import,
                mapping=form.mapping(),
                updates_known=form.cleaned_data["on_known"] in ("update", "only"),
                makes_new=form.cleaned_data["on_known"] != "only",
                forms=form.forms(),
                add_to=form.cleaned_data["add_to"],
            )
        except MappingInvalid as refusal:
            for sentence in refusal.problems:
                form.add_error(None, sentence)
        except ImportNotPossible:
            return here
        else:
            return here
    return _mapping_page(request, the_import, form, DialectForm(the_import=the_import))


@require_POST
def import_cancel(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Stop it, once that was confirmed."""
    the_import = _import(request, id)
    if not is_confirmed(request):
        back = workspace_url(request, "import", id=the_import.public_id)
        return confirm_page(request, _question(the_import), back=back)
    try:
        operations.cancel_import(by=of_member(request.member), the_import=the_import)
        messages.success(request, _("The import is cancelled."))
    except ImportNotPossible as refusal:
        messages.error(request, str(refusal))
    return HttpResponseRedirect(workspace_url(request, "imports"))


@require_safe
def import_live(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The numbers of a running import."""
    the_import = _import(request, id)
    facts = _facts(request, the_import)
    values = {stat.live: stat.value for stat in facts["stats"]}
    values |= {
        "progress_percent": facts["percent"],
        "progress_done": facts["done"],
        "progress_total": facts["total"],
    }
    bars = {"progress": bar_geometry(facts["parts"], total=facts["total"])}
    return live_response(
        request,
        Scope(values=values, bars=bars, versions={"state": the_import.status}),
        final=the_import.status in _ENDED,
    )


@require_safe
def import_state(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The head of the page with the state and the actions; fetched again when the state changes."""
    return render(request, "imports/detail.html#state", _facts(request, _import(request, id)))


@require_safe
def import_report(request: PageRequest, workspace: str, id: UUID) -> HttpResponseBase:
    """The rejected rows as a file."""
    the_import = _import(request, id)
    if not the_import.report_path or not the_import.bad_count:
        raise Http404
    try:
        file = uploads.path_of(the_import.report_path).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    name = f"{the_import.file_name.rsplit('.', 1)[0]}-rejected.csv"
    return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


def _facts(request: PageRequest, the_import: Import) -> dict[str, Any]:
    total = max(the_import.file_bytes // 1024, 1)
    done = min(the_import.read_bytes // 1024, total)
    mark = {"DONE": "ok", "FAILED": "bad", "CANCELLED": "idle"}.get(the_import.status, "brand")
    may_download = request.member.may(Permission.EXPORT) and request.member.may(Permission.VIEW_PII)
    return {
        "import": the_import,
        "parts": [Part("read", _("Read"), done, mark)],
        "total": total,
        "done": done,
        "percent": done * 100 // total,
        "stats": [
            Stat(label=_("Rows"), value=the_import.row_count, live="rows"),
            Stat(label=_("Added"), value=the_import.created_count, mark="ok", live="created"),
            *_rest(the_import),
            Stat(label=_("Rejected"), value=the_import.bad_count, mark="bad", live="bad"),
        ],
        "is_final": the_import.status in _ENDED,
        "suppresses": _suppresses(the_import),
        "mapping": [
            (column, _meant(the_import.mapping.get(name, "")))
            for column, name in zip(
                the_import.dialect["columns"],
                columns.variable_names(the_import.dialect["columns"]),
                strict=True,
            )
        ],
        "cancel": _cancel_action(request, the_import)
        if request.member.may(Permission.MANAGE_AUDIENCE) and the_import.status not in _ENDED
        else None,
        "report_url": workspace_url(request, "import_report", id=the_import.public_id)
        if the_import.bad_count and may_download
        else "",
    }


def _rest(the_import: Import) -> list[Stat]:
    known = the_import.skipped_count
    if the_import.suppresses:
        return [Stat(label=_("Known before"), value=known, mark="idle", live="skipped")]
    return [
        Stat(label=_("Updated"), value=the_import.updated_count, mark="odd", live="updated"),
        Stat(label=_("Left as they were"), value=known, mark="idle", live="skipped"),
    ]


def _meant(field: str) -> str:
    """Return what a column is, for people; of a file of suppressions too."""
    own = {ADDRESS: _("Address"), REASON: _("Reason")}
    return own.get(field) or columns.label_of(field)


def _suppresses(the_import: Import) -> str:
    """Return the name of the channel on which the addresses are suppressed; empty for contacts."""
    return spoken(registry.get(the_import.suppresses).label) if the_import.suppresses else ""


def _cancel_action(request: PageRequest, the_import: Import) -> Action:
    return Action(
        label=_("Cancel import"),
        url=workspace_url(request, "import_cancel", id=the_import.public_id),
        icon="ban",
        method="post",
        style="danger",
        confirm=_question(the_import),
    )


def _question(the_import: Import) -> Confirm:
    text = _("The file is deleted.")
    if the_import.status != ImportStatus.MAPPING:
        text = _("What is in stays in; the rest of the file is not read.")
    return Confirm(title=_("Cancel this import?"), text=text, label=_("Cancel import"))


def _import(request: PageRequest, id: UUID) -> Import:
    the_import = queries.import_for(request.member, id)
    if the_import is None:
        raise Http404
    return the_import


def _waiting(request: PageRequest, id: UUID) -> Import:
    the_import = _import(request, id)
    if the_import.status != ImportStatus.MAPPING:
        raise Http404
    return the_import
