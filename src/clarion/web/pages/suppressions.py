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
from clarion.web.access import require
from clarion.web.audience_forms import SuppressionForm, channel_choices
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.csv_answers import csv_answer
from clarion.web.keyset import keys_of, page_links
from clarion.web.links import changed_query, workspace_url
from clarion.web.masking import may_see
from clarion.web.parts import Action, Chip, Column, Confirm, FilterGroup, Option
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
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
    search = words if len(words) >= SEARCH_FROM and may_see(request.member) else ""
    reason, channel = request.GET.get("reason", ""), request.GET.get("channel", "")
    page = queries.suppressions_page(
        request.member, search=search, reason=reason, channel=channel, **keys_of(request)
    )
    may_manage = request.member.may(Permission.MANAGE_AUDIENCE)
    context = {
        "rows": [(row, _remove_action(request, row) if may_manage else None) for row in page.rows],
        "noun": ngettext("address on this page", "addresses on this page", len(page.rows)),
        "columns": COLUMNS,
        "chips": _chips(request, reason, channel),
        "groups": _groups(reason, channel),
        "clear_url": workspace_url(request, "suppressions"),
        "words": words,
        "searchable": "q" if may_see(request.member) else "",
        "is_narrowed": bool(search or reason or channel),
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


def _groups(reason: str, channel: str) -> list[FilterGroup]:
    reasons = [
        Option(value=value, label=label, checked=value == reason)
        for value, label in SuppressionReason.choices
    ]
    channels = [Option(value=name, label=label, checked=name == channel) for name, label in channel_choices()]
    return [
        FilterGroup(name="reason", label=_("Reason"), options=[_any(not reason), *reasons], kind="radio"),
        FilterGroup(name="channel", label=_("Channel"), options=[_any(not channel), *channels], kind="radio"),
    ]


def _any(checked: bool) -> Option:
    return Option(value="", label=_("All"), checked=checked)


def _chips(request: PageRequest, reason: str, channel: str) -> list[Chip]:
    labels = dict(SuppressionReason.choices)
    channels = dict(channel_choices())
    active = [("reason", reason, labels.get(reason, "")), ("channel", channel, channels.get(channel, ""))]
    return [
        Chip(
            label=label,
            url=changed_query(request, **{name: "", "after": "", "before": ""}),
            name=name,
            value=value,
        )
        for name, value, label in active
        if value and label
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
    require(request, Permission.MANAGE_AUDIENCE)
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
    require(request, Permission.MANAGE_AUDIENCE)
    back = workspace_url(request, "suppressions")
    if not is_confirmed(request):
        return confirm_page(request, _question(), back=back)
    operations.unsuppress(by=of_member(request.member), suppression=row)
    messages.success(request, _("The address may be written to again."))
    return HttpResponseRedirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
def suppression_import(request: PageRequest, workspace: str) -> HttpResponse:
    """Suppress every address of a file."""
    require(request, Permission.MANAGE_AUDIENCE)
    problem, told = "", None
    channel = request.POST.get("channel", "email")
    if request.method == "POST":
        file = request.FILES.get("file")
        if file is None:
            problem = _("Choose a file.")
        elif channel not in registry.CHANNELS:
            problem = _("Choose a channel.")
        else:
            try:
                told = operations.suppress_file(
                    by=of_member(request.member),
                    file=file,
                    file_name=file.name or "",
                    channel=channel,
                )
            except CsvInvalid as refusal:
                problem = str(refusal)
    context = {"problem": problem, "told": told, "channels": channel_choices(), "channel": channel}
    return render(request, "suppressions/import.html", context)


def _may_export(request: PageRequest) -> bool:
    return request.member.may(Permission.EXPORT) and may_see(request.member)


@require_safe
def suppression_export(request: PageRequest, workspace: str) -> HttpResponseBase:
    """All suppressions as a CSV file."""
    require(request, Permission.EXPORT)
    require(request, Permission.VIEW_PII)
    rows = queries.suppression_rows(request.member)
    return csv_answer(rows, name=f"suppressions-{request.workspace.slug}.csv")
