"""Lists: what there are, and one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from clarion.audience import operations, queries
from clarion.audience.errors import ListInUse, ListNameTaken
from clarion.audience.models import List
from clarion.web.audience_forms import ListForm, ListSettingsForm
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.keyset import keys_of, page_links
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Column, Confirm
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

#: Lists shown; a workspace with more has made segments of them.
SHOWN = 500

COLUMNS = [
    Column(label=gettext_lazy("List")),
    Column(label=gettext_lazy("Members"), style="table__end"),
    Column(label=gettext_lazy("Created")),
]


@require_http_methods(["GET", "HEAD", "POST"])
def list_list(request: PageRequest, workspace: str) -> HttpResponse:
    """All lists, and a form for another one."""
    form = ListForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.create_list(by=of_member(request.member), **form.cleaned_data)
        except ListNameTaken as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(
                request, _("The list is made. Add contacts from an import or the contacts page.")
            )
            return HttpResponseRedirect(workspace_url(request, "list", id=made.public_id))
    rows = list(queries.lists_for(request.member).select_related("created_by")[:SHOWN])
    context = {
        "rows": rows,
        "noun": ngettext("list", "lists", len(rows)),
        "columns": COLUMNS,
        "form": form,
        "may_manage": request.member.may(Permission.MANAGE_AUDIENCE),
    }
    return render(request, "lists/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def list_detail(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """A list, its name and its members."""
    the_list = _list(request, id)
    may_manage = request.member.may(Permission.MANAGE_AUDIENCE)
    initial = {
        "name": the_list.name, "description": the_list.description, "is_public": the_list.is_public,
    }  # fmt: skip
    form = ListSettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            operations.update_list(by=of_member(request.member), the_list=the_list, **form.cleaned_data)
        except ListNameTaken as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("The list is saved."))
            return HttpResponseRedirect(workspace_url(request, "list", id=the_list.public_id))
    members = queries.Filter(list_id=the_list.pk)
    page = queries.contacts_page(request.member, members, **keys_of(request)) or queries.NO_ROWS
    context = {
        "list": the_list,
        "form": form,
        "rows": page.rows,
        "may_manage": may_manage,
        "delete": _delete_action(request, the_list),
        **page_links(request, page),
    }
    return render(request, "lists/detail.html", context)


def _delete_action(request: PageRequest, the_list: List) -> Action:
    return Action(
        label=_("Delete list"),
        url=workspace_url(request, "list_delete", id=the_list.public_id),
        icon="trash-2",
        method="post",
        style="danger",
        confirm=_question(the_list),
    )


def _question(the_list: List) -> Confirm:
    return Confirm(
        title=_("Delete this list?"),
        text=_("Its contacts stay."),
        facts=[
            ngettext("%(count)s contact is on it.", "%(count)s contacts are on it.", the_list.member_count)
            % {"count": the_list.member_count}
        ],
        label=_("Delete list"),
        type_to_confirm=the_list.name if the_list.member_count > 1000 else "",
    )


@require_POST
def list_delete(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Delete the list, once that was confirmed."""
    the_list = _list(request, id)
    if not is_confirmed(request):
        back = workspace_url(request, "list", id=the_list.public_id)
        return confirm_page(request, _question(the_list), back=back)
    try:
        operations.delete_list(by=of_member(request.member), the_list=the_list)
    except ListInUse as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(workspace_url(request, "list", id=the_list.public_id))
    messages.success(request, _("The list is deleted."))
    return HttpResponseRedirect(workspace_url(request, "lists"))


@require_POST
def list_remove(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Take the selected contacts off the list."""
    the_list = _list(request, id)
    chosen = []
    for text in request.POST.getlist("selected")[:500]:
        try:
            chosen.append(UUID(text))
        except ValueError:
            continue
    ids = queries.contacts_by_public_ids(request.member, chosen)
    count = operations.remove_from_list(by=of_member(request.member), the_list=the_list, contact_ids=ids)
    messages.success(
        request,
        ngettext("%(count)s contact was taken off.", "%(count)s contacts were taken off.", count)
        % {"count": count},
    )
    return HttpResponseRedirect(workspace_url(request, "list", id=the_list.public_id))


def _list(request: PageRequest, id: UUID) -> List:
    the_list = queries.list_for(request.member, id)
    if the_list is None:
        raise Http404
    return the_list
