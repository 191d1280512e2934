"""What a contact's page shows: its addresses, what it said, what it was sent, and who may be the same person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.urls import NoReverseMatch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from clarion.audience import addresses, operations, queries
from clarion.audience.models import ConsentSource, ConsentState
from clarion.audience.queries import duplicates
from clarion.channels import registry
from clarion.deliveries import history
from clarion.lib.sentences import spoken
from clarion.senders import invitations
from clarion.web.links import changed_query, workspace_url
from clarion.web.masking import address_for
from clarion.web.parts import Action, Confirm
from clarion.web.statuses import key_of
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.audience.models import Contact
    from clarion.web.http import PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """An address on the page. `channels` are those on which it is suppressed, with why."""

    kind: str
    label: str
    address: str
    shown: str
    is_preferred: bool
    suppressed: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is known of the consent to a channel; `mark` is a status of `statuses.THING`."""

    channel: str
    label: str
    mark: str
    is_asked: bool


class AddressForm(forms.Form):
    """One more address."""

    prefix = "way"
    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    address = forms.CharField(label=gettext_lazy("Address"), max_length=320)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [(kind, addresses.label_of(kind)) for kind in addresses.kinds()]


class ConsentForm(forms.Form):
    """What the person said about a channel."""

    prefix = "said"
    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    state = forms.ChoiceField(label=gettext_lazy("Consent"), choices=ConsentState.choices)
    source = forms.ChoiceField(
        label=gettext_lazy("How it is known"),
        choices=[
            (ConsentSource.PERSON, gettext_lazy("Told to a member")),
            (ConsentSource.FORM, gettext_lazy("A form")),
        ],
    )
    at = forms.DateField(
        label=pgettext_lazy("date", "On"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Today when it is left empty."),
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["channel"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [(one.name, spoken(one.label)) for one in registry.all_channels()]


def context_of(request: PageRequest, contact: Contact) -> dict[str, Any]:
    """Return what the page needs beside the form of the contact's own fields."""
    suppressions = queries.suppressions_of(contact)
    page = history.messages_to(contact, after=_place(request.GET.get("before", "")))
    return {
        "ways": _ways(request, contact, suppressions),
        "way_form": AddressForm(),
        "joins": invitations.links_to(request.workspace, contact_id=contact.pk),
        "consent": _said(request, contact),
        "consent_form": ConsentForm(),
        "consent_history": queries.consent_history(contact, limit=50),
        "lists": list(queries.lists_of(contact)),
        "other_lists": list(queries.lists_for(request.member).exclude(members__contact=contact)[:200]),
        "sent": [(one, key_of(one.stage.name, kind="recipient"), _message_url(request, one)) for one in page.messages],
        "older_url": changed_query(request, before="-".join(map(str, page.older))) if page.older else "",
        "newest_url": changed_query(request, before="") if request.GET.get("before") else "",
        "duplicates": [
            (one, reason, _merge_url(request, contact, one)) for one, reason in duplicates.of_contact(contact)
        ],
        "erase": erase_action(request, contact),
        "may_export": request.member.may(Permission.EXPORT) and request.member.may(Permission.VIEW_PII),
    }  # fmt: skip


def _ways(request: PageRequest, contact: Contact, suppressions: Sequence[Any]) -> list[Way]:
    found = []
    for kind, every in addresses.all_of(contact).items():
        names = {one.name for one in registry.all_channels() if one.address_kind == kind}
        for position, address in enumerate(every):
            found.append(
                Way(
                    kind=kind,
                    label=addresses.label_of(kind),
                    address=address,
                    shown=address_for(request.member, address),
                    is_preferred=position == 0,
                    suppressed=[
                        f"{spoken(registry.get(one.channel).label)}: {one.get_reason_display()}"
                        for one in suppressions
                        if one.address == address and one.channel in names
                    ],
                )
            )
    return found


def _said(request: PageRequest, contact: Contact) -> list[Said]:
    marks = {ConsentState.UNKNOWN: "not_said"}
    return [
        Said(
            channel=one.name,
            label=spoken(one.label),
            mark=marks.get(state := operations.state_of(contact, one.name), state.lower()),
            is_asked=one.name in request.workspace.consent_channels,
        )
        for one in registry.all_channels()
    ]


def _place(text: str) -> history.Place | None:
    run, dash, person = text.partition("-")
    is_place = dash and run.isascii() and run.isdigit() and person.isascii() and person.isdigit()
    return (int(run[:18]), int(person[:18])) if is_place else None


def _message_url(request: PageRequest, one: history.Sent) -> str:
    try:
        url = workspace_url(
            request, "campaigns:recipient", id=one.campaign_public_id, number=one.recipient_id
        )
    except NoReverseMatch:
        return ""
    return f"{url}?run={one.run_number}"


def _merge_url(request: PageRequest, contact: Contact, other: Contact) -> str:
    return f"{workspace_url(request, 'contact_merge', id=contact.public_id)}?with={other.public_id}"


def erase_question(request: PageRequest, contact: Contact) -> Confirm:
    """The question before an erasure."""
    return Confirm(
        title=_("Erase this person?"),
        text=_("For people who ask to be forgotten. It cannot be taken back."),
        facts=[
            _("The contact, its addresses, attributes, consent and suppressions are removed."),
            _("Messages that were sent to them stay counted, without the person."),
            _("Files that name them are removed: exports of those campaigns, and uploads."),
            _("Their addresses stay known as keyed hashes, so that no later file writes to them."),
        ],
        label=_("Erase"),
        type_to_confirm=_("erase"),
    )


def erase_action(request: PageRequest, contact: Contact) -> Action:
    """The button that asks it."""
    return Action(
        label=_("Erase person"),
        url=workspace_url(request, "contact_erase", id=contact.public_id),
        icon="user-x",
        method="post",
        style="danger",
        confirm=erase_question(request, contact),
    )
