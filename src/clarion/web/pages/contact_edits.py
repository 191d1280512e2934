"""Changing many contacts at once: those that are ticked, or all that a filter means; and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.audience import operations, queries
from clarion.audience.errors import BulkEditNotPossible, ContactInvalid
from clarion.audience.models import BulkEdit, BulkStatus, ContactState, List
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.pages.contacts import wanted_of
from clarion.web.parts import Action, Confirm
from clarion.web.statuses import key_of
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

#: Contacts that can be ticked: a page of them.
BULK_LIMIT = 500
#: Edits shown.
SHOWN = 50

ACTIONS = [
    ("tag", gettext_lazy("Add a tag")),
    ("untag", gettext_lazy("Take a tag off")),
    ("list", gettext_lazy("Add to a list")),
    ("unlist", gettext_lazy("Take off a list")),
    ("state", gettext_lazy("Set the state")),
]


class ChangeForm(forms.Form):
    """What to do with many contacts; which field counts is said by the action."""

    action = forms.ChoiceField(label=gettext_lazy("What to do"), choices=ACTIONS)
    tag = forms.CharField(label=gettext_lazy("Tag"), required=False, max_length=40)
    list = forms.ModelChoiceField(
        label=gettext_lazy("List"), queryset=List.objects.none(), required=False, to_field_name="public_id"
    )
    state = forms.ChoiceField(label=gettext_lazy("State"), choices=ContactState.choices, required=False)

    def __init__(self, *args: Any, lists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["list"].queryset = lists  # type: ignore[attr-defined]

    def value(self) -> str:
        """The tag, the list's key or the state, as the operation takes it."""
        data = self.cleaned_data
        if data["action"] in ("list", "unlist"):
            return str(data["list"].pk) if data["list"] else ""
        return str(data["tag"] if data["action"] in ("tag", "untag") else data["state"])


@require_POST
def contact_bulk(request: PageRequest, workspace: str) -> HttpResponse:
    """Do something to the ticked contacts."""
    ids = _selected(request)
    back = workspace_url(request, "contacts")
    action = request.POST.get("action", "")
    by = of_member(request.member)
    if not ids:
        messages.error(request, _("Select at least one contact."))
    elif action in ContactState.values:
        edit = operations.begin_bulk_edit(by=by, wanted=queries.Filter(ids=ids), action="state", value=action)
        messages.success(request, _counted(edit.changed_count))
    elif action == "delete":
        if not is_confirmed(request):
            return confirm_page(request, _delete_question(len(ids)), back=back)
        messages.success(request, _counted(operations.delete_contacts(by=by, contact_ids=ids)))
    elif action in ("change", *dict(ACTIONS)):
        return _change(request, queries.Filter(ids=ids), len(ids), is_answer=action != "change")
    return HttpResponseRedirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
def contact_change(request: PageRequest, workspace: str) -> HttpResponse:
    """Change all contacts that the query string means: say how many, ask what to do, and do it."""
    wanted, _list = wanted_of(request)
    count = queries.count_of(request.workspace, wanted)
    return _change(request, wanted, count, is_answer=request.method == "POST")


def _change(
    request: PageRequest, wanted: queries.Filter, count: int | None, *, is_answer: bool
) -> HttpResponse:
    form = ChangeForm(request.POST if is_answer else None, lists=queries.lists_for(request.member))
    if is_answer and form.is_valid():
        try:
            edit = operations.begin_bulk_edit(
                by=of_member(request.member), wanted=wanted, action=form.cleaned_data["action"], value=form.value()
            )  # fmt: skip
        except ContactInvalid as refusal:
            for name, sentence in refusal.problems.items():
                form.add_error(name if name in form.fields else None, sentence)
        else:
            if edit.status == BulkStatus.DONE:
                messages.success(request, _counted(edit.changed_count))
            return HttpResponseRedirect(workspace_url(request, "contact_edits"))
    context = {
        "form": form,
        "count": count,
        "is_all": not wanted.is_narrow,
        "selected": request.POST.getlist("selected")[:BULK_LIMIT] if wanted.ids else [],
        "url": workspace_url(request, "contact_bulk") if wanted.ids else request.get_full_path(),
        "back": workspace_url(request, "contacts"),
    }
    return render(request, "contacts/change.html", context)


@require_safe
def contact_edits(request: PageRequest, workspace: str) -> HttpResponse:
    """The latest changes to many, how far they are, and what can be taken back."""
    edits = queries.edits_for(request.member)[:SHOWN]
    may_manage = request.member.may(Permission.MANAGE_AUDIENCE)
    rows = [
        (
            one,
            _words(request, one),
            key_of(one.status, kind="thing"),
            _undo_action(request, one) if may_manage else None,
        )
        for one in edits
    ]
    context = {
        "rows": rows,
        "is_working": any(one.status in (BulkStatus.RUNNING, BulkStatus.UNDOING) for one in edits),
        "url": workspace_url(request, "contact_edits"),
    }
    template = "contacts/edits.html#results" if request.htmx else "contacts/edits.html"
    return render(request, template, context)


def _words(request: PageRequest, edit: BulkEdit) -> str:
    value = edit.value
    if edit.action in ("list", "unlist"):
        found = List.objects.filter(workspace=request.workspace, pk=int(value)).first()
        value = found.name if found else _("a list that is gone")
    elif edit.action == "state":
        value = str(ContactState(value).label)
    return f"{dict(ACTIONS)[edit.action]}: {value}"


def _undo_action(request: PageRequest, edit: BulkEdit) -> Action | None:
    if edit.status != BulkStatus.DONE or not edit.has_parts:  # type: ignore[attr-defined]
        return None
    return Action(
        label=_("Take back"),
        url=workspace_url(request, "contact_undo", edit=edit.public_id),
        icon="undo-2",
        method="post",
    )


@require_POST
def contact_undo(request: PageRequest, workspace: str, edit: UUID) -> HttpResponse:
    """Take a change to many back."""
    found = queries.edits_for(request.member).filter(public_id=edit).first()
    if found is None:
        raise Http404
    try:
        operations.undo_bulk_edit(by=of_member(request.member), edit=found)
        messages.success(request, _("The change is taken back."))
    except BulkEditNotPossible as refusal:
        messages.error(request, str(refusal))
    return HttpResponseRedirect(workspace_url(request, "contact_edits"))


def _delete_question(count: int) -> Confirm:
    return Confirm(
        title=ngettext("Delete this contact?", "Delete %(count)s contacts?", count) % {"count": count},
        text=_("They leave every list. What they were sent stays in the campaigns' records."),
        label=_("Delete"),
    )


def _selected(request: PageRequest) -> list[int]:
    chosen = []
    for text in request.POST.getlist("selected")[:BULK_LIMIT]:
        try:
            chosen.append(UUID(text))
        except ValueError:
            continue
    return queries.contacts_by_public_ids(request.member, chosen)


def _counted(count: int) -> str:
    return ngettext("%(count)s contact was changed.", "%(count)s contacts were changed.", count) % {
        "count": count
    }
