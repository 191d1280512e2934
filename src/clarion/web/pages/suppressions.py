"""Suppressions: addresses that are not written to, added and taken away by hand or by file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.audience import operations, queries
from clarion.audience.errors import CsvInvalid
from clarion.audience.models import SuppressionReason
from clarion.channels import registry
from clarion.web.audience_forms import SuppressionForm, channel_choices
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.csv_answers import csv_answer
from clarion.web.keyset import keys_of, page_links
from clarion.web.links import changed_query, workspace_url
from clarion.web.parts import Action, Chip, Column, Confirm, FilterGroup, Option
from clarion.web.templatetags.ui import grouped
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from django.http import QueryDict

    from clarion.audience.models import Suppression
    from clarion.web.http import PageRequest

SEARCH_FROM = 3

COLUMNS = [
    Column(label=gettext_lazy("Address")),
    Column(label=gettext_lazy("Channel")),
    Column(label=gettext_lazy("Reason")),
    Column(label=gettext_lazy("Origin")),
    Column(label=gettext_lazy("Since")),
]


@require_safe
def suppression_list(request: PageRequest, workspace: str) -> HttpResponse:
    """The list, or only its results when the filters ask."""
    return _list_page(request, SuppressionForm())


def _list_page(request: PageRequest, form: SuppressionForm, status: int = 200) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    wanted = _wanted(request, request.GET)
    page = queries.suppressions_page(request.member, wanted=wanted, **keys_of(request))
    may_manage = request.member.may(Permission.MANAGE_AUDIENCE)
    context = {
        "rows": [(row, _remove_action(request, row) if may_manage else None) for row in page.rows],
        "noun": ngettext("address on this page", "addresses on this page", len(page.rows)),
        "columns": COLUMNS,
        "chips": _chips(request, wanted),
        "groups": _groups(wanted),
        "clear_url": workspace_url(request, "suppressions"),
        "words": words,
        "is_narrowed": wanted.is_narrowed,
        "filter_fields": _filter_fields(wanted),
        "export_url": workspace_url(request, "suppression_export")
        + changed_query(request, after="", before="").replace(request.path, ""),
        "may_settle": request.member.may(Permission.MANAGE_MEMBERS),
        "may_manage": may_manage,
        "may_export": _may_export(request),
        "form": form,
        "channels": channel_choices(),
        **page_links(request, page),
    }
    is_fragment = (
        request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request
    )
    template = "suppressions/list.html#results" if is_fragment else "suppressions/list.html"
    return render(request, template, context, status=status)


def _wanted(request: PageRequest, said: QueryDict) -> queries.Wanted:
    """Return what the words of a query string or form ask for. Whoever sees no addresses says a whole one."""
    words = said.get("q", "").strip().replace("\x00", "")
    days = said.get("days", "")
    return queries.Wanted(
        search=words if len(words) >= SEARCH_FROM else "",
        is_whole=len(words) >= SEARCH_FROM and not request.member.may(Permission.VIEW_PII),
        reason=said.get("reason", "") if said.get("reason", "") in SuppressionReason.values else "",
        channel=said.get("channel", "") if said.get("channel", "") in registry.CHANNELS else "",
        origin=said.get("origin", "") if said.get("origin", "") in queries.Origin.values else "",
        days=int(days) if days in _periods() else None,
    )


def _filter_fields(wanted: queries.Wanted) -> dict[str, str]:
    """Return the words that `_wanted` understands as this."""
    words = {
        "q": wanted.search, "reason": wanted.reason, "channel": wanted.channel, "origin": wanted.origin,
        "days": str(wanted.days or ""),
    }  # fmt: skip
    return {name: word for name, word in words.items() if word}


def _periods() -> dict[str, str]:
    return {"1": _("Last 24 hours"), "7": _("Last 7 days"), "30": _("Last 30 days"), "365": _("Last year")}


def _choices() -> dict[str, tuple[str, dict[str, str]]]:
    """Return the filters: name → (label, {value: label})."""
    return {
        "reason": (_("Reason"), {value: str(label) for value, label in SuppressionReason.choices}),
        "channel": (_("Channel"), dict(channel_choices())),
        "origin": (_("Source"), {value: str(label) for value, label in queries.Origin.choices}),
        "days": (_("Since"), _periods()),
    }


def _groups(wanted: queries.Wanted) -> list[FilterGroup]:
    active = _filter_fields(wanted)
    return [
        FilterGroup(
            name=name,
            label=label,
            kind="radio",
            options=[
                Option(value="", label=_("All"), checked=name not in active),
                *(
                    Option(value=value, label=words, checked=active.get(name) == value)
                    for value, words in values.items()
                ),
            ],
        )
        for name, (label, values) in _choices().items()
    ]


def _chips(request: PageRequest, wanted: queries.Wanted) -> list[Chip]:
    choices = _choices()
    return [
        Chip(
            label=choices[name][1][value],
            url=changed_query(request, **{name: "", "after": "", "before": ""}),
            name=name,
            value=value,
        )
        for name, value in _filter_fields(wanted).items()
        if name in choices
    ]


def _remove_action(request: PageRequest, row: Suppression) -> Action:
    return Action(
        label=_("Allow again"),
        url=workspace_url(request, "suppression_remove", id=row.pk),
        icon="undo-2",
        method="post",
        confirm=_question(),
    )


def _question() -> Confirm:
    return Confirm(
        title=_("Write to this address again?"),
        text=_("Somebody asked for no more messages, or messages came back. Only go on if you know better."),
        label=_("Allow again"),
    )


@require_POST
def suppression_add(request: PageRequest, workspace: str) -> HttpResponse:
    """Add an address by hand."""
    form = SuppressionForm(request.POST)
    if form.is_valid():
        try:
            added = operations.add_suppression(by=of_member(request.member), **form.cleaned_data)
        except ValueError as refusal:
            form.add_error("address", str(refusal))
        else:
            text = _("The address is suppressed.") if added else _("The address was suppressed already.")
            messages.success(request, text)
            return HttpResponseRedirect(workspace_url(request, "suppressions"))
    return _list_page(request, form)


@require_POST
def suppression_remove(request: PageRequest, workspace: str, id: int) -> HttpResponse:
    """Allow an address again, once that was confirmed."""
    row = queries.suppression_for(request.member, id)
    if row is None:
        raise Http404
    back = workspace_url(request, "suppressions")
    if not is_confirmed(request):
        return confirm_page(request, _question(), back=back)
    operations.unsuppress(by=of_member(request.member), suppression=row)
    messages.success(request, _("The address may be written to again."))
    return HttpResponseRedirect(back)


@require_POST
def suppression_remove_many(request: PageRequest, workspace: str) -> HttpResponse:
    """Allow the selected addresses again, or all that fit the filters (`all=1`), for a reason that is asked for."""
    is_all = request.POST.get("all") == "1"
    wanted = _wanted(request, request.POST) if is_all else queries.Wanted()
    found = queries.suppressions_wanted(request.workspace, wanted)
    chosen = [int(key) for key in request.POST.getlist("selected")[:500] if key.isascii() and key.isdigit()]
    if not is_all:
        found = found.filter(pk__in=chosen)
    counts = queries.suppression_counts(found)
    back = workspace_url(request, "suppressions")
    if not counts:
        messages.warning(request, _("Select addresses first."))
        return HttpResponseRedirect(back)
    problem = ""
    if request.POST.get("confirmed") == "1":
        try:
            # What came in since the question was asked was not agreed to.
            seen = int(request.POST.get("seen", "0")[:9] or 0)
            gone = operations.unsuppress_many(
                by=of_member(request.member), found=found, reason=request.POST.get("why", ""), limit=seen
            )
        except ValueError as refusal:
            problem = str(refusal)
        else:
            told = ngettext(
                "%(n)s address may be written to again.", "%(n)s addresses may be written to again.", gone
            )
            messages.success(request, told % {"n": grouped(gone)})
            return HttpResponseRedirect(back)
    labels = dict(SuppressionReason.choices)
    fields = (
        [("all", "1"), *_filter_fields(wanted).items()] if is_all else [("selected", key) for key in chosen]
    )
    context = {
        "counts": [(labels.get(reason, reason), n) for reason, n in sorted(counts.items())],
        "total": sum(counts.values()),
        "fields": fields,
        "problem": problem,
        "back": back,
    }
    return render(request, "suppressions/remove.html", context, status=422 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def suppression_import(request: PageRequest, workspace: str) -> HttpResponse:
    """Have every address of a file suppressed: what came of it is on the page of the import."""
    problem = ""
    channel = request.POST.get("channel", "email")
    if request.method == "POST":
        file = request.FILES.get("file")
        if file is None:
            problem = _("Choose a file.")
        elif channel not in registry.CHANNELS:
            problem = _("Choose a channel.")
        else:
            try:
                made = operations.suppress_file(
                    by=of_member(request.member),
                    file=file,
                    file_name=file.name or "suppressions.csv",
                    channel=channel,
                )
            except CsvInvalid as refusal:
                problem = str(refusal)
            else:
                return HttpResponseRedirect(workspace_url(request, "import", id=made.public_id))
    context = {"problem": problem, "channels": channel_choices(), "channel": channel}
    return render(request, "suppressions/import.html", context)


def _may_export(request: PageRequest) -> bool:
    return request.member.may(Permission.EXPORT) and request.member.may(Permission.VIEW_PII)


@require_safe
def suppression_export(request: PageRequest, workspace: str) -> HttpResponseBase:
    """The suppressions that fit the filters, without any all of them, as a CSV file."""
    rows = queries.suppression_rows(request.member, _wanted(request, request.GET))
    return csv_answer(rows, name=f"suppressions-{request.workspace.slug}.csv")
