"""The set-up forms of a WhatsApp sender, one for each kind of gateway."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clarion.channels.forms import ConnectionForm, SetupForm

_PLAIN = {"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false"}
_HIDDEN = {"autocomplete": "new-password"}


class Form(ConnectionForm):
    """Fields are the keys of `config.check`. This one is for WAHA, the others change words."""

    #: The setting `protocol` of senders with this form.
    PROTOCOL = "waha"
    SECRET_FIELDS = NEEDED = ("api_key", "callback_secret")
    SECTIONS = (
        ("gateway", _("Gateway"), ("base_url", "session", "api_key", "allow_cleartext_login", "verify_certificate")),
        ("pace", _("Like a person"), ("delay_min", "delay_max", "typing_seconds", "check_number")),
        ("callbacks", _("Its calls to us"), ("receipts", "callback_secret")),
    )  # fmt: skip

    base_url = forms.CharField(
        label=_("Address"), max_length=1000,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://waha.example.com"}),
        help_text=_("Where the gateway answers. It is no part of WhatsApp, which may ban numbers that use one."),
    )  # fmt: skip
    session = forms.CharField(
        label=_("Session"), max_length=100, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "default"}),
        help_text=_("The name of the gateway's session: one phone. It must exist there and be started."),
    )  # fmt: skip
    api_key = forms.CharField(
        label=_("Key"), max_length=300, required=False, widget=forms.PasswordInput(attrs=_HIDDEN),
        help_text=_("What WAHA_API_KEY is at the gateway."),
    )  # fmt: skip
    delay_min = forms.FloatField(
        label=_("Shortest pause, in seconds"), min_value=0, max_value=600, initial=3,
        help_text=_("Between two messages of this sender, over all campaigns."),
    )  # fmt: skip
    delay_max = forms.FloatField(
        label=_("Longest pause, in seconds"), min_value=0, max_value=600, initial=8,
        help_text=_("Each pause is another one in this range. Numbers that write fast to strangers are banned."),
    )  # fmt: skip
    typing_seconds = forms.FloatField(
        label=_("Show “typing…” for at most so many seconds"), min_value=0, max_value=20, initial=0,
        help_text=_("Shorter before short texts. 0: not at all."),
    )  # fmt: skip
    check_number = forms.BooleanField(
        label=_("Ask first whether the number has WhatsApp"), required=False, initial=True,
        help_text=_("Who has none gets nothing on this channel, and a fallback at once. One more request a message."),
    )  # fmt: skip
    receipts = forms.ChoiceField(
        label=_("Receipts and answers"), initial="all", required=False,
        choices=[("all", _("The gateway calls us")), ("none", _("None, and no answers"))],
        help_text=_("The address to enter as the webhook stands in the provider log of the sender."),
    )  # fmt: skip
    callback_secret = forms.CharField(
        label=_("Secret of its calls"), max_length=300, required=False, widget=forms.PasswordInput(attrs=_HIDDEN),
        help_text=_("Enter it there as the webhook's HMAC key, or header X-Hook-Secret. No call is taken without."),
    )  # fmt: skip

    def config(self) -> dict[str, Any]:
        """Return what was typed, and the protocol."""
        return super().config() | {"protocol": self.PROTOCOL}


class EvolutionForm(Form):
    """For Evolution API."""

    PROTOCOL = "evolution"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["base_url"].widget.attrs["placeholder"] = "https://evolution.example.com"
        session = self.fields["session"]
        session.label, session.widget.attrs["placeholder"] = _("Instance"), "shop"
        session.help_text = _("The name of the gateway's instance: one phone. It must exist there.")
        session.required = True
        if "api_key" not in self.secrets_set:
            self.fields["api_key"].help_text = _("The instance's key, or the gateway's.")
        if "callback_secret" not in self.secrets_set:
            self.fields["callback_secret"].help_text = _(
                "Enter it there as a header of the webhook: authorization, with Bearer and the secret. Switch "
                "MESSAGES_UPDATE and MESSAGES_UPSERT on. Calls without it are refused."
            )


class GreenApiForm(Form):
    """For Green-API."""

    PROTOCOL = "greenapi"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        base = self.fields["base_url"]
        base.required, base.widget.attrs["placeholder"] = False, "https://api.green-api.com"
        base.help_text = _("Empty: the service's own. The console tells another one as apiUrl.")
        session = self.fields["session"]
        session.label, session.widget.attrs["placeholder"] = _("Instance"), "1101000001"
        session.help_text, session.required = _("idInstance in the console: a number."), True
        if "api_key" not in self.secrets_set:
            self.fields["api_key"].help_text = _("apiTokenInstance in the console.")
        if "callback_secret" not in self.secrets_set:
            self.fields["callback_secret"].help_text = _(
                "Enter it there as webhookUrlToken, with Bearer before it. Calls without it are refused."
            )


class ContentForm(forms.Form):
    """What a message has beside its text; the names are those of `content.check`."""

    attachment = forms.ChoiceField(
        label=_("With"), required=False,
        choices=[
            ("", _("Text only")), ("image", _("An image")), ("video", _("A video")), ("document", _("A document")),
        ],
        help_text=_("Below a file a text has at most 1,024 characters. *bold*, _italic_ and ~struck~ are marks."),
    )  # fmt: skip
    media_url = forms.CharField(
        label=_("Address of the file"), required=False, max_length=2048,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://shop.example.com/sale.jpg"}),
        help_text=_("The gateway fetches it."),
    )  # fmt: skip
    file_name = forms.CharField(
        label=_("Name of the file"), required=False, max_length=100,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "sale.pdf"}),
        help_text=_("What a document is called on the phone. Empty: as in the address."),
    )  # fmt: skip
    preview = forms.BooleanField(label=_("Show what the first link leads to"), required=False)


#: Protocol → its form, and how it is called where one is chosen.
FORMS: dict[str, type[SetupForm]] = {"waha": Form, "evolution": EvolutionForm, "greenapi": GreenApiForm}
PROTOCOLS = {"waha": "WAHA", "evolution": "Evolution API", "greenapi": "Green-API"}
