"""The set-up form of a Viber sender."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from clarion.channels.forms import ConnectionForm

_PLAIN = {"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false"}


class Form(ConnectionForm):
    """Fields are the keys of `config.check`."""

    SECRET_FIELDS = NEEDED = ("token",)
    SECTIONS = (
        ("service", _("Service"), ("service_id", "source", "token")),
        ("messages", _("Messages"), ("label", "ttl", "two_way", "receipts")),
        ("server", _("Server"), ("base_url", "connections", "verify_certificate", "allow_cleartext_login")),
    )

    service_id = forms.IntegerField(
        label=_("Service id"), min_value=1,
        help_text=_("A number that Viber, or the partner through whom you send, told you."),
    )  # fmt: skip
    source = forms.CharField(
        label=_("Sender name"), max_length=28,
        help_text=_("What recipients see above the messages, as it is registered with Viber."),
    )  # fmt: skip
    token = forms.CharField(
        label=_("Token"), max_length=300, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("It also proves, by a signature, that a call to us is Viber's."),
    )  # fmt: skip
    label = forms.ChoiceField(
        label=_("Kind of messages"),
        choices=[("promotion", _("Promotional")), ("transaction", _("Transactional"))],
        help_text=_("Viber charges them differently, and blocks senders that advertise as transactional."),
    )  # fmt: skip
    ttl = forms.IntegerField(
        label=_("Seconds until Viber gives up"), min_value=30, max_value=1_209_600, initial=86_400,
        help_text=_("30 seconds to 14 days. A message not fetched by then has failed, and a fallback may go."),
    )  # fmt: skip
    two_way = forms.BooleanField(
        label=_("Recipients may write back"), required=False,
        help_text=_("Only where Viber has set the service up for it."),
    )  # fmt: skip
    receipts = forms.ChoiceField(
        label=_("Receipts"), initial="all", required=False,
        choices=[("all", _("Viber calls us")), ("none", _("None, and no answers"))],
        help_text=_("The address to enter at Viber stands in the provider log of the sender."),
    )  # fmt: skip
    base_url = forms.CharField(
        label=_("Address of the API"), max_length=1000, required=False, widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("Empty: Viber's own. Partners with the same interface have another."),
    )  # fmt: skip
    connections = forms.IntegerField(
        label=_("Requests at once"), min_value=1, max_value=200, initial=20, help_text=_("Over all lanes together.")
    )  # fmt: skip


class ContentForm(forms.Form):
    """What a message has beside its text; the names are those of `content.check`."""

    image_url = forms.CharField(
        label=_("Address of a picture"), required=False, max_length=1000,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://shop.example.com/sale.jpg"}),
        help_text=_("JPEG or PNG. Alone, or together with a text and a button."),
    )  # fmt: skip
    button_label = forms.CharField(
        label=_("Button"), required=False, max_length=200, help_text=_("What it says, at most 30 characters.")
    )
    button_url = forms.CharField(
        label=_("Where the button leads"), required=False, max_length=1000,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://shop.example.com/sale"}),
    )  # fmt: skip
