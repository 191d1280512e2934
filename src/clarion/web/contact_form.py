"""A contact's form: its own fields, one for each attribute that the workspace has defined, and lines for the others."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.audience.attributes import NO, YES
from clarion.audience.columns import MAX_VARIABLE
from clarion.audience.models import Attribute, AttributeKind, Contact, ContactState
from clarion.audience.people import MAX_VALUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clarion.audience.errors import ContactInvalid
    from clarion.audience.operations import ContactFields

_OWN = "attribute_"


class ContactForm(forms.Form):
    """A contact's fields as a person types them; `fields_of` makes what the operations take."""

    email = forms.CharField(label=gettext_lazy("E-mail address"), required=False, max_length=320)
    phone = forms.CharField(
        label=gettext_lazy("Phone number"),
        required=False,
        max_length=40,
        help_text=gettext_lazy(
            "With + and the country code, or as it is dialled in the workspace’s country."
        ),
    )
    first_name = forms.CharField(label=gettext_lazy("First name"), required=False, max_length=100)
    last_name = forms.CharField(label=gettext_lazy("Last name"), required=False, max_length=100)
    language = forms.CharField(label=gettext_lazy("Language"), required=False, max_length=12)
    zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("Like Europe/Berlin."),
    )
    state = forms.ChoiceField(label=gettext_lazy("State"), choices=ContactState.choices, initial="ACTIVE")
    tags = forms.CharField(
        label=gettext_lazy("Tags"), required=False, help_text=gettext_lazy("Parted by commas.")
    )
    attributes = forms.CharField(
        label=gettext_lazy("Other attributes"),
        required=False,
        help_text=gettext_lazy("One a line, like city: Berlin. Templates know them by these names."),
        widget=forms.Textarea(attrs={"rows": 4, "class": "input--code"}),
    )

    def __init__(
        self, data: Any = None, *, defined: Mapping[str, Attribute], contact: Contact | None = None
    ) -> None:
        super().__init__(data, initial=_initial(contact, defined) if contact else None)
        self._defined = defined
        values = contact.attributes if contact else {}
        for name, attribute in defined.items():
            self.fields[f"{_OWN}{name}"] = _field_of(attribute, str(values.get(name, "")))

    def own(self) -> list[forms.BoundField]:
        """The fields of defined attributes."""
        return [self[f"{_OWN}{name}"] for name in self._defined]

    def clean_attributes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in self.cleaned_data["attributes"].splitlines():
            if not line.strip():
                continue
            name, colon, value = line.partition(":")
            if not colon or not name.strip() or len(name) > MAX_VARIABLE:
                raise forms.ValidationError(_("Write each attribute as name: value on a line of its own."))
            found[name.strip()] = value.strip()
        return found

    def fields_of(self) -> ContactFields:
        """What was typed, for the operations."""
        data = {name: value for name, value in self.cleaned_data.items() if not name.startswith(_OWN)}
        data["tags"] = [tag for tag in data["tags"].split(",") if tag.strip()]
        own = {name: self.cleaned_data.get(f"{_OWN}{name}", "") for name in self._defined}
        data["attributes"] = data["attributes"] | {name: value for name, value in own.items() if value}
        return cast("ContactFields", data)

    def explain(self, refusal: ContactInvalid) -> None:
        """Put each problem beside its field."""
        for name, sentence in refusal.problems.items():
            field = name.replace("attribute:", _OWN)
            self.add_error(field if field in self.fields else None, sentence)


def _initial(contact: Contact, defined: Mapping[str, Attribute]) -> dict[str, Any]:
    names = ("email", "phone", "first_name", "last_name", "language", "zone", "state")
    initial = {name: getattr(contact, name) for name in names}
    initial["tags"] = ", ".join(contact.tags)
    initial["attributes"] = "\n".join(
        f"{name}: {value}" for name, value in contact.attributes.items() if name not in defined
    )
    return initial | {f"{_OWN}{name}": value for name, value in contact.attributes.items() if name in defined}


def _field_of(attribute: Attribute, value: str) -> forms.Field:
    """Return the field; what does not fit the kind, from before it was defined, is shown as it is."""
    facts: dict[str, Any] = {"label": attribute.label, "required": False}
    match attribute.kind:
        case AttributeKind.BOOLEAN:
            choices = [("", _("Not said")), (YES, _("yes")), (NO, _("no"))]
            return forms.ChoiceField(**facts, choices=_with(choices, value))
        case AttributeKind.CHOICE:
            choices = [("", "—"), *((one, one) for one in attribute.choices)]
            return forms.ChoiceField(**facts, choices=_with(choices, value))
        case AttributeKind.DATE if _is_day(value):
            return forms.CharField(**facts, max_length=40, widget=forms.TextInput(attrs={"type": "date"}))
        case AttributeKind.NUMBER:
            widget = forms.TextInput(attrs={"inputmode": "decimal"})
            return forms.CharField(**facts, max_length=40, widget=widget)
        case AttributeKind.LIST:
            return forms.CharField(**facts, max_length=MAX_VALUE, help_text=_("Parted by commas."))
        case _:
            return forms.CharField(**facts, max_length=MAX_VALUE)


def _with(choices: list[tuple[str, str]], value: str) -> list[tuple[str, str]]:
    return choices if value in dict(choices) else [*choices, (value, value)]


def _is_day(value: str) -> bool:
    try:
        return not value or bool(date.fromisoformat(value))
    except ValueError:
        return False
