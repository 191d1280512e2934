"""The fields in which a message is written: of a template, and of a campaign that has words of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.content import media
from clarion.content.compiling import MAX_SUBJECT, MODES
from clarion.content.sources import MODE_NAMES, in_language
from clarion.lib.languages import MAX_TAG
from clarion.lib.template_lint import MAX_SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clarion.channels.looks import Look
    from clarion.workspaces.models import Membership

#: How many of the newest files of the library can be attached.
_FILES = 50

#: A line on the language under the editor; here because Django's own templates use the same braces.
HINT = gettext_lazy(
    "Write {{ first_name|default('friend') }} for a person's own value, {% if city %} … {% endif %} for conditions"
    " and {% for line in lines %} … {% endfor %} for lists."
)


class MessageForm(forms.Form):
    """What an author writes. Whether it can be sent is said by the operation, field by field."""

    #: The channel says whether it must have one.
    subject = forms.CharField(
        label=gettext_lazy("Subject"),
        max_length=MAX_SUBJECT,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    preheader = forms.CharField(
        label=gettext_lazy("Preview text"),
        max_length=MAX_SUBJECT,
        required=False,
        help_text=gettext_lazy(
            "Mail readers show it beside the subject. Between 40 and 100 characters are seen."
        ),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Written in"),
        choices=[(mode, MODE_NAMES[mode]) for mode in MODES],
        widget=forms.RadioSelect,
        initial="html",
    )
    source = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=MAX_SOURCE,
        strip=False,
        widget=forms.Textarea(
            attrs={"class": "input--code", "rows": 22, "spellcheck": "false", "dir": "auto"}
        ),
    )
    text = forms.CharField(
        label=gettext_lazy("Plain text"),
        max_length=MAX_SOURCE,
        required=False,
        strip=False,
        help_text=gettext_lazy("For readers without HTML. Left empty, it is made from the message."),
        widget=forms.Textarea(
            attrs={"class": "input--code", "rows": 6, "spellcheck": "false", "dir": "auto"}
        ),
    )

    #: Of which language the message is that is being written; "" for the first one.
    edited = forms.CharField(required=False, max_length=MAX_TAG, widget=forms.HiddenInput)
    language = forms.CharField(
        label=gettext_lazy("Language of this message"),
        max_length=MAX_TAG,
        required=False,
        help_text=gettext_lazy("Such as en or de-AT. People whose language is not there get this one."),
        widget=forms.TextInput(attrs={"list": "languages", "autocomplete": "off"}),
    )
    defaults = forms.CharField(
        label=gettext_lazy("Defaults of fields"),
        required=False,
        max_length=20_000,
        help_text=gettext_lazy(
            "One a line, such as: first_name = friend. Used where a person has nothing there."
        ),
        widget=forms.Textarea(
            attrs={"class": "input--code", "rows": 3, "spellcheck": "false", "dir": "auto"}
        ),
    )
    attached = forms.MultipleChoiceField(
        label=gettext_lazy("Attachments"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def suit(self, look: Look, *, files: Sequence[tuple[str, str]], also: str = "") -> None:
        """Ask what the channel of that look has; `also` is a way of writing that is offered whatever it has."""
        modes = [*look.modes, *([also] if also and also not in look.modes else [])]
        self.fields["mode"].choices = [(mode, MODE_NAMES[mode]) for mode in modes]  # type: ignore[attr-defined]
        self.fields["attached"].choices = files  # type: ignore[attr-defined]
        self.fields["source"].required = look.needs_words
        if look.has_title:
            self.fields["subject"].label = _("Title")
        if not look.has_subject:
            self.fields["source"].widget.attrs["rows"] = 8

    def clean_defaults(self) -> dict[str, str]:
        """Return {name: value}."""
        lines = [line for line in str(self.cleaned_data["defaults"]).splitlines() if line.strip()]
        pairs = [
            (name.strip(), sign, value.strip())
            for name, sign, value in (line.partition("=") for line in lines)
        ]
        for name, sign, _value in pairs:
            if not sign or not name:
                raise forms.ValidationError(_("Write each default as a name, = and a value."))
        return {name: value for name, _sign, value in pairs}

    def bad_lines(self) -> str:
        """Return the numbers of the source's lines that are named by its errors, with commas between them."""
        found = []
        for sentence in self.errors.get("source", []) if self.is_bound else []:
            before, colon, _rest = str(sentence).partition(":")
            found += [word for word in before.split() if word.isdigit()] if colon else []
        return ",".join(found)


def written(source: Mapping[str, Any], edited: str) -> dict[str, Any]:
    """Return the form's data for a source, of one of its languages; what it has beside the text is in `extras`."""
    defaults = "\n".join(f"{name} = {value}" for name, value in (source.get("defaults") or {}).items())
    return {
        **in_language(source, edited),
        "edited": edited,
        "language": source.get("language", ""),
        "defaults": defaults,
        "attached": source.get("files", []),
    }


def attachable(member: Membership, chosen: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Return (key, words) of the newest files that can go with a message, and of those that do."""
    newest = media.files_for(member)
    keys = set(chosen)
    files = [*newest[:_FILES], *(one for one in (newest.filter(key__in=keys) if keys else ()))]
    files = list(dict.fromkeys(files))
    return [(one.key, f"{one.name} ({filesizeformat(one.size)})") for one in files]
