"""The form of a one-off: by which sender, to whom, what, and when. What it asks follows from what is chosen."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from clarion.audience import queries as audience
from clarion.audience.queries import contacts
from clarion.campaigns import material, queries
from clarion.campaigns.operations import Addressee, Said
from clarion.channels import registry
from clarion.channels.looks import look_of
from clarion.content.queries import missing_variables
from clarion.web import campaign_extras, masking
from clarion.web.message_fields import MessageForm, attachable
from clarion.web.template_forms import source_of, variables_as
from clarion.web.timing_form import date_field, time_field

if TYPE_CHECKING:
    from clarion.audience.models import Contact
    from clarion.content.models import TemplateVersion
    from clarion.senders.models import Sender
    from clarion.workspaces.models import Membership

ADDRESS, CONTACT = "address", "contact"
OWN, TEMPLATE = "own", "template"
NOW, LATER = "now", "later"
#: Contacts that a search brings, and letters from which on is searched.
FOUND, SEARCH_FROM = 8, 3
#: Before the names of a template's values.
VALUE = "value_"
#: Written in these ways a mail needs no editor of its own.
_MODES = ("text", "markdown", "html")


#: Nothing goes without these.
_WANTED = ("sender", "to", "address", "find", "contact", "content", "template", "when", "date", "time")


class SendForm(MessageForm):
    """Every field may be empty while it is written; `wanted` says what is missing."""

    use_required_attribute = False

    key = forms.UUIDField(widget=forms.HiddenInput)
    sender = forms.ChoiceField(label=gettext_lazy("Sender"), required=False)
    to = forms.ChoiceField(
        label=pgettext_lazy("recipient", "To"), required=False, widget=forms.RadioSelect,
        choices=[(ADDRESS, gettext_lazy("An address")), (CONTACT, gettext_lazy("A contact"))],
    )  # fmt: skip
    address = forms.CharField(label=gettext_lazy("Address"), required=False, max_length=900)
    find = forms.CharField(
        label=gettext_lazy("Find a contact"), required=False, max_length=200,
        help_text=gettext_lazy("The beginning of a name or an address, from 3 letters on."),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )  # fmt: skip
    contact = forms.ChoiceField(label=gettext_lazy("Contact"), required=False, widget=forms.RadioSelect)
    content = forms.ChoiceField(
        label=gettext_lazy("Message"), required=False, widget=forms.RadioSelect,
        choices=[(OWN, gettext_lazy("Written here")), (TEMPLATE, gettext_lazy("A template"))],
    )  # fmt: skip
    template = forms.ChoiceField(label=gettext_lazy("Template"), required=False)
    when = forms.ChoiceField(
        label=gettext_lazy("Send"), required=False, widget=forms.RadioSelect,
        choices=[(NOW, gettext_lazy("Now")), (LATER, gettext_lazy("At a set time"))],
    )  # fmt: skip
    date = date_field(gettext_lazy("Date"))
    time = time_field(gettext_lazy("Time"))

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        beginning = {"key": uuid.uuid4(), "to": ADDRESS, "content": OWN, "when": NOW, "mode": "text"}
        kwargs["initial"] = beginning | dict(kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.member = member
        self.senders = list(queries.senders_for(member))
        self.chosen_sender = next((s for s in self.senders if str(s.public_id) == self._said("sender")), None)
        if self.chosen_sender is None and len(self.senders) == 1:
            self.chosen_sender = self.senders[0]
            self.initial["sender"] = str(self.chosen_sender.public_id)
        self.channel = self.chosen_sender.channel if self.chosen_sender else "email"
        self.look = look_of(registry.get(self.channel))
        self.fields.update(campaign_extras.fields_of(self.channel))
        self.suit(self.look, files=attachable(member))
        self.fields["source"].required, self.fields["source"].label = False, _("Text")
        self.fields["source"].widget.attrs["rows"] = 8
        modes = [one for one in self.fields["mode"].choices if one[0] in _MODES]  # type: ignore[attr-defined]
        self.fields["mode"].choices = modes or self.fields["mode"].choices  # type: ignore[attr-defined]
        self.fields["mode"].required = False
        self._offer()

    def _said(self, name: str) -> str:
        return str((self.data if self.is_bound else self.initial).get(name) or self.initial.get(name) or "")

    def _offer(self) -> None:
        versions = [
            one
            for one in queries.template_versions_for(self.member)
            if material.fits(one.template.channel, self.channel)
        ]
        self.chosen_version = next((one for one in versions if _key(one) == self._said("template")), None)
        self._choose(
            "sender", [("", _("Choose a sender")), *((str(s.public_id), s.name) for s in self.senders)]
        )
        self._choose("template", [("", _("Choose a template")), *((_key(one), str(one)) for one in versions)])
        self.chosen_contact = self._contact()
        people = [(str(one.public_id), self._label(one)) for one in self.found_contacts]
        self._choose("contact", people)
        for name in self.value_names:
            self.fields[f"{VALUE}{name}"] = forms.CharField(label=name, required=False, max_length=2_000)
        if self.look.needs_approval and not self.is_bound:
            self.initial["content"] = TEMPLATE
        self.fields["address"].widget.input_type = _TYPING.get(
            registry.get(self.channel).address_kind, "text"
        )

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _contact(self) -> Contact | None:
        try:
            return audience.contact_for(self.member, uuid.UUID(self._said("contact")))
        except ValueError:
            return None

    @cached_property
    def found_contacts(self) -> list[Contact]:
        """The contact that is chosen, and those whom the search brings."""
        words = self._said("find").strip()
        found = [self.chosen_contact] if self.chosen_contact is not None else []
        if len(words) >= SEARCH_FROM:
            wanted = contacts.Filter(search=words, is_whole=not self.member.sees_people)
            page = contacts.contacts_page(self.member, wanted, limit=FOUND)
            found += [one for one in (page.rows if page is not None else ()) if one not in found]
        return found

    @property
    def is_nobody_found(self) -> bool:
        """Whether somebody was looked for who is not there."""
        return len(self._said("find").strip()) >= SEARCH_FROM and not self.found_contacts

    def _label(self, one: Contact) -> str:
        name = masking.name_for(self.member, f"{one.first_name} {one.last_name}".strip())
        address = masking.address_for(self.member, one.email or one.phone)
        return f"{name} · {address}" if name and address else name or address or str(one.public_id)[:8]

    @property
    def is_to_contact(self) -> bool:
        return self._said("to") == CONTACT

    @property
    def is_of_template(self) -> bool:
        return self._said("content") == TEMPLATE

    @property
    def is_later(self) -> bool:
        return self._said("when") == LATER

    @cached_property
    def value_names(self) -> list[str]:
        """What a template asks of a person of whom nothing but the address is known."""
        if self.chosen_version is None or not self.is_of_template or self.is_to_contact:
            return []
        kind = registry.get(self.channel).address_kind
        return missing_variables(self.chosen_version.content, {kind})[:50]

    def values(self) -> list[forms.BoundField]:
        """Return the fields of a template's values."""
        return [self[f"{VALUE}{name}"] for name in self.value_names]

    def as_shown(self) -> SendForm:
        """Return the form for drawing, with what it cannot do without; it is not to be validated after that."""
        for name in _WANTED:
            self.fields[name].required = True
        if self.look.needs_words:
            self.fields["source"].required = True
        return self

    def extras(self) -> list[forms.BoundField]:
        """Return what a message of the channel has beside its text."""
        return [self[name] for name in self.fields if name.startswith(campaign_extras.PREFIX)]

    def body(self) -> dict[str, Any]:
        """Return the source as it is typed by now."""
        data = {**self.data.dict(), "channel": ""} if hasattr(self.data, "dict") else dict(self.data)
        made = source_of(data)
        made["mode"] = made["mode"] or "text"
        extras = {
            name.removeprefix(campaign_extras.PREFIX): value
            for name, value in data.items()
            if name.startswith(campaign_extras.PREFIX)
        }
        said = campaign_extras.said_in({f"{campaign_extras.PREFIX}{n}": v for n, v in extras.items()})
        files = self.data.getlist("attached") if hasattr(self.data, "getlist") else []
        return {**made, **({"extras": said} if said else {}), **({"files": files} if files else {})}

    def person(self) -> dict[str, Any]:
        """Return what the message may use of whoever is chosen by now, as the member may see them."""
        if self.is_to_contact:
            found = self.chosen_contact
            return variables_as(self.member, str(found.public_id)) if found is not None else {}
        return {**self._typed_values(), registry.get(self.channel).address_kind: self._said("address")}

    def _typed_values(self) -> dict[str, str]:
        return {name: said for name in self.value_names if (said := self._said(f"{VALUE}{name}").strip())}

    def wanted(self) -> Order | None:
        """Return what a cleaned form says; None with the sentences at the fields when something is missing."""
        starts_at = self._starts_at()
        if self.chosen_sender is None:
            self.add_error("sender", _("Choose the sender."))
        if self.is_to_contact and self.chosen_contact is None:
            self.add_error("contact", _("Choose a contact."))
        if not self.is_to_contact and not self._said("address").strip():
            self.add_error("address", _("Type the address that it goes to."))
        if self.is_of_template and self.chosen_version is None:
            self.add_error("template", _("Choose a template."))
        if self.errors or self.chosen_sender is None:
            return None
        to = Addressee(
            contact=self.chosen_contact if self.is_to_contact else None,
            address="" if self.is_to_contact else self._said("address"), values=self._typed_values(),
        )  # fmt: skip
        version = self.chosen_version if self.is_of_template else None
        said = Said(template_version=version, body={} if version else self.body())
        return Order(sender=self.chosen_sender, to=to, said=said, starts_at=starts_at)

    def _starts_at(self) -> datetime | None:
        if not self.is_later:
            return None
        day, clock = self.cleaned_data.get("date"), self.cleaned_data.get("time")
        if day is None or clock is None:
            for name, value, sentence in (
                ("date", day, _("Say on which day.")),
                ("time", clock, _("Say at what time.")),
            ):
                if value is None and name not in self.errors:
                    self.add_error(name, sentence)
            return None
        return datetime.combine(day, clock, tzinfo=ZoneInfo(self.member.workspace.zone))

    def show(self, fields: dict[str, str], problems: list[str]) -> None:
        """Show what was refused at its fields."""
        places = {
            "to": "contact" if self.is_to_contact else "address",
            "starts_at": "date",
            "files": "attached",
        }
        places |= {"values": "template" if self.is_of_template else "source", "language": "source"}
        for name, sentence in fields.items():
            extra = f"{campaign_extras.PREFIX}{name}"
            place = places.get(name, extra if extra in self.fields else name)
            hidden = self.is_of_template and place in ("subject", "source", "text")
            self.add_error(place if place in self.fields and not hidden else None, sentence)
        for sentence in problems:
            if sentence not in fields.values():
                self.add_error(None, sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the form says, as the operation takes it."""

    sender: Sender
    to: Addressee
    said: Said
    starts_at: datetime | None


#: Kind of address → type of the field.
_TYPING = {"email": "email", "phone": "tel"}


def _key(version: TemplateVersion) -> str:
    return f"{version.template.public_id}:{version.number}"
