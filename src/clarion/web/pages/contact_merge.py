"""Contacts that may be one person, and making one of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clarion.audience import attributes, operations, queries
from clarion.audience.errors import ContactInvalid
from clarion.audience.models import ContactState
from clarion.audience.operations.people import MERGED_FIELDS
from clarion.audience.queries import duplicates
from clarion.web.links import workspace_url
from clarion.web.masking import may_ask
from clarion.web.pages.contact import contact_of
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from clarion.audience.models import Contact
    from clarion.web.http import PageRequest

_LABELS = {
    "email": gettext_lazy("Preferred e-mail address"),
    "phone": gettext_lazy("Preferred phone number"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "language": gettext_lazy("Language"),
    "zone": gettext_lazy("Time zone"),
    "state": gettext_lazy("State"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A field that differs: what each contact has. `name` is as the operation takes it."""

    name: str
    label: str
    ours: str
    theirs: str
    #: Whether the other's is taken unless somebody chooses.
    takes_theirs: bool = False


@require_safe
def contact_duplicates(request: PageRequest, workspace: str) -> HttpResponse:
    """Groups of contacts that share a telephone or both names."""
    found = duplicates.suggestions(request.workspace)
    groups = [
        (
            group.reason,
            [
                (one, f"{workspace_url(request, 'contact_merge', id=group.contacts[0].public_id)}?with={one.public_id}")
                for one in group.contacts
            ],
        )
        for group in found.groups
    ]  # fmt: skip
    context = {"groups": groups, "is_complete": found.is_complete}
    return render(request, "contacts/duplicates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def contact_merge(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Show what differs between a contact and the one that `with` names, and make them one."""
    kept = contact_of(request, id)
    other = _other(request)
    if other is None or other.pk == kept.pk:
        return HttpResponseRedirect(workspace_url(request, "contact", id=kept.public_id))
    if may_ask(request.member):
        # What differs cannot be chosen unseen: opening the page is asking for both.
        for one in (kept, other):
            operations.reveal_contact(by=of_member(request.member), contact=one)
        request.member.is_shown_people = True
    picks = _picks(request, kept, other)
    if request.method == "POST":
        take = [one.name for one in picks if request.POST.get(f"take-{one.name}") == "theirs"]
        try:
            operations.merge_contacts(by=of_member(request.member), kept=kept, gone=other, take=take)
        except ContactInvalid as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The two contacts are one."))
        return HttpResponseRedirect(workspace_url(request, "contact", id=kept.public_id))
    swap = f"{workspace_url(request, 'contact_merge', id=other.public_id)}?with={kept.public_id}"
    context = {"contact": kept, "other": other, "picks": picks, "swap": swap}
    return render(request, "contacts/merge.html", context)


def _other(request: PageRequest) -> Contact | None:
    text = request.POST.get("with") or request.GET.get("with", "")
    try:
        other = queries.contact_for(request.member, UUID(text))
    except ValueError:
        return None
    if other is None:
        raise Http404
    return other


def _picks(request: PageRequest, kept: Contact, other: Contact) -> list[Pick]:
    found = []
    for name in MERGED_FIELDS:
        ours, theirs = getattr(kept, name), getattr(other, name)
        if ours and theirs and ours != theirs:
            is_stricter = name == "state" and _strictness(theirs) > _strictness(ours)
            found.append(
                Pick(
                    name=name, label=str(_LABELS[name]), ours=_shown(name, ours), theirs=_shown(name, theirs),
                    takes_theirs=is_stricter,
                )
            )  # fmt: skip
    defined = attributes.defined(request.workspace)
    for name in sorted(kept.attributes.keys() & other.attributes.keys()):
        ours, theirs = str(kept.attributes[name]), str(other.attributes[name])
        if ours != theirs:
            label = defined[name].label if name in defined else name
            found.append(Pick(name=f"attribute:{name}", label=label, ours=ours, theirs=theirs))
    return found


def _strictness(state: str) -> int:
    return list(ContactState.values).index(state)


def _shown(name: str, value: str) -> str:
    return str(ContactState(value).label) if name == "state" else value
