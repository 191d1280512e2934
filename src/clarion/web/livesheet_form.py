"""The forms of a live source: where it is, what it holds, and what happens when it cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clarion.audience.addresses import CONTACT_ADDRESS_COLUMNS
from clarion.audience.livesheets import groups
from clarion.audience.models import LiveSheet, WhenUnreadable
from clarion.audience.operations import SheetFields
from clarion.channels import registry

if TYPE_CHECKING:
    from clarion.channels.linked import Group
    from clarion.senders.models import Sender

#: Kind of address → the channel by which such addresses are read.
_KINDS = {"email": gettext_lazy("E-mail addresses"), "phone": gettext_lazy("Phone numbers")}


class SheetForm(forms.Form):
    """What a person says about a live spreadsheet."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    url = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=2000,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}),
        help_text=gettext_lazy(
            "Of a CSV, XLSX or ODS file, or of a Google spreadsheet that everyone with the link may see."
        ),
    )
    path = forms.CharField(
        label=gettext_lazy("Or a file on the server"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}),
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


class GroupForm(forms.Form):
    """What a person says about a group that is a live source; which one it is stays."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    when_unreadable = forms.ChoiceField(
        label=gettext_lazy("When it cannot be read for a run"), choices=WhenUnreadable.choices, initial="FAIL"
    )
    keep_hours = forms.IntegerField(
        label=gettext_lazy("A copy may be so many hours old"), min_value=1, max_value=720, initial=24
    )

    def __init__(self, data: Any = None, *, sheet: LiveSheet | None = None) -> None:
        names = ("name", "when_unreadable", "keep_hours")
        super().__init__(data, initial={name: getattr(sheet, name) for name in names} if sheet else None)

    def values(self) -> SheetFields:
        """What the operations take."""
        data = self.cleaned_data
        return {
            "name": data["name"], "when_unreadable": data["when_unreadable"], "keep_hours": data["keep_hours"],
        }  # fmt: skip


class NewGroupForm(GroupForm):
    """A group of a sender's that is not a live source yet."""

    group = forms.ChoiceField(label=gettext_lazy("Group"))
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, required=False,
        help_text=gettext_lazy("Left empty, as the group is called."),
    )  # fmt: skip
    field_order = ("group", "name", "when_unreadable", "keep_hours")

    def __init__(self, data: Any = None, *, sender: Sender, found: Sequence[Group]) -> None:
        super().__init__(data)
        self._sender, self._names = sender, {one.id: one.name for one in found}
        self.fields["group"].choices = [(one.id, _shown(one)) for one in found]  # type: ignore[attr-defined]

    def values(self) -> SheetFields:
        """What the operations take."""
        group = self.cleaned_data["group"]
        place = groups.GroupPlace(sender_id=self._sender.public_id, group=group)
        return {
            **super().values(), "name": self.cleaned_data["name"] or self._names[group][:120], "url": place.url,
            "channel": self._sender.channel,
        }  # fmt: skip


def form_for(sheet: LiveSheet, data: Any = None) -> SheetForm | GroupForm:
    """Return the form by which a live source is changed."""
    return (GroupForm if groups.is_group(sheet.url) else SheetForm)(data, sheet=sheet)


def _shown(group: Group) -> str:
    if group.size is None:
        return group.name
    return ngettext("%(name)s (%(n)d member)", "%(name)s (%(n)d members)", group.size) % {
        "name": group.name, "n": group.size,
    }  # fmt: skip


def place_of(sheet: LiveSheet, *, is_whole: bool) -> str:
    """Return where it is; for others than those who manage it only the server or the file's name."""
    if groups.is_group(sheet.url):
        return _("Group of a linked phone")
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
