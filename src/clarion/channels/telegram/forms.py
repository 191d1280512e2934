"""The set-up form of a Telegram sender."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from clarion.channels.forms import SetupForm

_PLAIN = {"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false"}


class Form(SetupForm):
    """Fields are the keys of `config.check`."""

    SECRET_FIELDS = NEEDED = ("token",)
    SECTIONS = (
        ("bot", _("Bot"), ("token", "username")),
        ("people", _("Who starts the bot"), ("reads_updates", "updates", "newcomers", "welcome")),
        ("messages", _("Messages"), ("protect_content",)),
        ("connection", _("Connection"), ("api_url", "connections", "response_timeout")),
    )

    token = forms.CharField(
        label=_("Token"), max_length=200, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Write to @BotFather in Telegram: /newbot makes a bot and tells you its token."),
    )  # fmt: skip
    username = forms.CharField(
        label=_("Bot's name"), max_length=64, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "my_shop_bot"}),
        help_text=_("For links by which people start it, such as t.me/my_shop_bot. “Check” shows it."),
    )  # fmt: skip
    reads_updates = forms.BooleanField(
        label=_("Read what people write to the bot"), required=False, initial=True,
        help_text=_(
            "A bot can write only to people who started it. This notices /start, /stop and who blocked it. "
            "Turn it off where another program reads the same bot."
        ),
    )  # fmt: skip
    updates = forms.ChoiceField(
        label=_("How it is read"), required=False,
        choices=[("ask", _("The bot is asked every two seconds")), ("call", _("Telegram calls"))],
        help_text=_(
            "Calls come at once, and need a public address of this installation that begins with https://. It is "
            "entered at the bot by itself."
        ),
    )  # fmt: skip
    newcomers = forms.ChoiceField(
        label=_("People who start it without a personal link"), required=False,
        choices=[("ignore", _("Leave them alone")), ("add", _("Add them as new contacts"))],
    )  # fmt: skip
    welcome = forms.CharField(
        label=_("Welcome"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Sent to whoever starts the bot. Empty: nothing is."),
    )  # fmt: skip
    protect_content = forms.BooleanField(
        label=_("Recipients cannot forward or save messages"), required=False
    )
    api_url = forms.CharField(
        label=_("Bot API"), max_length=500, required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://api.telegram.org"}),
        help_text=_("Empty: Telegram's own. A Bot API server of yours may stand in for it."),
    )  # fmt: skip
    connections = forms.IntegerField(
        label=_("Messages at once"), min_value=1, max_value=200, initial=20,
        help_text=_("Each waits for its answer on a connection of its own."),
    )  # fmt: skip
    response_timeout = forms.IntegerField(
        label=_("Seconds to wait for an answer"), min_value=1, max_value=600, initial=30,
        help_text=_("After that nobody knows whether the message went."),
    )  # fmt: skip


class ContentForm(forms.Form):
    """What a message has beside its text; the names are those of `content.check`."""

    format = forms.ChoiceField(
        label=_("Marks in the text"), required=False,
        choices=[("plain", _("None")), ("markdown", "Markdown"), ("html", "HTML")],
        help_text=_("Markdown: *bold*, _italic_, __underlined__, ~struck~, ||hidden||, [words](address), `code`."),
    )  # fmt: skip
    attachment = forms.ChoiceField(
        label=_("With"), required=False,
        choices=[("", _("Text only")), ("photo", _("A photo")), ("document", _("A document"))],
        help_text=_("Below a photo or a document a text has at most 1,024 characters, else 4,096."),
    )  # fmt: skip
    media_url = forms.CharField(
        label=_("Address of the photo or document"), required=False, max_length=2048,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "https://shop.example.com/sale.jpg"}),
        help_text=_(
            "Telegram fetches it: a photo of up to 5 MB, a document of up to 20 MB. Or attach a file of the library, "
            "which is uploaded: a photo of up to 10 MB, a document of up to 50 MB."
        ),
    )  # fmt: skip
    buttons = forms.CharField(
        label=_("Buttons"), required=False, max_length=20_000,
        widget=forms.Textarea(attrs={**_PLAIN, "rows": 3, "placeholder": "Shop | https://shop.example.com"}),
        help_text=_("One a line: what it says, |, and where it leads."),
    )  # fmt: skip
    preview = forms.BooleanField(label=_("Show what the first link leads to"), required=False)
    silent = forms.BooleanField(label=_("Without a sound"), required=False)
