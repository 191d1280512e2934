"""The form of the template editor, and as whom a template is previewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.audience.masking import mask
from clarion.audience.queries import contacts
from clarion.channels import registry
from clarion.channels.content_forms import content_fields
from clarion.content.language_names import name_of
from clarion.lib.sentences import spoken
from clarion.web.message_fields import MessageForm, written
from clarion.workspaces.names import MAX_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clarion.audience.models import Contact
    from clarion.channels.looks import Look
    from clarion.content.errors import Problem
    from clarion.workspaces.models import Membership

#: How many of the newest contacts a preview offers.
_PEOPLE = 20

#: Fields every contact has, with words to insert them by.
_CONTACT_FIELDS = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "email": gettext_lazy("Email"),
    "phone": gettext_lazy("Phone"),
    "language": gettext_lazy("Language"),
    "unsubscribe_url": gettext_lazy("Unsubscribe link"),
}


class TemplateForm(MessageForm):
    """A template's message, with its channel and name."""

    field_order = ("channel", "name")

    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=MAX_NAME)

    def __init__(
        self, *args: Any, is_new: bool, look: Look, files: Sequence[tuple[str, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.look = look
        channel = str(self.data.get("channel") or self.initial.get("channel") or "")
        self._extras = content_fields(channel)
        self.fields.update(self._extras)
        self.suit(look, files=files)
        field = self.fields["channel"]
        field.choices = [(one.name, spoken(one.label)) for one in registry.all_channels()]  # type: ignore[attr-defined]
        field.required = is_new
        field.disabled = not is_new

    def extras(self) -> list[forms.BoundField]:
        """Return what a message of the channel has beside its text."""
        return [self[name] for name in self._extras]

    def add_problems(self, problems: Iterable[Problem]) -> None:
        """Show each problem at its field, with its line where it has one."""
        for one in problems:
            field = "attached" if one.field == "files" else one.field
            field = field if field in self.fields else "source"
            sentence = f"{name_of(one.language)}: {one.sentence}" if one.language else one.sentence
            self.add_error(
                field,
                _("Line %(line)d: %(text)s") % {"line": one.line, "text": sentence} if one.line else sentence,
            )


def source_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said in one language out of a form's data, cleaned or raw."""
    found: dict[str, Any] = {
        name: str(data.get(name) or "") for name in ("mode", "subject", "preheader", "source", "text")
    }
    extras = {name: data.get(name) for name in content_fields(str(data.get("channel") or ""))}
    said = {name: "1" if value is True else str(value) for name, value in extras.items() if value}
    return {**found, "extras": said} if said else found


def whole_source_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same with what goes for the whole template, out of cleaned data."""
    own = {name: data.get(name) or "" for name in ("language", "defaults")}
    return {**source_of(data), **own, "files": data.get("attached") or []}


def initial_of(source: Mapping[str, Any], edited: str) -> dict[str, Any]:
    """Return the form's data for a template's source, of one of its languages."""
    found = written(source, edited)
    return {**found, **found.pop("extras", {})}


def people(member: Membership) -> list[tuple[str, str]]:
    """Return (id, label) of contacts to preview as; addresses are masked without the right to see them."""
    may_see = member.sees_people
    return [
        (str(one.public_id), _label(one) if may_see else mask(one.email))
        for one in (contacts.contacts_page(member) or contacts.NO_ROWS).rows[:_PEOPLE]
        if one.email
    ]


def variables_as(member: Membership, contact_id: str) -> dict[str, Any]:
    """Return what a template may use of the contact; nothing for nobody, a stranger's, or without the right."""
    if not member.sees_people:
        return {}
    try:
        contact = contacts.contact_for(member, UUID(contact_id))
    except ValueError:
        return {}
    if contact is None:
        return {}
    own = ("email", "phone", "first_name", "last_name", "language")
    return {**contact.attributes, **{name: getattr(contact, name) for name in own}}


def insertable(member: Membership) -> list[tuple[str, str]]:
    """Return (what to insert, its words) for the fields that contacts have."""
    newest = (contacts.contacts_page(member) or contacts.NO_ROWS).rows
    attributes = sorted(
        {name for one in newest for name in one.attributes if name.isidentifier()} - _CONTACT_FIELDS.keys()
    )
    named = {
        **{name: str(label) for name, label in _CONTACT_FIELDS.items()},
        **{name: name for name in attributes[:20]},
    }
    return [(f"{{{{ {name} }}}}", label) for name, label in named.items()]


def _label(contact: Contact) -> str:
    name = f"{contact.first_name} {contact.last_name}".strip()
    return f"{name} · {contact.email}" if name else contact.email
