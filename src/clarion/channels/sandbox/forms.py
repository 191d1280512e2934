"""The set-up form of a sandbox sender."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from clarion.channels.forms import SetupForm

_SHARE = _("Between 0 and 1.")


class Form(SetupForm):
    """Fields are the keys of `config.check`. Where the outbox lies is the installation's matter."""

    SECRET_FIELDS = ("token",)
    SECTIONS = (
        ("speed", _("Speed"), ("latency_seconds", "connections")),
        ("outcomes", _("What happens to messages"), ("refuse_share", "defer_share", "unknown_share")),
        ("receipts", _("What comes back later"), ("receipt_delay_seconds", "bounce_share", "complain_share")),
        ("account", _("Account"), ("token",)),
    )

    latency_seconds = forms.FloatField(
        label=_("Seconds until the answer"), min_value=0, max_value=60, initial=0, required=False
    )
    connections = forms.IntegerField(label=_("Messages at once"), min_value=1, max_value=1000, initial=10)
    refuse_share = forms.FloatField(
        label=_("Share refused"), min_value=0, max_value=1, initial=0, required=False, help_text=_SHARE
    )
    defer_share = forms.FloatField(
        label=_("Share put off once"), min_value=0, max_value=1, initial=0, required=False, help_text=_SHARE
    )
    unknown_share = forms.FloatField(
        label=_("Share whose answer gets lost"),
        min_value=0,
        max_value=1,
        initial=0,
        required=False,
        help_text=_SHARE,
    )
    receipt_delay_seconds = forms.FloatField(
        label=_("Seconds until a receipt"), min_value=0, max_value=86_400, initial=1, required=False
    )
    bounce_share = forms.FloatField(
        label=_("Share returned later"), min_value=0, max_value=1, initial=0, required=False, help_text=_SHARE
    )
    complain_share = forms.FloatField(
        label=_("Share reported as unwanted"),
        min_value=0,
        max_value=1,
        initial=0,
        required=False,
        help_text=_SHARE,
    )
    token = forms.CharField(
        label=_("Token"), max_length=200, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Any, or “refuse” to rehearse an account that is blocked."),
    )  # fmt: skip
