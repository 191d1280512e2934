"""allauth's forms, where ours ask or do otherwise."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from clarion.runtime.signin import letters


class ResetForm(ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """Asks for a link to a new password, alike for every address."""

    def clean_email(self) -> str:
        """Look nobody up: what takes time or fails for some addresses only would tell which have an account."""
        email: str = self.cleaned_data["email"]
        return email.strip().lower()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Have the link written."""
        email: str = self.cleaned_data["email"]
        letters.ask_reset(email)
        return email


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A key, which lets one in without a password unless one chooses otherwise."""

    passwordless = forms.BooleanField(
        label=_("Sign in with it alone"),
        required=False,
        initial=True,
        help_text=_(
            "It then asks for your finger, your face or a PIN. Without it, it is a second factor only."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = pgettext("person", "Name")
        self.fields["name"].widget.attrs["maxlength"] = 60
        self.fields["name"].max_length = 60
