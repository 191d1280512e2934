"""The names under which a sender's messages go: proposed, submitted, and approved by an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clarion.senders.naming import operations, queries
from clarion.senders.naming.errors import NameRefused
from clarion.senders.naming.models import NameStatus
from clarion.senders.naming.states import RULES, Move
from clarion.web.access import require
from clarion.web.links import workspace_url
from clarion.web.sender_page import sender_of
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.senders.models import Sender
    from clarion.web.http import PageRequest

_STATUSES = {NameStatus.PENDING.value: "pending_approval"}
_LABELS = {
    Move.SUBMIT: gettext_lazy("Submit"), Move.APPROVE: gettext_lazy("Approve"),
    Move.REJECT: gettext_lazy("Reject"), Move.WITHDRAW: gettext_lazy("Withdraw"),
}  # fmt: skip
_DONE = {
    Move.SUBMIT: gettext_lazy("“%(name)s” waits for an administrator."),
    Move.APPROVE: gettext_lazy("Messages go under “%(name)s” from now on."),
    Move.REJECT: gettext_lazy("“%(name)s” is rejected."),
    Move.WITHDRAW: gettext_lazy("“%(name)s” is withdrawn."),
}


class NameForm(forms.Form):
    """A name, and what it is for."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=11,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("At most 11 letters, digits, spaces and . _ & -. Nobody can answer to a name."),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=300,
        help_text=gettext_lazy("What it is for, or under which number the provider has registered it."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def sender_names(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The revisions; `do` proposes one or lets one take a step."""
    sender = sender_of(request, id)
    if not queries.has_names(sender):
        raise Http404
    do = request.POST.get("do", "") if request.method == "POST" else ""
    form = NameForm(request.POST if do in ("draft", "propose") else None)
    if request.method == "POST" and _carried_out(request, sender, do, form):
        return HttpResponseRedirect(workspace_url(request, "sender_names", id=sender.public_id))
    return _page(request, sender, form)


def _carried_out(request: PageRequest, sender: Sender, do: str, form: NameForm) -> bool:
    """Do what was asked; return False where the page is to be shown with what was typed."""
    require(request, Permission.EDIT if do != "approve" and do != "reject" else Permission.MANAGE_SENDERS)
    by = of_member(request.member)
    try:
        if do in ("draft", "propose"):
            if not form.is_valid():
                return False
            row = operations.propose(sender=sender, by=by, **form.cleaned_data, submit=do == "propose")
            done = _DONE[Move.SUBMIT] if do == "propose" else gettext_lazy("“%(name)s” is noted as a draft.")
            messages.success(request, done % {"name": row.name})
        elif do in set(Move):
            row = operations.move(
                sender=sender,
                by=by,
                public_id=_id_of(request),
                move=Move(do),
                reason=request.POST.get("reason", ""),
            )
            messages.success(request, _DONE[Move(do)] % {"name": row.name})
        else:
            raise Http404
    except NameRefused as error:
        if do in ("draft", "propose"):
            form.add_error("name", str(error))
            return False
        messages.warning(request, str(error))
    return True


def _id_of(request: PageRequest) -> str:
    try:
        return str(UUID(request.POST.get("id", "")))
    except ValueError:
        raise Http404 from None


def _page(request: PageRequest, sender: Sender, form: NameForm) -> HttpResponse:
    rows = queries.names_of(sender)
    moves = {
        row.pk: [
            (move.value, _LABELS[move], move is Move.REJECT)
            for move, rule in RULES.items()
            if NameStatus(row.status) in rule.sources and request.member.may(rule.permission)
        ]
        for row in rows
    }
    is_open = any(row.status in (NameStatus.DRAFT, NameStatus.PENDING) for row in rows)
    context = {
        "sender": sender,
        "form": form,
        "rows": [
            {"one": row, "status": _STATUSES.get(row.status, row.status.lower()), "moves": moves[row.pk]}
            for row in rows
        ],
        "may_propose": request.member.may(Permission.EDIT) and not is_open,
        "source": str(sender.config.get("source") or ""),
    }
    return render(request, "senders/names.html", context, status=422 if form.errors else 200)
