"""The set-up form of a mail sender."""

from __future__ import annotations

from typing import Any, ClassVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from django import forms
from django.utils.translation import gettext_lazy as _

from clarion.channels.forms import SetupForm

#: A private key in PEM form is 1 to 4 kB.
_MAX_KEY_OCTETS = 20_000


class Form(SetupForm):
    """Fields are the keys of `config.check`, those of DKIM excepted."""

    SECRET_FIELDS = ("password",)
    FIELD_OF: ClassVar[dict[str, str]] = {"dkim_keys": "dkim_key"}
    SECTIONS = (
        ("server", _("Mail server"), ("host", "port", "security", "verify_certificate")),
        ("login", _("Sign-in"), ("auth", "username", "password", "allow_cleartext_login")),
        ("from", _("From whom"), ("from_address", "from_name", "reply_to")),
        ("bounces", _("Bounces"), ("return_path", "verp", "verp_domain", "dsn")),
        ("dkim", _("Signing (DKIM)"), ("dkim_domain", "dkim_selector", "dkim_key", "dkim_make")),
        ("connections", _("Connections"), ("connections", "messages_per_connection", "helo_name")),
        ("headers", _("Headers"), ("list_id", "feedback_id", "unsubscribe_mailto")),
    )

    host = forms.CharField(
        label=_("Host"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocapitalize": "off", "placeholder": "smtp.example.com"}),
    )
    port = forms.IntegerField(
        label=_("Port"),
        min_value=1,
        max_value=65535,
        required=False,
        help_text=_("Empty: 587, 465 or 25, after the encryption."),
    )
    security = forms.ChoiceField(
        label=_("Encryption"),
        choices=[("starttls", _("STARTTLS")), ("tls", _("TLS from the first byte")), ("none", _("None"))],
    )
    verify_certificate = forms.BooleanField(
        label=_("Check the server's certificate"), required=False, initial=True,
        help_text=_("Without it, anybody between here and the server can read and change the mails."),
    )  # fmt: skip
    auth = forms.ChoiceField(
        label=_("Method"),
        choices=[
            ("auto", _("The strongest the server offers")),
            ("plain", "PLAIN"),
            ("login", "LOGIN"),
            ("xoauth2", _("XOAUTH2 (access token)")),
            ("none", _("No sign-in")),
        ],
    )
    username = forms.CharField(
        label=_("User name"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("Password or token"), max_length=8192, required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    allow_cleartext_login = forms.BooleanField(
        label=_("Allow the password to go unencrypted"), required=False,
        help_text=_("Only for a network you trust. Needed when there is no encryption."),
    )  # fmt: skip
    from_address = forms.CharField(label=_("From address"), max_length=254, widget=forms.EmailInput())
    from_name = forms.CharField(label=_("From name"), max_length=200, required=False)
    reply_to = forms.CharField(
        label=_("Answers go to"), max_length=254, required=False, widget=forms.EmailInput()
    )
    return_path = forms.CharField(
        label=_("Return path"), max_length=254, required=False, widget=forms.EmailInput(),
        help_text=_("Where servers send what cannot be delivered. Empty: the From address."),
    )  # fmt: skip
    verp = forms.BooleanField(
        label=_("A return path of its own for each mail"), required=False,
        help_text=_("A bounce then names its recipient without a doubt (VERP)."),
    )  # fmt: skip
    verp_domain = forms.CharField(label=_("Domain of return paths"), max_length=253, required=False)
    dsn = forms.BooleanField(label=_("Ask the server for notifications with our id"), required=False)
    dkim_domain = forms.CharField(
        label=_("Domain"), max_length=253, required=False, help_text=_("Empty: the From address's.")
    )
    dkim_selector = forms.CharField(label=_("Selector"), max_length=63, required=False)
    dkim_key = forms.FileField(
        label=_("Private key"),
        required=False,
        help_text=_("RSA or Ed25519 in PEM form. It replaces the keys that are set."),
    )
    dkim_make = forms.ChoiceField(
        label=_("Or make a new key"), required=False,
        choices=[
            ("", _("No")),
            ("rsa", _("RSA, 2048 bits: understood everywhere")),
            ("ed25519", _("Ed25519: short and new")),
        ],
        help_text=_("The DNS record that belongs to it is shown after saving."),
    )  # fmt: skip
    connections = forms.IntegerField(
        label=_("Connections at once"),
        min_value=1,
        max_value=100,
        initial=10,
        help_text=_("Over all lanes together."),
    )
    messages_per_connection = forms.IntegerField(
        label=_("Mails per connection"),
        min_value=0,
        max_value=1_000_000,
        initial=0,
        required=False,
        help_text=_("0: as many as the server takes."),
    )
    helo_name = forms.CharField(
        label=_("Our name in the greeting"),
        max_length=253,
        required=False,
        help_text=_("Empty: this machine's."),
    )
    list_id = forms.CharField(label="List-Id", max_length=253, required=False)
    feedback_id = forms.CharField(label="Feedback-ID", max_length=200, required=False)
    unsubscribe_mailto = forms.CharField(
        label=_("Mail address to unsubscribe"), max_length=254, required=False, widget=forms.EmailInput(),
        help_text=_("Beside the link, which is always there."),
    )  # fmt: skip

    def clean_dkim_key(self) -> str:
        """Return the file's text."""
        upload = self.cleaned_data.get("dkim_key")
        if not upload:
            return ""
        if upload.size > _MAX_KEY_OCTETS:
            raise forms.ValidationError(_("This is too large to be a private key."))
        try:
            return str(upload.read().decode("ascii"))
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The private key must be in PEM form.")) from None

    def clean(self) -> dict[str, Any]:
        """A key needs its selector."""
        data = super().clean() or self.cleaned_data
        if (data.get("dkim_key") or data.get("dkim_make")) and not data.get("dkim_selector"):
            self.add_error("dkim_selector", _("Name the selector under which the key stands in the DNS."))
        if data.get("dkim_key") and data.get("dkim_make"):
            self.add_error("dkim_make", _("Choose one: your key or a new one."))
        return data

    def config(self) -> dict[str, Any]:
        """Return what was typed, a new DKIM key made if that was asked for."""
        given = super().config()
        selector, pem, make = (given.pop(name, "") for name in ("dkim_selector", "dkim_key", "dkim_make"))
        pem = pem or (_new_key(make) if make else "")
        return {**given, "dkim_keys": [[selector, pem]] if pem else []}


def _new_key(kind: str) -> str:
    key = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
