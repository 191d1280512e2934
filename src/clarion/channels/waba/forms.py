"""The set-up form of a WhatsApp Business sender, and what its messages have beside a text."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clarion.channels.forms import SetupForm
from clarion.channels.waba.config import API_URL, API_VERSION

_PLAIN = {"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false"}


def _secret(**options: object) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(required=False, max_length=1000, widget=widget, **options)  # type: ignore[arg-type]


class Form(SetupForm):
    """Fields are the keys of `config.check`."""

    SECRET_FIELDS = ("access_token", "app_secret", "verify_token")
    NEEDED = ("access_token",)
    SECTIONS = (
        (
            "number",
            pgettext_lazy("phone", "Number"),
            ("phone_number_id", "business_account_id", "source", "access_token"),
        ),
        ("callbacks", _("Callbacks"), ("app_secret", "verify_token")),
        ("connection", _("Connection"), ("api_url", "api_version", "connections", "response_timeout")),
    )

    phone_number_id = forms.CharField(
        label=_("Phone number id"), max_length=40, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "numeric"}),
        help_text=_("In Meta's app dashboard under WhatsApp, API setup. It is not the number itself."),
    )  # fmt: skip
    business_account_id = forms.CharField(
        label=_("WhatsApp Business account id"), max_length=40, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "numeric"}),
        help_text=_("It stands beside the phone number id. Templates belong to it."),
    )  # fmt: skip
    source = forms.CharField(
        label=_("Number as people know it"), max_length=40, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "+1 555 0100"}),
        help_text=_("For screens, and to know which number is meant when Meta lowers a limit."),
    )  # fmt: skip
    access_token = _secret(
        label=_("Access token"),
        help_text=_(
            "Of a system user with the permissions whatsapp_business_messaging and whatsapp_business_management. "
            "The one that the dashboard shows ends after a day."
        ),
    )
    app_secret = _secret(
        label=_("App secret"),
        help_text=_("In the app dashboard under Settings, Basic. It proves that a call is Meta's."),
    )
    verify_token = _secret(
        label=_("Verify token"),
        help_text=_(
            "Any word of yours. Enter it again in Meta's dashboard beside the address for callbacks, which the "
            "provider log shows."
        ),
    )
    api_url = forms.CharField(
        label=_("Graph API"), max_length=500, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": API_URL}), help_text=_("Empty: Meta's own."),
    )  # fmt: skip
    api_version = forms.CharField(
        label=_("Its version"), max_length=10, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": API_VERSION}),
        help_text=_("Meta serves each for about two years."),
    )  # fmt: skip
    connections = forms.IntegerField(
        label=_("Messages at once"), min_value=1, max_value=500, initial=20,
        help_text=_("Each waits for its answer on a connection of its own."),
    )  # fmt: skip
    response_timeout = forms.IntegerField(
        label=_("Seconds to wait for an answer"), min_value=1, max_value=600, initial=30,
        help_text=_("After that only a later status tells whether the message went."),
    )  # fmt: skip


class ContentForm(forms.Form):
    """What a message has beside its text; the names are those of `content.check`."""

    provider_template = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)
    media_url = forms.CharField(
        label=_("Address of the picture, video or document"), required=False, max_length=2048,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://shop.example.com/sale.jpg"}),
        help_text=_("Where the approved template has one above its text. WhatsApp fetches it."),
    )  # fmt: skip
    file_name = forms.CharField(
        label=_("Name of the document"), required=False, max_length=200,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "invoice.pdf"}),
    )  # fmt: skip
    buttons = forms.CharField(
        label=_("Values of buttons"), required=False, max_length=10_000,
        widget=forms.Textarea(attrs={**_PLAIN, "rows": 3, "placeholder": "{{ order_id }}"}),
        help_text=_("One a line, for each button whose address or code takes one, in their order."),
    )  # fmt: skip
