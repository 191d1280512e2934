"""One contact: added by hand, its profile, and what is changed there."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clarion.audience import attributes, operations, queries
from clarion.audience.errors import ContactInvalid
from clarion.audience.models import ConsentState
from clarion.deliveries import optout
from clarion.web import contact_profile, reveal
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.contact_form import ContactForm
from clarion.web.links import workspace_url
from clarion.web.masking import may_see
from clarion.web.parts import Action, Confirm
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from datetime import date

    from clarion.audience.models import Contact
    from clarion.web.http import PageRequest


@require_http_methods(["GET", "HEAD", "POST"])
def contact_new(request: PageRequest, workspace: str) -> HttpResponse:
    """Add one contact by hand."""
    form = ContactForm(
        request.POST if request.method == "POST" else None, defined=attributes.defined(request.workspace)
    )
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
    """One contact: its fields, addresses, consent, lists, and all that it was sent."""
    contact = queries.contact_for(request.member, id)
    if contact is None:
        return _moved(request, id)
    reveal.take(request, f"contact {contact.public_id}")
    return profile(request, contact)


@require_POST
def contact_reveal(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Note that the contact's data were asked for, and show them."""
    contact = contact_of(request, id)
    operations.reveal_contact(by=of_member(request.member), contact=contact)
    seen = reveal.ticket(request, f"contact {contact.public_id}")
    return HttpResponseRedirect(f"{workspace_url(request, 'contact', id=contact.public_id)}?{seen}")


def profile(request: PageRequest, contact: Contact, **changed: Any) -> HttpResponse:
    """Draw the page; `changed` replaces parts of it, such as a form with what is wrong in it."""
    may_edit = request.member.may(Permission.MANAGE_AUDIENCE) and may_see(request.member)
    is_answer = request.method == "POST" and not changed
    form = ContactForm(
        request.POST if is_answer else None,
        defined=attributes.defined(request.workspace),
        contact=contact,
    )
    if is_answer and form.is_valid():
        try:
            operations.update_contact(by=of_member(request.member), contact=contact, fields=form.fields_of())
        except ContactInvalid as refusal:
            form.explain(refusal)
        else:
            messages.success(request, _("The contact is saved."))
            return _back(request, contact)
    context = {
        "contact": contact,
        "form": form,
        "may_edit": may_edit,
        "may_manage": request.member.may(Permission.MANAGE_AUDIENCE),
        "delete": _delete_action(request, contact),
        "reveal": reveal.action(request, workspace_url(request, "contact_reveal", id=contact.public_id)),
        **contact_profile.context_of(request, contact),
        **changed,
    }
    return render(request, "contacts/detail.html", context)


def _moved(request: PageRequest, id: UUID) -> HttpResponse:
    """Lead to the contact that this one has become a part of."""
    other = queries.merged_into(request.member, id)
    if other is None:
        raise Http404
    return _back(request, other)


def contact_of(request: PageRequest, id: UUID) -> Contact:
    """Return the workspace's contact; raises Http404."""
    contact = queries.contact_for(request.member, id)
    if contact is None:
        raise Http404
    return contact


def _back(request: PageRequest, contact: Contact) -> HttpResponseRedirect:
    return HttpResponseRedirect(workspace_url(request, "contact", id=contact.public_id))


def _delete_action(request: PageRequest, contact: Contact) -> Action:
    return Action(
        label=_("Delete"),
        url=workspace_url(request, "contact_delete", id=contact.public_id),
        icon="trash-2",
        method="post",
        confirm=_delete_question(),
    )


def _delete_question() -> Confirm:
    return Confirm(
        title=_("Delete this contact?"),
        text=_(
            "They leave every list. What they were sent stays in the campaigns' records, and the next file brings"
            " them back. To forget somebody for good, erase the person."
        ),
        label=_("Delete"),
    )


@require_POST
def contact_delete(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Delete one contact, once that was confirmed."""
    contact = contact_of(request, id)
    back = workspace_url(request, "contact", id=contact.public_id)
    if not is_confirmed(request):
        return confirm_page(request, _delete_question(), back=back)
    operations.delete_contacts(by=of_member(request.member), contact_ids=[contact.pk])
    messages.success(request, _("The contact is deleted."))
    return HttpResponseRedirect(workspace_url(request, "contacts"))


@require_POST
def contact_lists(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Put the contact on a list or take it off one."""
    contact = contact_of(request, id)
    try:
        the_list = queries.list_for(request.member, UUID(request.POST.get("list", "")))
    except ValueError:
        the_list = None
    if the_list is None:
        raise Http404
    change = operations.remove_from_list if request.POST.get("act") == "remove" else operations.add_to_list
    change(by=of_member(request.member), the_list=the_list, contact_ids=[contact.pk])
    return _back(request, contact)


@require_POST
def contact_addresses(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Add an address, take one away, or write to another one from now on."""
    contact = contact_of(request, id)
    by, act = of_member(request.member), request.POST.get("act", "")
    if act in ("prefer", "remove"):
        change = operations.prefer_address if act == "prefer" else operations.remove_address
        given = {"kind": request.POST.get("kind", ""), "address": request.POST.get("address", "")}
        try:
            change(by=by, contact=contact, **given)
        except ContactInvalid as refusal:
            messages.error(request, str(refusal))
        return _back(request, contact)
    form = contact_profile.AddressForm(request.POST)
    if form.is_valid():
        try:
            operations.add_address(by=by, contact=contact, **form.cleaned_data)
        except ContactInvalid as refusal:
            form.add_error("address", str(refusal))
        else:
            return _back(request, contact)
    return profile(request, contact, way_form=form)


@require_POST
def contact_consent(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Note what the contact said about a channel."""
    contact = contact_of(request, id)
    form = contact_profile.ConsentForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data | {"at": _moment(request, form.cleaned_data["at"])}
        try:
            is_news = operations.set_consent(by=of_member(request.member), contact=contact, **data)
        except ContactInvalid as refusal:
            for name, sentence in refusal.problems.items():
                form.add_error(name, sentence)
        else:
            if is_news and data["state"] == ConsentState.WITHDRAWN:
                optout.skip_contact(contact, data["channel"])
            text = _("The consent is noted.") if is_news else _("That was known already.")
            messages.success(request, text)
            return _back(request, contact)
    return profile(request, contact, consent_form=form)


def _moment(request: PageRequest, day: date | None) -> datetime | None:
    """Return the noon of a day in the workspace's zone, or now where that is earlier; None for today."""
    if day is None:
        return None
    noon = datetime.combine(day, time(12), ZoneInfo(request.workspace.zone)).astimezone(UTC)
    today = timezone.now().astimezone(ZoneInfo(request.workspace.zone)).date()
    return min(noon, timezone.now()) if day <= today else noon
