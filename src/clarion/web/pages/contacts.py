"""Contacts: the grid, a contact's page, and what is done to many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.audience import operations, queries
from clarion.audience.errors import ContactInvalid
from clarion.audience.models import Contact, ContactState
from clarion.deliveries.history import messages_to
from clarion.web.access import require
from clarion.web.audience_forms import BulkForm, ContactForm
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.keyset import keys_of, page_links
from clarion.web.links import changed_query, workspace_url
from clarion.web.masking import may_see
from clarion.web.parts import Action, Chip, Column, Confirm, FilterGroup, Option
from clarion.web.statuses import key_of
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

#: A search of fewer characters is none.
SEARCH_FROM = 3
#: Contacts that one bulk action takes: a page of them.
BULK_LIMIT = 500

COLUMNS = [
    Column(label=gettext_lazy("Contact")),
    Column(label=gettext_lazy("State")),
    Column(label=gettext_lazy("Phone")),
    Column(label=gettext_lazy("Tags")),
    Column(label=gettext_lazy("Added")),
]


@require_safe
def contact_list(request: PageRequest, workspace: str) -> HttpResponse:
    """The grid, or only its results when the filters ask."""
    words = request.GET.get("q", "").strip()
    search = words if len(words) >= SEARCH_FROM else ""
    state, tag = request.GET.get("state", ""), request.GET.get("tag", "")
    chosen = _list_of(request)
    # Who may not see addresses may not guess them letter by letter either.
    search = search if may_see(request.member) else ""
    page = queries.contacts_page(
        request.member,
        search=search,
        list_id=chosen.pk if chosen else None,
        state=state,
        tag=tag,
        **keys_of(request),
    )
    is_narrowed = bool(search or chosen or state or tag)
    context = {
        "rows": page.rows,
        "noun": ngettext("contact on this page", "contacts on this page", len(page.rows)),
        "columns": COLUMNS,
        "chips": _chips(request, state, tag, chosen),
        "clear_url": workspace_url(request, "contacts"),
        "groups": _groups(request, state, tag, chosen),
        "words": words,
        "searchable": "q" if may_see(request.member) else "",
        "is_narrowed": is_narrowed,
        "may_manage": request.member.may(Permission.MANAGE_AUDIENCE),
        "bulk": _bulk_buttons(request),
        "first_actions": _first_actions(request),
        **page_links(request, page),
    }
    is_fragment = (
        request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request
    )
    return render(request, "contacts/list.html#results" if is_fragment else "contacts/list.html", context)


def _list_of(request: PageRequest) -> Any:
    try:
        return queries.list_for(request.member, UUID(request.GET.get("list", "")))
    except ValueError:
        return None


def _groups(request: PageRequest, state: str, tag: str, chosen: Any) -> list[FilterGroup]:
    states = [
        Option(value=value, label=label, checked=value == state) for value, label in ContactState.choices
    ]
    lists = [
        Option(value=str(one.public_id), label=one.name, count=one.member_count, checked=one == chosen)
        for one in queries.lists_for(request.member)[:50]
    ]
    tags = [Option(value=one, label=one, checked=one == tag) for one in queries.tags_of(request.member, 30)]
    groups = [FilterGroup(name="state", label=_("State"), options=[_any(not state), *states], kind="radio")]
    if lists:
        groups.append(
            FilterGroup(name="list", label=_("List"), options=[_any(not chosen), *lists], kind="radio")
        )
    if tags:
        groups.append(FilterGroup(name="tag", label=_("Tag"), options=[_any(not tag), *tags], kind="radio"))
    return groups


def _any(checked: bool) -> Option:
    return Option(value="", label=_("All"), checked=checked)


def _chips(request: PageRequest, state: str, tag: str, chosen: Any) -> list[Chip]:
    labels = dict(ContactState.choices)
    active = [
        ("state", state, labels.get(state, "")),
        ("list", str(chosen.public_id) if chosen else "", chosen.name if chosen else ""),
        ("tag", tag, tag),
    ]
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


def _bulk_buttons(request: PageRequest) -> list[dict[str, Any]]:
    if not request.member.may(Permission.MANAGE_AUDIENCE):
        return []
    return [
        {"label": _("Add to list or tag"), "icon": "list-checks", "value": "sort"},
        {"label": _("Write to them"), "icon": "send", "url": workspace_url(request, "contacts_campaign")},
        {"label": _("Activate"), "icon": "circle-check", "value": "ACTIVE"},
        {"label": _("Do not contact"), "icon": "shield-off", "value": "DO_NOT_CONTACT"},
        {"label": _("Delete"), "icon": "trash-2", "value": "delete"},
    ]


def _first_actions(request: PageRequest) -> list[Action]:
    if not request.member.may(Permission.MANAGE_AUDIENCE):
        return []
    return [
        Action(
            label=_("Import contacts"),
            url=workspace_url(request, "import_new"),
            icon="file-up",
            style="primary",
        ),
        Action(label=_("New contact"), url=workspace_url(request, "contact_new"), icon="plus"),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def contact_new(request: PageRequest, workspace: str) -> HttpResponse:
    """Add one contact by hand."""
    require(request, Permission.MANAGE_AUDIENCE)
    form = ContactForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.create_contact(by=of_member(request.member), fields=form.fields_of())
        except ContactInvalid as refusal:
            form.explain(refusal)
        else:
            messages.success(request, _("The contact is added."))
            return HttpResponseRedirect(workspace_url(request, "contact", id=made.public_id))
    return render(request, "contacts/new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def contact_detail(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """One contact: its fields, lists, and what it was sent."""
    contact = _contact(request, id)
    may_edit = request.member.may(Permission.MANAGE_AUDIENCE) and may_see(request.member)
    form = ContactForm.of(contact, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        require(request, Permission.MANAGE_AUDIENCE)
        require(request, Permission.VIEW_PII)
        if form.is_valid():
            try:
                operations.update_contact(
                    by=of_member(request.member), contact=contact, fields=form.fields_of()
                )
            except ContactInvalid as refusal:
                form.explain(refusal)
            else:
                messages.success(request, _("The contact is saved."))
                return HttpResponseRedirect(workspace_url(request, "contact", id=contact.public_id))
    sent = messages_to(contact)
    context = {
        "contact": contact,
        "form": form,
        "may_edit": may_edit,
        "may_manage": request.member.may(Permission.MANAGE_AUDIENCE),
        "lists": list(queries.lists_of(contact)),
        "other_lists": list(queries.lists_for(request.member).exclude(members__contact=contact)[:200]),
        "sent": [
            (one, key_of(one.stage.name, kind="recipient"), _campaign_url(request, one)) for one in sent
        ],
        "delete": _delete_action(request, contact),
    }
    return render(request, "contacts/detail.html", context)


def _campaign_url(request: PageRequest, one: Any) -> str:
    try:
        return workspace_url(request, "campaigns:detail", id=one.campaign_public_id)
    except NoReverseMatch:
        return ""


def _delete_action(request: PageRequest, contact: Contact) -> Action:
    return Action(
        label=_("Delete"),
        url=workspace_url(request, "contact_delete", id=contact.public_id),
        icon="trash-2",
        method="post",
        style="danger",
        confirm=_delete_question(1),
    )


def _delete_question(count: int) -> Confirm:
    return Confirm(
        title=ngettext("Delete this contact?", "Delete %(count)s contacts?", count) % {"count": count},
        text=_("They leave every list. What they were sent stays in the campaigns' records."),
        label=_("Delete"),
    )


@require_POST
def contact_delete(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Delete one contact, once that was confirmed."""
    contact = _contact(request, id)
    require(request, Permission.MANAGE_AUDIENCE)
    back = workspace_url(request, "contact", id=contact.public_id)
    if not is_confirmed(request):
        return confirm_page(request, _delete_question(1), back=back)
    operations.delete_contacts(by=of_member(request.member), contact_ids=[contact.pk])
    messages.success(request, _("The contact is deleted."))
    return HttpResponseRedirect(workspace_url(request, "contacts"))


@require_POST
def contact_lists(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Put the contact on a list or take it off one."""
    contact = _contact(request, id)
    require(request, Permission.MANAGE_AUDIENCE)
    try:
        the_list = queries.list_for(request.member, UUID(request.POST.get("list", "")))
    except ValueError:
        the_list = None
    if the_list is None:
        raise Http404
    change = operations.remove_from_list if request.POST.get("act") == "remove" else operations.add_to_list
    change(by=of_member(request.member), the_list=the_list, contact_ids=[contact.pk])
    return HttpResponseRedirect(workspace_url(request, "contact", id=contact.public_id))


@require_POST
def contact_bulk(request: PageRequest, workspace: str) -> HttpResponse:
    """Do something to the selected contacts."""
    require(request, Permission.MANAGE_AUDIENCE)
    ids = _selected(request)
    back = workspace_url(request, "contacts")
    action = request.POST.get("action", "")
    by = of_member(request.member)
    if not ids:
        messages.error(request, _("Select at least one contact."))
    elif action in ContactState.values:
        changed = operations.set_contact_state(by=by, contact_ids=ids, state=action)
        messages.success(request, _counted(changed))
    elif action == "delete":
        if not is_confirmed(request):
            return confirm_page(request, _delete_question(len(ids)), back=back)
        messages.success(request, _counted(operations.delete_contacts(by=by, contact_ids=ids)))
    elif action == "sort":
        return _sort(request, ids, back)
    return HttpResponseRedirect(back)


def _sort(request: PageRequest, ids: list[int], back: str) -> HttpResponse:
    """Ask for a list and tags, and then use them."""
    is_answer = request.POST.get("answered") == "1"
    form = BulkForm(request.POST if is_answer else None, lists=queries.lists_for(request.member))
    if is_answer and form.is_valid():
        by, changed = of_member(request.member), 0
        try:
            if the_list := form.cleaned_data["list"]:
                changed = operations.add_to_list(by=by, the_list=the_list, contact_ids=ids)
            if tags := form.cleaned_data["tags"]:
                tagged = operations.add_tags(by=by, contact_ids=ids, tags=tags.split(","))
                changed = max(changed, tagged)
        except ContactInvalid as refusal:
            form.add_error("tags", str(refusal))
        else:
            messages.success(request, _counted(changed))
            return HttpResponseRedirect(back)
    context = {
        "form": form,
        "selected": request.POST.getlist("selected")[:BULK_LIMIT],
        "count": len(ids),
        "back": back,
    }
    return render(request, "contacts/sort.html", context)


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


def _contact(request: PageRequest, id: UUID) -> Contact:
    contact = queries.contact_for(request.member, id)
    if contact is None:
        raise Http404
    return contact
