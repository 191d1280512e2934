"""The set-up form of an SMS sender."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from clarion.channels.forms import SetupForm

_PLAIN = {"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false"}


class Form(SetupForm):
    """Fields are the keys of `config.check`."""

    SECRET_FIELDS = ("password",)
    SECTIONS = (
        ("server", _("SMPP server"), ("host", "port", "security", "verify_certificate")),
        ("login", _("Bind"), ("system_id", "password", "system_type", "bind", "allow_cleartext_login")),
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
    verify_certificate = forms.BooleanField(
        label=_("Check the server's certificate"), required=False, initial=True,
        help_text=_("Without it, anybody between here and the server can read and change the messages."),
    )  # fmt: skip
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
    allow_cleartext_login = forms.BooleanField(
        label=_("Allow the password to go unencrypted"), required=False,
        help_text=_("Only for a network you trust, such as a VPN to the provider."),
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
        label=_("Delivery receipts"), initial="all",
        choices=[
            ("all", _("Of every message")), ("failures", _("Only of those that fail")),
            ("none", _("None, and no answers")),
        ],
        help_text=_("They and people's answers come on a session of their own, which stays open."),
    )  # fmt: skip
    message_ids = forms.ChoiceField(
        label=_("Message ids in receipts"), initial="same",
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
