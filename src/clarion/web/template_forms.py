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
from clarion.content.compiling import MAX_SUBJECT, MODES
from clarion.lib.template_lint import MAX_SOURCE
from clarion.workspaces.names import MAX_NAME
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from clarion.audience.models import Contact
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

_MODE_LABELS = {"html": "HTML", "mjml": "MJML", "text": gettext_lazy("Text only")}


class TemplateForm(forms.Form):
    """What an author writes. Whether it is a usable template is said by the operation, field by field."""

    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=MAX_NAME)
    #: The channel says whether it must have one.
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=MAX_SUBJECT, required=False)
    preheader = forms.CharField(
        label=gettext_lazy("Preview text"),
        max_length=MAX_SUBJECT,
        required=False,
        help_text=gettext_lazy(
            "Mail readers show it beside the subject. Between 40 and 100 characters are seen."
        ),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Written in"),
        choices=[(mode, _MODE_LABELS[mode]) for mode in MODES],
        widget=forms.RadioSelect,
        initial="html",
    )
    source = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=MAX_SOURCE,
        strip=False,
        widget=forms.Textarea(attrs={"class": "input--code", "rows": 22, "spellcheck": "false"}),
    )
    text = forms.CharField(
        label=gettext_lazy("Plain text"),
        max_length=MAX_SOURCE,
        required=False,
        strip=False,
        help_text=gettext_lazy("For readers without HTML. Left empty, it is made from the message."),
        widget=forms.Textarea(attrs={"class": "input--code", "rows": 6, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["channel"]
        field.choices = [(one.name, one.label) for one in registry.all_channels()]  # type: ignore[attr-defined]
        field.required = is_new
        field.disabled = not is_new

    def add_problems(self, problems: Iterable[Problem]) -> None:
        """Show each problem at its field, with its line where it has one."""
        for one in problems:
            field = one.field if one.field in self.fields else "source"
            self.add_error(
                field,
                _("Line %(line)d: %(text)s") % {"line": one.line, "text": one.sentence}
                if one.line
                else one.sentence,
            )


def source_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the template's source out of a form's data, cleaned or raw."""
    return {name: str(data.get(name) or "") for name in ("mode", "subject", "preheader", "source", "text")}


def people(member: Membership) -> list[tuple[str, str]]:
    """Return (id, label) of contacts to preview as; addresses are masked without the right to see them."""
    may_see = member.may(Permission.VIEW_PII)
    return [
        (str(one.public_id), _label(one) if may_see else mask(one.email))
        for one in (contacts.contacts_page(member) or contacts.NO_ROWS).rows[:_PEOPLE]
        if one.email
    ]


def variables_as(member: Membership, contact_id: str) -> dict[str, Any]:
    """Return what a template may use of the contact; nothing for nobody, a stranger's, or without the right."""
    if not member.may(Permission.VIEW_PII):
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
