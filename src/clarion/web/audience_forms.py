"""Forms of contacts, lists and suppressions."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.audience.columns import MAX_VARIABLE
from clarion.audience.errors import ContactInvalid
from clarion.audience.models import Contact, ContactState, List
from clarion.audience.operations import ContactFields
from clarion.channels import registry


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
        label=gettext_lazy("Attributes"),
        required=False,
        help_text=gettext_lazy("One a line, like city: Berlin. Templates know them by these names."),
        widget=forms.Textarea(attrs={"rows": 6, "class": "input--code"}),
    )

    @classmethod
    def of(cls, contact: Contact, data: Any = None) -> ContactForm:
        """The form of a contact that exists."""
        names = ("email", "phone", "first_name", "last_name", "language", "zone", "state")
        initial = {name: getattr(contact, name) for name in names}
        initial["tags"] = ", ".join(contact.tags)
        initial["attributes"] = "\n".join(f"{name}: {value}" for name, value in contact.attributes.items())
        return cls(data, initial=initial)

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
        data = dict(self.cleaned_data)
        data["tags"] = [tag for tag in data["tags"].split(",") if tag.strip()]
        return cast(ContactFields, data)

    def explain(self, refusal: ContactInvalid) -> None:
        """Put each problem beside its field."""
        for name, sentence in refusal.problems.items():
            self.add_error(name if name in self.fields else None, sentence)


class ListForm(forms.Form):
    """A list's name and what it is for."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class ListSettingsForm(ListForm):
    """What else may be said about a list that is there."""

    is_public = forms.BooleanField(
        label=gettext_lazy("On the preference page"),
        required=False,
        help_text=gettext_lazy(
            "Whoever follows a link to unsubscribe sees the name and the description, and may join or leave."
        ),
    )


class BulkForm(forms.Form):
    """What to do with the selected contacts beyond a click."""

    list = forms.ModelChoiceField(
        label=gettext_lazy("Add to list"),
        queryset=List.objects.none(),
        required=False,
        to_field_name="public_id",
    )
    tags = forms.CharField(
        label=gettext_lazy("Add tags"), required=False, help_text=gettext_lazy("Parted by commas.")
    )

    def __init__(self, *args: Any, lists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["list"].queryset = lists  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not data.get("list") and not data.get("tags"):
            raise forms.ValidationError(_("Choose a list or write a tag."))
        return data


def channel_choices() -> list[tuple[str, str]]:
    """The channels that addresses can be suppressed on."""
    return [(channel.name, str(channel.label)) for channel in registry.all_channels()]


class SuppressionForm(forms.Form):
    """An address that must not be written to."""

    address = forms.CharField(label=gettext_lazy("Address"), max_length=320)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Why, for others to read."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = channel_choices()  # type: ignore[attr-defined]
