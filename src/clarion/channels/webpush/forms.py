"""The set-up form of a web push sender."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clarion.channels.forms import SetupForm

_PLAIN = {"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false"}


class Form(SetupForm):
    """Fields are the keys of `config.check`; the two lists are shown line by line."""

    SECRET_FIELDS = ("private_key", "identity_key")
    SECTIONS = (
        ("who", _("Who sends"), ("subject", "keys", "private_key")),
        ("pages", _("Who may subscribe"), ("origins", "newcomers", "identity_key")),
        ("connection", _("Connection"), ("services", "connections", "response_timeout")),
    )

    subject = forms.CharField(
        label=_("Contact"), max_length=254,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "ops@example.com"}),
        help_text=_("A mail address or a page at which a push service may ask about you. Recipients do not see it."),
    )  # fmt: skip
    keys = forms.ChoiceField(
        label=_("VAPID key pair"), required=False,
        choices=[("workspace", _("The workspace's")), ("own", _("Its own"))],
        help_text=_(
            "With the workspace's, a browser that subscribed for one sender is reached by all of them. It is made when "
            "it is first needed."
        ),
    )  # fmt: skip
    private_key = forms.CharField(
        label=_("VAPID private key"), max_length=100, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "Empty: a new one is made. Give the old one to keep browsers that subscribed elsewhere; given with the "
            "first sender of a workspace, it becomes the workspace's."
        ),
    )  # fmt: skip
    origins = forms.CharField(
        label=_("Pages"), required=False, max_length=4000,
        widget=forms.Textarea(attrs={**_PLAIN, "rows": 3, "placeholder": "https://shop.example.com"}),
        help_text=_("The sites on which people may subscribe, one a line. No other page may."),
    )  # fmt: skip
    newcomers = forms.ChoiceField(
        label=_("Browsers of people who are not known"), required=False,
        choices=[("add", _("Add them as new contacts")), ("ignore", _("Do not take them"))],
    )  # fmt: skip
    identity_key = forms.CharField(
        label=_("Key of your site"), max_length=200, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "At least 16 characters. With it your site vouches for who is signed in, and the browser belongs to "
            "the contact with that e-mail address. Without it nobody's word is taken for it."
        ),
    )  # fmt: skip
    services = forms.CharField(
        label=_("Further push services"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={**_PLAIN, "rows": 2, "placeholder": "push.example.com"}),
        help_text=_("Those of Chrome, Edge, Firefox and Safari are known. Hosts, one a line."),
    )  # fmt: skip
    connections = forms.IntegerField(label=_("Messages at once"), min_value=1, max_value=200, initial=20)
    response_timeout = forms.IntegerField(
        label=_("Seconds to wait for an answer"), min_value=1, max_value=600, initial=30
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        initial = dict(kwargs.get("initial") or {})
        secrets_set = kwargs.get("secrets_set", ())
        if initial.get("keys") == "workspace":
            # What others have too is not this sender's to forget.
            kwargs["secrets_set"] = tuple(name for name in secrets_set if name != "private_key")
        elif "private_key" in secrets_set:
            initial["keys"] = "own"
        for name in ("origins", "services"):
            if isinstance(initial.get(name), list | tuple):
                initial[name] = "\n".join(initial[name])
        super().__init__(*args, **{**kwargs, "initial": initial})
        if initial.get("keys") == "workspace" and "private_key" in secrets_set:
            self.fields["private_key"].help_text = _(
                "The workspace's is set. Give one only with a key pair of its own."
            )


class ContentForm(forms.Form):
    """What a notification has beside its title and text; the names are those of `content.check`."""

    link = forms.CharField(
        label=_("Leads to"), required=False, max_length=2048,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://shop.example.com/sale"}),
    )  # fmt: skip
    icon = forms.CharField(
        label=_("Icon"), required=False, max_length=2048,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://shop.example.com/icon.png"}),
        help_text=_("The address of a square picture."),
    )  # fmt: skip
    image = forms.CharField(
        label=_("Picture"), required=False, max_length=2048, widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("The address of a large picture; not every browser shows it."),
    )  # fmt: skip
    ttl = forms.IntegerField(
        label=_("Seconds until it is too late"), required=False, min_value=0, max_value=2_419_200,
        help_text=_("For devices that are off now. Empty: a day. 0: only those that are on."),
    )  # fmt: skip
    urgency = forms.ChoiceField(
        label=_("Urgency"), required=False, initial="normal",
        choices=[
            ("normal", pgettext_lazy("urgency", "Normal")),
            ("very-low", _("Very low: when it costs the device nothing")),
            ("low", pgettext_lazy("urgency", "Low")),
            ("high", _("High: wake the device")),
        ],
    )  # fmt: skip
    topic = forms.CharField(
        label=_("Topic"), required=False, max_length=32, widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("A later one of the same topic takes this one's place. Letters, digits, - and _."),
    )  # fmt: skip
    sticky = forms.BooleanField(label=_("Stays until it is dismissed"), required=False)
