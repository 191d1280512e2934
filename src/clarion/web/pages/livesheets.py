"""Live sources: spreadsheets that are read again for each run, with what the last reading has shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.audience import operations, queries
from clarion.audience.errors import SheetInUse, SheetInvalid
from clarion.audience.models import LiveSheet
from clarion.senders import linking
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.live import Scope, live_response
from clarion.web.livesheet_form import GroupForm, SheetForm, form_for, place_of
from clarion.web.parts import Action, Column, Confirm, Stat
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

#: Sources shown, and rows of one.
SHOWN = 500
SAMPLE = 5
#: Columns of the sample that fit on a page.
SAMPLE_COLUMNS = 12
COLUMNS = [
    Column(label=gettext_lazy("Live source")),
    Column(label=gettext_lazy("Status")),
    Column(label=gettext_lazy("Rows"), style="table__end"),
    Column(label=gettext_lazy("Last difference")),
    Column(label=gettext_lazy("Last read")),
    Column(label=gettext_lazy("Actions"), hidden_label=True),
]


@require_safe
def sheet_list(request: PageRequest, workspace: str) -> HttpResponse:
    """All live sources with their last reading."""
    may_manage = request.member.may(Permission.MANAGE_AUDIENCE)
    rows = list(queries.sheets_for(request.member)[:SHOWN])
    new = Action(
        label=_("New live source"), url=workspace_url(request, "sheet_new"), icon="plus", style="primary"
    )
    context = {
        "rows": [
            (one, state_of(one), place_of(one, is_whole=False), difference(one), _refresh(request, one))
            for one in rows
        ],
        "noun": ngettext("live source", "live sources", len(rows)),
        "columns": COLUMNS,
        "new": [*_of_group(request), new] if may_manage else [],
    }
    return render(request, "sources/list.html", context)


def _of_group(request: PageRequest) -> list[Action]:
    if not linking.senders_with_groups(request.workspace):
        return []
    return [Action(label=_("New group"), url=workspace_url(request, "sheet_new_group"), icon="users")]


@require_http_methods(["GET", "HEAD", "POST"])
def sheet_new(request: PageRequest, workspace: str) -> HttpResponse:
    """The form of a live source that is not kept yet."""
    form = SheetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.create_sheet(by=of_member(request.member), **form.values())
        except SheetInvalid as refusal:
            show_problems(form, refusal)
        else:
            messages.success(request, _("The live source is kept and being read for the first time."))
            return HttpResponseRedirect(workspace_url(request, "sheet", id=made.public_id))
    return render(request, "sources/new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def sheet_detail(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """A live source: its last reading, its first rows, and its form for whoever may change it."""
    sheet = _sheet(request, id)
    form = form_for(sheet, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.update_sheet(by=of_member(request.member), sheet=sheet, **form.values())
        except SheetInvalid as refusal:
            show_problems(form, refusal)
        else:
            messages.success(request, _("The live source is saved."))
            return HttpResponseRedirect(workspace_url(request, "sheet", id=sheet.public_id))
    return render(request, "sources/detail.html", _facts(request, sheet) | {"form": form})


@require_POST
def sheet_refresh(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Have it read again."""
    sheet = _sheet(request, id)
    operations.refresh_sheet(by=of_member(request.member), sheet=sheet)
    messages.success(request, _("“%(name)s” is being read again.") % {"name": sheet.name})
    return HttpResponseRedirect(workspace_url(request, "sheet", id=sheet.public_id))


@require_POST
def sheet_delete(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Delete it, once that was confirmed."""
    sheet = _sheet(request, id)
    back = workspace_url(request, "sheet", id=sheet.public_id)
    if not is_confirmed(request):
        return confirm_page(request, _question(), back=back)
    try:
        operations.delete_sheet(by=of_member(request.member), sheet=sheet)
    except SheetInUse as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(back)
    messages.success(request, _("The live source is deleted."))
    return HttpResponseRedirect(workspace_url(request, "sources"))


@require_safe
def sheet_live(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Whether a reading is under way."""
    sheet = _sheet(request, id)
    return live_response(request, Scope(versions={"state": _mark(sheet)}), final=not sheet.is_being_read)


@require_safe
def sheet_state(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The last reading; fetched again when there is a newer one."""
    return render(request, "sources/detail.html#state", _facts(request, _sheet(request, id)))


def state_of(sheet: LiveSheet) -> str:
    """Return the state as badges know it."""
    if sheet.is_being_read:
        return "reading"
    return "failed" if sheet.problem else "ready"


def difference(sheet: LiveSheet) -> list[tuple[str, str, int]]:
    """Return what the last new reading changed: (sign, word, how many), what is none left out."""
    words = (("+", _("added"), "added"), ("−", _("removed"), "removed"), ("~", _("changed"), "changed"))
    return [(sign, word, count) for sign, word, key in words if (count := sheet.difference.get(key, 0))]


def _facts(request: PageRequest, sheet: LiveSheet) -> dict[str, Any]:
    may_manage = request.member.may(Permission.MANAGE_AUDIENCE)
    copy = sheet.copy
    stats = [
        Stat(label=_("Rows"), value=copy.row_count if copy else 0),
        Stat(label=_("Cannot be used"), value=copy.bad_count if copy else 0, mark="bad"),
        *(Stat(label=word.capitalize(), value=count) for _sign, word, count in difference(sheet)),
    ]
    may_see = request.member.sees_people
    return {
        "sheet": sheet,
        "mark": _mark(sheet),
        "state": state_of(sheet),
        "place": place_of(sheet, is_whole=may_manage),
        "stats": stats,
        "used_by": queries.campaigns_with(sheet),
        "columns": (copy.dialect.get("columns", [])[:SAMPLE_COLUMNS]) if copy and may_see else [],
        "rows": _sample(sheet) if may_see else [],
        "rejected_url": workspace_url(request, "source_rejected", id=copy.public_id)
        if copy and copy.bad_count and may_see and request.member.may(Permission.EXPORT)
        else "",
        "is_old_used": bool(sheet.problem) and queries.usable_copy(sheet) is not None,
        "may_manage": may_manage,
        "refresh": _refresh(request, sheet),
        "delete": _delete(request, sheet) if may_manage else None,
    }


def _sample(sheet: LiveSheet) -> list[list[str]]:
    if sheet.copy is None:
        return []
    names = sheet.copy.dialect.get("variables", [])[:SAMPLE_COLUMNS]
    return [[str(row.get(name, ""))[:80] for name in names] for row in queries.sample(sheet.copy, SAMPLE)]


def _mark(sheet: LiveSheet) -> str:
    return f"{state_of(sheet)}-{sheet.checked_at.timestamp() if sheet.checked_at else 0}"


def show_problems(form: SheetForm | GroupForm, refusal: SheetInvalid) -> None:
    for name, sentence in refusal.problems.items():
        form.add_error(name if name in form.fields else None, sentence)


def _refresh(request: PageRequest, sheet: LiveSheet) -> Action | None:
    if not request.member.may(Permission.EDIT):
        return None
    return Action(
        label=_("Refresh now"),
        url=workspace_url(request, "sheet_refresh", id=sheet.public_id),
        icon="refresh-cw",
        method="post",
        disabled=_("It is being read.") if sheet.is_being_read else "",
    )


def _delete(request: PageRequest, sheet: LiveSheet) -> Action:
    return Action(
        label=_("Delete"),
        url=workspace_url(request, "sheet_delete", id=sheet.public_id),
        icon="trash-2",
        method="post",
        style="danger",
        confirm=_question(),
    )


def _question() -> Confirm:
    return Confirm(
        title=_("Delete this live source?"),
        text=_("The spreadsheet itself stays where it is."),
        label=_("Delete"),
    )


def _sheet(request: PageRequest, id: UUID) -> LiveSheet:
    sheet = queries.sheet_for(request.member, id)
    if sheet is None:
        raise Http404
    return sheet
