"""What was said between a sender and its provider, and what came back and belongs to no message."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from clarion.channels import registry
from clarion.deliveries.inbox import queries as inbox
from clarion.senders import exchanges, secrets
from clarion.web.links import changed_query
from clarion.web.parts import Column
from clarion.web.sender_page import sender_of

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

#: Exchanges on the page.
_SHOWN = 100

COLUMNS = [
    Column(label=gettext_lazy("When")),
    Column(label=gettext_lazy("Exchange")),
    Column(label=gettext_lazy("Status")),
    Column(label=gettext_lazy("Took"), style="table__end"),
]
STRAY_COLUMNS = [
    Column(label=gettext_lazy("When")),
    Column(label=gettext_lazy("Why")),
    Column(label=gettext_lazy("Message id")),
    Column(label=gettext_lazy("Code")),
]


@require_safe
def sender_log(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The last exchanges of a sender, failures alone if asked, and its strays."""
    sender = sender_of(request, id)
    failures_only = request.GET.get("only") == "failures"
    channel = registry.get(sender.channel)
    rows = [
        {"one": one, "doc": channel.code_url(one.code) if one.code else ""}
        for one in exchanges.exchanges_of(sender, failures_only=failures_only)[:_SHOWN]
    ]
    context = {
        "sender": sender,
        "rows": rows,
        "columns": COLUMNS,
        "failures_only": failures_only,
        "all_url": changed_query(request, only=None),
        "failures_url": changed_query(request, only="failures"),
        "strays": inbox.strays_of(sender),
        "stray_columns": STRAY_COLUMNS,
        "waiting": inbox.waiting_of(sender),
        "hook_url": secrets.hook_url(sender),
    }
    return render(request, "senders/log.html", context)
