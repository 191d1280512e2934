"""The form of a live source: where it is, what it holds, and what happens when it cannot be read."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy

from clarion.audience.addresses import CONTACT_ADDRESS_COLUMNS
from clarion.audience.models import LiveSheet, WhenUnreadable
from clarion.audience.operations import SheetFields
from clarion.channels import registry

#: Kind of address → the channel by which such addresses are read.
_KINDS = {"email": gettext_lazy("E-mail addresses"), "phone": gettext_lazy("Phone numbers")}


class SheetForm(forms.Form):
    """What a person says about a live spreadsheet."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    url = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=2000,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Of a CSV, XLSX or ODS file, or of a Google spreadsheet that everyone with the link may see."
        ),
    )
    path = forms.CharField(
        label=gettext_lazy("Or a file on the server"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    channel = forms.ChoiceField(label=gettext_lazy("It holds"), initial="email")
    address = forms.CharField(
        label=gettext_lazy("Column with the addresses"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Left empty, it is found by itself."),
    )
    sheet = forms.CharField(
        label=gettext_lazy("Sheet of a workbook"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Left empty, the first with anything in it."),
    )
    when_unreadable = forms.ChoiceField(
        label=gettext_lazy("When it cannot be read for a run"), choices=WhenUnreadable.choices, initial="FAIL"
    )
    keep_hours = forms.IntegerField(
        label=gettext_lazy("A copy may be so many hours old"), min_value=1, max_value=720, initial=24
    )

    def __init__(self, data: Any = None, *, sheet: LiveSheet | None = None) -> None:
        super().__init__(data, initial=_initial(sheet) if sheet else None)
        kinds = _channels()
        if sheet is not None and sheet.channel not in kinds:
            same = registry.get(sheet.channel).address_kind
            kinds = {(sheet.channel if registry.get(name).address_kind == same else name): label
                     for name, label in kinds.items()}  # fmt: skip
        self.fields["channel"].choices = list(kinds.items())  # type: ignore[attr-defined]
        if settings.CLARION_WATCH_FOLDERS or (sheet is not None and sheet.path):
            # Where it is not allowed at all, nobody is asked.
            folders = ", ".join(map(str, settings.CLARION_WATCH_FOLDERS))
            self.fields["path"].help_text = folders
        else:
            del self.fields["path"]
            self.fields["url"].required = True

    def values(self) -> SheetFields:
        """What the operations take."""
        data = self.cleaned_data
        return {
            "name": data["name"], "url": data["url"], "path": data.get("path", ""), "channel": data["channel"],
            "overrides": {"address": data["address"], "sheet": data["sheet"]},
            "when_unreadable": data["when_unreadable"], "keep_hours": data["keep_hours"],
        }  # fmt: skip


def place_of(sheet: LiveSheet, *, is_whole: bool) -> str:
    """Return where it is; for others than those who manage it only the server or the file's name."""
    if is_whole:
        return sheet.url or sheet.path
    return (urlsplit(sheet.url).hostname or "") if sheet.url else sheet.path.rpartition("/")[2]


def _channels() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, label in _KINDS.items():
        names = [name for name in registry.CHANNELS if registry.get(name).address_kind == kind]
        if names and kind in CONTACT_ADDRESS_COLUMNS:
            found[names[0]] = label
    return found


def _initial(sheet: LiveSheet) -> dict[str, Any]:
    names = ("name", "url", "path", "channel", "when_unreadable", "keep_hours")
    overrides = {name: sheet.overrides.get(name, "") for name in ("address", "sheet")}
    return {name: getattr(sheet, name) for name in names} | overrides
