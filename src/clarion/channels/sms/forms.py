"""The set-up form of an SMS sender."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clarion.channels.forms import ConnectionForm, SetupForm
from clarion.channels.sms.gateway.config import KANNEL_FIELDS, KANNEL_STATES

_PLAIN = {"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false"}


class Form(ConnectionForm):
    """Fields are the keys of `config.check`."""

    SECRET_FIELDS = ("password",)
    SECTIONS = (
        ("server", _("SMPP server"), ("host", "port", "security", "verify_certificate")),
        (
            "login",
            _("Bind"),
            ("system_id", "password", "system_type", "bind", "version", "allow_cleartext_login"),
        ),
        ("from", _("From whom"), ("source", "source_ton", "source_npi")),
        ("messages", _("Messages"), ("long_messages", "max_parts", "validity_minutes", "service_type")),
        ("receipts", _("What comes back"), ("receipts", "message_ids")),
        ("connections", _("Connections"), ("connections", "window", "enquire_seconds")),
    )

    host = forms.CharField(
        label=_("Host"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocapitalize": "off", "placeholder": "smpp.example.com"}),
    )
    port = forms.IntegerField(
        label=_("Port"), min_value=1, max_value=65535, required=False, help_text=_("Empty: 2775.")
    )
    security = forms.ChoiceField(
        label=_("Encryption"), choices=[("tls", _("TLS from the first byte")), ("none", _("None"))]
    )
    system_id = forms.CharField(
        label=_("System id"),
        max_length=15,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("The user name at the provider."),
    )
    password = forms.CharField(
        label=_("Password"), max_length=8, required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("SMPP allows at most eight characters."),
    )  # fmt: skip
    system_type = forms.CharField(
        label=_("System type"), max_length=12, required=False, help_text=_("Mostly empty.")
    )
    bind = forms.ChoiceField(
        label=_("Bind as"),
        choices=[("transmitter", _("Transmitter")), ("transceiver", _("Transceiver"))],
        help_text=_(
            "Transceiver is for providers that know no other. Receipts take one more session beside those that send."
        ),
    )
    version = forms.ChoiceField(
        label=_("SMPP version"), choices=[("3.4", "3.4"), ("5.0", "5.0")], initial="3.4", required=False,
        help_text=_("3.4 is understood everywhere. 5.0 where the provider asks for it."),
    )  # fmt: skip
    source = forms.CharField(
        label=_("Sender"),
        max_length=21,
        required=False,
        help_text=_(
            "A number with + and the country code, a short code, or a name of at most 11 letters and digits. "
            "Empty: the provider's own."
        ),
    )
    source_ton = forms.ChoiceField(
        label=_("Type of number"), required=False, initial=-1,
        choices=[
            (-1, _("By how it is written")), (0, _("Unknown")), (1, _("International")), (2, _("National")),
            (3, _("Network specific")), (4, _("Subscriber number")), (5, _("Alphanumeric")), (6, _("Abbreviated")),
        ],
    )  # fmt: skip
    source_npi = forms.IntegerField(
        label=_("Numbering plan"), min_value=-1, max_value=18, initial=-1, required=False,
        help_text=_("1 is E.164, 0 unknown; -1 follows from how the sender is written."),
    )  # fmt: skip
    long_messages = forms.ChoiceField(
        label=_("Long messages"),
        choices=[
            ("udh", _("In parts with a header (understood everywhere)")),
            ("sar", _("In parts joined by parameters (SAR)")),
            ("payload", _("Whole, cut by the provider (message_payload)")),
        ],
    )
    max_parts = forms.IntegerField(
        label=_("Parts at most"), min_value=1, max_value=255, initial=6,
        help_text=_("A text that would take more is not sent. Each part is paid for and counts in the limits."),
    )  # fmt: skip
    validity_minutes = forms.IntegerField(
        label=_("Minutes until the provider gives up"), min_value=0, max_value=43_200, initial=0, required=False,
        help_text=_("0: the provider's own time."),
    )  # fmt: skip
    service_type = forms.CharField(
        label=_("Service type"), max_length=5, required=False, help_text=_("Mostly empty.")
    )
    receipts = forms.ChoiceField(
        label=_("Delivery receipts"), initial="all", required=False,
        choices=[
            ("all", _("Of every message")), ("failures", _("Only of those that fail")),
            ("none", _("None, and no answers")),
        ],
        help_text=_("They and people's answers come on a session of their own, which stays open."),
    )  # fmt: skip
    message_ids = forms.ChoiceField(
        label=_("Message ids in receipts"), initial="same", required=False,
        choices=[
            ("same", _("As in the answer to the message")),
            ("answer_hex", _("The answer's is hexadecimal, the receipt's decimal")),
            ("receipt_hex", _("The answer's is decimal, the receipt's hexadecimal")),
        ],
        help_text=_("If receipts are listed below as belonging to no message, try another."),
    )  # fmt: skip
    connections = forms.IntegerField(
        label=_("Sessions at once"),
        min_value=1,
        max_value=100,
        initial=1,
        help_text=_("Over all lanes together."),
    )
    window = forms.IntegerField(
        label=_("Window"), min_value=1, max_value=1000, initial=20,
        help_text=_("Messages without an answer at once, in each session."),
    )  # fmt: skip
    enquire_seconds = forms.IntegerField(
        label=_("Seconds of silence until the link is tested"), min_value=1, max_value=3600, initial=30
    )


class _WebForm(ConnectionForm):
    """What senders on the web have in common."""

    source = forms.CharField(
        label=_("Sender"),
        max_length=40,
        help_text=_("A number with + and the country code, a short code, or a name."),
    )
    max_parts = forms.IntegerField(
        label=_("Parts at most"), min_value=1, max_value=255, initial=6,
        help_text=_("A text that would take more is not sent. Each part is paid for and counts in the limits."),
    )  # fmt: skip
    receipts = forms.ChoiceField(
        label=_("Delivery receipts"), initial="all", required=False,
        choices=[("all", _("Of every message")), ("none", _("None"))],
    )  # fmt: skip
    connections = forms.IntegerField(
        label=_("Requests at once"), min_value=1, max_value=500, initial=20, help_text=_("Over all lanes together.")
    )  # fmt: skip

    #: The setting `protocol` of senders with this form.
    PROTOCOL = ""

    def config(self) -> dict[str, Any]:
        """Return what was typed, and the protocol."""
        return super().config() | {"protocol": self.PROTOCOL}


class TwilioForm(_WebForm):
    """Fields are the keys of `twilio.config.check`."""

    PROTOCOL = "twilio"
    SECRET_FIELDS = NEEDED = ("auth_token",)
    SECTIONS = (
        ("login", _("Account"), ("account_sid", "auth_token")),
        ("from", _("From whom"), ("source",)),
        ("messages", _("Messages"), ("max_parts", "validity_minutes", "receipts")),
        ("server", _("Server"), ("base_url", "connections", "verify_certificate", "allow_cleartext_login")),
    )

    account_sid = forms.CharField(label=_("Account SID"), max_length=64, widget=forms.TextInput(attrs=_PLAIN))
    auth_token = forms.CharField(
        label=_("Auth token"), max_length=200, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("It also proves that a call to us is the provider's."),
    )  # fmt: skip
    validity_minutes = forms.IntegerField(
        label=_("Minutes until the provider gives up"), min_value=0, max_value=600, initial=0, required=False,
        help_text=_("0: the provider's own time."),
    )  # fmt: skip
    base_url = forms.CharField(
        label=_("Address of the API"), max_length=2000, required=False,
        help_text=_("Empty: Twilio's own. Providers with the same interface have another."),
    )  # fmt: skip


class GatewayForm(_WebForm):
    """Fields are the keys of `gateway.config.check`."""

    PROTOCOL = "http"
    SECRET_FIELDS = ("password", "callback_secret")
    NEEDED = ("callback_secret",)
    SECTIONS = (
        ("server", _("Request"), ("url", "method", "format", "parameters", "headers")),
        ("login", _("Login"), ("username", "password", "basic_login", "allow_cleartext_login")),
        ("from", _("From whom"), ("source",)),
        ("answer", _("Its answer"), ("success_contains", "id_from", "refused_recipient", "refused_login", "too_fast")),
        (
            "callbacks", _("Its calls to us"),
            (
                "receipts", "callback_secret", "callback_status", "callback_states", "callback_id", "incoming_from",
                "incoming_text",
            ),
        ),
        ("messages", _("Messages"), ("max_parts", "connections", "verify_certificate")),
    )  # fmt: skip

    url = forms.CharField(
        label=_("Address"), max_length=2000,
        widget=forms.TextInput(attrs=_PLAIN | {"placeholder": "https://kannel.example.com/cgi-bin/sendsms"}),
    )  # fmt: skip
    method = forms.ChoiceField(
        label=_("Method"), choices=[(one, one) for one in ("GET", "POST", "PUT")], initial="GET"
    )
    format = forms.ChoiceField(
        label=_("Fields go"), initial="query",
        choices=[("query", _("In the address")), ("form", _("As a form")), ("json", _("As JSON"))],
    )  # fmt: skip
    parameters = forms.CharField(
        label=_("Fields"), required=False, widget=forms.Textarea(attrs={"rows": 10, **_PLAIN}),
        initial=KANNEL_FIELDS,
        help_text=_(
            "One name=value a line, with {to}, {number} (without +), {from}, {text}, {coding}, {id}, {callback}, "
            "{user} and {password}. Empty: as Kannel wants them."
        ),
    )  # fmt: skip
    headers = forms.CharField(
        label=_("Headers"), required=False, widget=forms.Textarea(attrs={"rows": 3, **_PLAIN}),
        help_text=_("One name=value a line."),
    )  # fmt: skip
    username = forms.CharField(
        label=_("User name"), max_length=200, required=False, widget=forms.TextInput(attrs=_PLAIN)
    )
    password = forms.CharField(
        label=_("Password"), max_length=200, required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    basic_login = forms.BooleanField(label=_("Send both as HTTP Basic credentials"), required=False)
    success_contains = forms.CharField(
        label=_("A good answer contains"), max_length=200, required=False,
        help_text=_("Such as: Accepted for delivery. Empty: every answer with a status of 200 to 299 is a good one."),
    )  # fmt: skip
    id_from = forms.CharField(
        label=_("Where its id stands"), max_length=110, required=False,
        help_text=_("json: and a path, such as json:messages.0.id, or after: and the words before it."),
    )  # fmt: skip
    refused_recipient = forms.CharField(
        label=_("A number that does not exist is answered with"), max_length=200, required=False
    )
    refused_login = forms.CharField(
        label=_("A wrong password is answered with"), max_length=200, required=False
    )
    too_fast = forms.CharField(label=_("Too many messages are answered with"), max_length=200, required=False)
    callback_secret = forms.CharField(
        label=_("Secret of its calls"), max_length=200, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("It stands in {callback}; calls without it are refused."),
    )  # fmt: skip
    callback_status = forms.CharField(label=_("Field with the status"), initial="status", required=False)
    callback_states = forms.CharField(
        label=_("What its statuses mean"), required=False, widget=forms.Textarea(attrs={"rows": 5, **_PLAIN}),
        initial=KANNEL_STATES,
        help_text=_("One status=meaning a line: delivered, delayed, bounced_soft, bounced_hard, read, or nothing."),
    )  # fmt: skip
    callback_id = forms.CharField(label=_("Field with its id"), initial="gateway_id", required=False)
    incoming_from = forms.CharField(
        label=_("Field with who writes"), initial="from", required=False,
        help_text=_("Of answers, which are to come to /incoming below this sender's address."),
    )  # fmt: skip
    incoming_text = forms.CharField(label=_("Field with the text"), initial="text", required=False)


#: Protocol → its form, and how it is called where one is chosen.
FORMS: dict[str, type[SetupForm]] = {"smpp": Form, "twilio": TwilioForm, "http": GatewayForm}
PROTOCOLS = {"smpp": _("SMPP"), "twilio": _("Twilio"), "http": _("HTTP gateway")}
