"""The form in which a person says what a file's columns mean."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.audience import columns
from clarion.audience.models import Import, List

#: What a column can be, besides a field: kept under its own name, or left out.
_KEEP = "attribute:"


class MappingForm(forms.Form):
    """A choice for each column, what to do with known contacts, and a list to add everybody to."""

    on_known = forms.ChoiceField(
        label=gettext_lazy("Contacts that are known already"),
        help_text=gettext_lazy("Empty cells of the file erase nothing."),
        choices=[
            ("update", gettext_lazy("Update them")),
            ("skip", gettext_lazy("Leave them as they are")),
        ],
        initial="update",
    )
    add_to = forms.ModelChoiceField(
        label=gettext_lazy("Add everybody to a list"),
        queryset=List.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label=gettext_lazy("No list"),
    )

    def __init__(self, data: Any = None, *, the_import: Import, lists: Any) -> None:
        super().__init__(data)
        self.fields["add_to"].queryset = lists  # type: ignore[attr-defined]
        self._names: list[str] = columns.variable_names(the_import.dialect["columns"])
        for number, (name, column) in enumerate(zip(self._names, the_import.dialect["columns"], strict=True)):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column,
                required=False,
                choices=_choices(name, the_import.mapping.get(name, "")),
                initial=the_import.mapping.get(name, ""),
            )

    def columns(self) -> list[forms.BoundField]:
        """The choices, in the file's order."""
        return [self[f"column_{number}"] for number in range(len(self._names))]

    def mapping(self) -> dict[str, str]:
        """What was chosen: variable name → field."""
        return {
            name: self.cleaned_data.get(f"column_{number}", "") for number, name in enumerate(self._names)
        }


def _choices(name: str, present: str) -> list[tuple[str, str]]:
    own = f"{_KEEP}{name}"
    found = [("", _("Leave out")), *((field, str(label)) for field, label in columns.FIELDS.items())]
    found += columns.beside_fields().items()
    found.append((own, _("Attribute “%(name)s”") % {"name": name}))
    if present.startswith(_KEEP) and present != own:
        found.append((present, _("Attribute “%(name)s”") % {"name": present.removeprefix(_KEEP)}))
    return found


class DialectForm(forms.Form):
    """How the file is written, when the program guessed wrong; of a spreadsheet, which sheet is meant."""

    sheet = forms.ChoiceField(label=gettext_lazy("Sheet"), required=False)
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"),
        required=False,
        choices=[
            ("auto", gettext_lazy("Found by itself")),
            ("utf-8", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252 (Western)"),
            ("cp1250", "Windows-1250 (Central European)"), ("cp1251", "Windows-1251 (Cyrillic)"),
            ("cp1253", "Windows-1253 (Greek)"), ("cp1254", "Windows-1254 (Turkish)"),
            ("cp1255", "Windows-1255 (Hebrew)"), ("cp1256", "Windows-1256 (Arabic)"), ("cp932", "Shift-JIS"),
            ("gb18030", "GB 18030"), ("big5", "Big5"), ("cp949", "Korean"),
        ],
    )  # fmt: skip
    delimiter = forms.ChoiceField(
        label=gettext_lazy("Delimiter"),
        required=False,
        choices=[
            ("auto", gettext_lazy("Found by itself")), (",", gettext_lazy("Comma")),
            (";", gettext_lazy("Semicolon")), ("tab", gettext_lazy("Tab")), ("|", gettext_lazy("Bar")),
        ],
    )  # fmt: skip
    header = forms.ChoiceField(
        label=gettext_lazy("First row"),
        required=False,
        choices=[
            ("auto", gettext_lazy("Found by itself")),
            ("yes", gettext_lazy("Holds the names of the columns")),
            ("no", gettext_lazy("Is a contact already")),
        ],
    )

    def __init__(self, data: Any = None, *, the_import: Import) -> None:
        super().__init__(data)
        sheets = the_import.dialect.get("sheets", [])
        if sheets:
            del self.fields["encoding"], self.fields["delimiter"]
        if len(sheets) > 1:
            field = self.fields["sheet"]
            field.choices = [(name, name) for name in sheets]  # type: ignore[attr-defined]
            field.initial = the_import.dialect["sheet"]
        else:
            del self.fields["sheet"]

    def overrides(self) -> dict[str, Any]:
        """What the sniffing is told."""
        data = self.cleaned_data
        said: dict[str, Any] = {"encoding": data.get("encoding") or None, "sheet": data.get("sheet") or None}
        said["delimiter"] = "\t" if data.get("delimiter") == "tab" else data.get("delimiter") or None
        said["has_header"] = {"yes": True, "no": False}.get(data["header"])
        return said
