"""Forms about who may be written to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.audience.operations.optout import REPLY_LENGTH
from clarion.audience.optout import MOST_CAPS, MOST_DAYS
from clarion.web.audience_forms import channel_choices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.audience.models import AnswerWords, FrequencyCap
    from clarion.audience.stopwords import Words

#: Empty rows below the caps there are, for new ones.
SPARE_ROWS = 2
#: Stands for all channels together in the form, where an empty choice means that the row is not used.
ALL = "*"


class CapForm(forms.Form):
    """A row: one cap. A row without a channel is none."""

    channel = forms.ChoiceField(label=gettext_lazy("Counted on"), required=False)
    messages = forms.IntegerField(label=gettext_lazy("Messages"), min_value=1, max_value=1000, required=False)
    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=MOST_DAYS, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("No cap")), (ALL, _("All channels together")), *channel_choices()]
        self.fields["channel"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("channel"):
            for name in ("messages", "days"):
                if name not in self.errors and not data.get(name):
                    self.add_error(name, _("Say how many."))
        return data

    @property
    def said(self) -> tuple[str, int, int] | None:
        """The cap as operations take it; None for a row that is not used."""
        data = self.cleaned_data
        if not data.get("channel"):
            return None
        return ("" if data["channel"] == ALL else data["channel"], data["messages"], data["days"])


def cap_rows(caps: Sequence[FrequencyCap], data: Any = None) -> list[CapForm]:
    """Return a form for each cap and some for new ones, filled in with what was posted."""
    if data is not None:
        count = min(len(data.getlist("rows")), MOST_CAPS + SPARE_ROWS)
        return [CapForm(data, prefix=f"cap{n}") for n in range(count)]
    initial = [{"channel": cap.channel or ALL, "messages": cap.messages, "days": cap.days} for cap in caps]
    return [
        CapForm(initial=one, prefix=f"cap{n}")
        for n, one in enumerate([*initial, *({} for _n in range(SPARE_ROWS))])
    ]


class RulesForm(forms.Form):
    """When an address is given up, and what stands on the preference page."""

    soft_bounces = forms.IntegerField(
        label=gettext_lazy("Messages that came back for now"),
        min_value=0,
        max_value=100,
        help_text=gettext_lazy(
            "So many, and the address is suppressed; 0 for never. One that came back for good suppresses at once."
        ),
    )
    soft_days = forms.IntegerField(label=gettext_lazy("within days"), min_value=1, max_value=MOST_DAYS)
    confirms = forms.BooleanField(
        label=gettext_lazy("Confirm answers"),
        required=False,
        help_text=gettext_lazy(
            "Whoever writes STOP, START or HELP is told so by the same sender, once for each word. The sentences stand "
            "with the words of each language. Switch it off where the provider answers by itself."
        ),
    )
    page_text = forms.CharField(
        label=gettext_lazy("Text of the preference page"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Stands above the choices that people see when they follow a link to unsubscribe."
        ),
    )


def _words_field(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=3000,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class WordsForm(forms.Form):
    """A language's words, one a line, and what is sent back."""

    stop = _words_field(
        gettext_lazy("Words that end messages"),
        gettext_lazy("One a line. They count at the beginning of a message too."),
    )
    stop_alone = _words_field(
        gettext_lazy("Words that end messages when nothing else is said"),
        gettext_lazy("Everyday words, such as “end”."),
    )
    start = _words_field(gettext_lazy("Words that ask for messages again"), "")
    help = _words_field(gettext_lazy("Words that ask who writes"), "")
    stop_reply = forms.CharField(
        label=gettext_lazy("Answer to the first"), required=False, max_length=REPLY_LENGTH
    )
    start_reply = forms.CharField(
        label=gettext_lazy("Answer to who comes back"), required=False, max_length=REPLY_LENGTH
    )
    help_reply = forms.CharField(
        label=gettext_lazy("Answer to who asks"),
        required=False,
        max_length=REPLY_LENGTH,
        help_text=gettext_lazy("Left empty, a sentence of the program is sent."),
    )

    @staticmethod
    def initial_of(words: Words, own: AnswerWords | None) -> dict[str, str]:
        """Return what the form begins with."""
        found = {name: "\n".join(getattr(words, name)) for name in ("stop", "stop_alone", "start", "help")}
        for name in ("stop_reply", "start_reply", "help_reply"):
            found[name] = getattr(own, name) if own is not None else ""
        return found

    @property
    def words(self) -> dict[str, list[str]]:
        return {
            name: self.cleaned_data[name].splitlines() for name in ("stop", "stop_alone", "start", "help")
        }

    @property
    def replies(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("stop_reply", "start_reply", "help_reply")}
