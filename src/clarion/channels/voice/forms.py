"""The set-up forms of voice senders, and what a call has beside its text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clarion.channels.forms import ConnectionForm, SetupForm

_KEYS = "1 | Yes, I come\n0 | Speak to us | connect\n9 | No more calls | stop"
_PLAIN = {"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false"}


class _CallForm(ConnectionForm):
    """What all voice senders have."""

    #: The setting `protocol` of senders with this form.
    PROTOCOL = ""

    caller_id = forms.CharField(
        label=_("Caller ID"), max_length=16, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "+493012345"}),
        help_text=_("The number that people see, with + and the country code. It must be yours to use."),
    )  # fmt: skip
    voice = forms.CharField(
        label=pgettext_lazy("speech", "Voice"), max_length=60, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "en-us"}),
        help_text=_("The language or voice of texts that name none."),
    )  # fmt: skip
    connections = forms.IntegerField(
        label=_("Calls at once"), min_value=1, max_value=500, initial=1,
        help_text=_("As many as your line and the people in your queue can take."),
    )  # fmt: skip
    ring_seconds = forms.IntegerField(
        label=_("Seconds to ring"), min_value=5, max_value=120, initial=30,
        help_text=_("Mailboxes of networks mostly answer after 20 to 30."),
    )  # fmt: skip
    max_seconds = forms.IntegerField(
        label=_("Longest call, in seconds"), min_value=10, max_value=3600, initial=300,
        help_text=_("Without the time with whom people are put through to."),
    )  # fmt: skip
    record = forms.BooleanField(
        label=_("Record calls"), required=False,
        help_text=_("In most countries people must be told so and agree before."),
    )  # fmt: skip

    def config(self) -> dict[str, Any]:
        """Return what was typed, and the protocol."""
        return super().config() | {"protocol": self.PROTOCOL}


class Form(_CallForm):
    """Fields are the keys of `ari.config.check`."""

    PROTOCOL = "ari"
    SECRET_FIELDS = ("password",)
    SECTIONS = (
        (
            "server",
            _("Asterisk"),
            ("url", "verify_certificate", "username", "password", "allow_cleartext_login"),
        ),
        (
            "line",
            pgettext_lazy("phone", "Line"),
            ("endpoint", "caller_id", "connections", "ring_seconds", "max_seconds"),
        ),
        ("speech", _("What is said"), ("voice", "audio", "audio_folder")),
        ("dialplan", _("Dialplan"), ("amd_context", "greeting_seconds", "connect_context")),
        ("recordings", _("Recordings"), ("record", "recording_url")),
    )

    url = forms.CharField(
        label=_("Address"), max_length=2000,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://pbx.example.com:8089"}),
        help_text=_("Where Asterisk's own web server answers (http.conf), without /ari."),
    )  # fmt: skip
    username = forms.CharField(
        label=_("User"), max_length=100, widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("A user of ari.conf that is not read-only."),
    )  # fmt: skip
    password = forms.CharField(
        label=_("Password"), max_length=200, required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    endpoint = forms.CharField(
        label=_("Where numbers are dialled"), max_length=240,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "PJSIP/{number}@trunk"}),
        help_text=_("{number} is the number with its +, {digits} without."),
    )  # fmt: skip
    audio = forms.ChoiceField(
        label=_("How spoken texts get to Asterisk"), initial="web",
        choices=[("web", _("It fetches them from here")), ("folder", _("By a folder that both use"))],
        help_text=_("To fetch them it needs res_http_media_cache, and must reach this installation's public address."),
    )  # fmt: skip
    audio_folder = forms.CharField(
        label=_("The folder"), max_length=400, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "/var/spool/clarion"}),
        help_text=_("Sending processes write into it, Asterisk reads from it, under the same path."),
    )  # fmt: skip
    amd_context = forms.CharField(
        label=_("Context that detects machines"), max_length=79, initial="clarion-amd", required=False,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("For campaigns that tell machines from people. The sender's page shows what it is made of."),
    )  # fmt: skip
    greeting_seconds = forms.IntegerField(
        label=_("Seconds to wait for the end of a machine's greeting"), min_value=1, max_value=120, initial=30
    )
    connect_context = forms.CharField(
        label=_("Context in which people are put through"), max_length=79, initial="default", required=False,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("Campaigns name the extension, such as that of a queue."),
    )  # fmt: skip
    recording_url = forms.CharField(
        label=_("Where recordings can be heard"), max_length=500, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://pbx.example.com/recordings/{name}.wav"}),
        help_text=_("The link that stands at each call; {name} is the recording's."),
    )  # fmt: skip


class TwilioForm(_CallForm):
    """Fields are the keys of `twilio.config.check`."""

    PROTOCOL = "twilio"
    SECRET_FIELDS = NEEDED = ("auth_token",)
    SECTIONS = (
        (
            "server", _("Account"),
            ("account_sid", "auth_token", "base_url", "verify_certificate", "allow_cleartext_login"),
        ),
        ("line", pgettext_lazy("phone", "Line"), ("caller_id", "connections", "ring_seconds", "max_seconds")),
        ("speech", _("What is said"), ("voice",)),
        ("recordings", _("Recordings"), ("record",)),
    )  # fmt: skip

    account_sid = forms.CharField(
        label=_("Account SID"), max_length=64,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "AC…"}),
    )  # fmt: skip
    auth_token = forms.CharField(
        label=_("Auth token"), max_length=200, required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("It also proves that calls to this installation are the provider's."),
    )  # fmt: skip
    base_url = forms.CharField(
        label=_("Address"), max_length=2000, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://api.twilio.com/2010-04-01"}),
        help_text=_("Empty: Twilio's own. Others that are shaped like it have addresses of their own."),
    )  # fmt: skip


class ContentForm(forms.Form):
    """What a call has beside its text; the names are those of `content.check`."""

    media_url = forms.CharField(
        label=_("Recording"), required=False, max_length=2000,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://…/hello.wav"}),
        help_text=_(
            "Played instead of the text: a file of the library or another address, or sound: and the name of a "
            "sound of Asterisk. The text is then for those who read the campaign."
        ),
    )  # fmt: skip
    voice = forms.CharField(
        label=pgettext_lazy("speech", "Voice"), required=False, max_length=60,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "en-us"}),
        help_text=_(
            "A language or voice such as en-us, de or es+f3; at Twilio also a voice's name, as Polly.Vicki. "
            "Empty: the sender's."
        ),
    )  # fmt: skip
    speed = forms.IntegerField(
        label=_("Words a minute"), required=False, min_value=80, max_value=400, help_text=_("Empty: the voice's own.")
    )  # fmt: skip
    amd = forms.ChoiceField(
        label=_("When a machine answers"), required=False,
        choices=[
            ("", _("It is not told from a person")), ("hang_up", _("Hang up")),
            ("leave", _("Leave the message after the beep")),
        ],
        help_text=_("To find out takes two to five seconds, in which a person hears nothing."),
    )  # fmt: skip
    keys = forms.CharField(
        label=_("Keys"), required=False, max_length=2000,
        widget=forms.Textarea(
            attrs={**_PLAIN, "rows": 4, "placeholder": _KEYS}
        ),
        help_text=_(
            "One a line: the key, |, what it means, and perhaps | and what it does: reply (noted as an answer), "
            "connect, repeat, stop (no more calls). Say in the text what they mean."
        ),
    )  # fmt: skip
    key_seconds = forms.IntegerField(
        label=_("Seconds to wait for a key"), required=False, min_value=1, max_value=60, help_text=_("Empty: 5.")
    )  # fmt: skip
    connect = forms.ChoiceField(
        label=_("Put through"), required=False,
        choices=[("", _("Who presses a key for it")), ("all", _("Everybody who answers, after the message"))],
    )  # fmt: skip
    connect_to = forms.CharField(
        label=_("To which queue or extension"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs=_PLAIN),
    )
    caller_id = forms.CharField(
        label=_("Caller ID"), required=False, max_length=16, widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("Empty: the sender's."),
    )  # fmt: skip
    at_once = forms.IntegerField(
        label=_("Calls at once at most"), required=False, min_value=1, max_value=1000,
        help_text=_("Of this campaign. Empty: as many as the sender has lines, one unless it is set otherwise."),
    )  # fmt: skip
    retries = forms.IntegerField(
        label=_("Call again at most"), required=False, min_value=0, max_value=5,
        help_text=_("Times, when the line was busy, nobody answered or the network failed. Empty: never."),
    )  # fmt: skip
    retry_busy = forms.IntegerField(
        label=_("Seconds after a busy line"), required=False, min_value=1, max_value=86_400, help_text=_("Empty: 60.")
    )  # fmt: skip
    retry_no_answer = forms.IntegerField(
        label=_("Seconds after no answer"), required=False, min_value=1, max_value=86_400, help_text=_("Empty: 60.")
    )  # fmt: skip
    retry_congestion = forms.IntegerField(
        label=_("Seconds after congestion"), required=False, min_value=1, max_value=86_400, help_text=_("Empty: 60.")
    )  # fmt: skip
    retry_failed = forms.IntegerField(
        label=_("Seconds after a failed call"), required=False, min_value=1, max_value=86_400,
        help_text=_("Empty: 60. None of them goes outside the sending hours."),
    )  # fmt: skip


#: Protocol → its form, and how it is called where one is chosen.
FORMS: dict[str, type[SetupForm]] = {"ari": Form, "twilio": TwilioForm}
PROTOCOLS = {"ari": "Asterisk", "twilio": "Twilio"}
