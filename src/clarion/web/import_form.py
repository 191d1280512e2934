"""The form in which a person says what a file's columns mean."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.audience import cellforms, columns
from clarion.audience.models import Import, List
from clarion.web.countries import country_choices

#: What a column can be, besides a field: kept under its own name, or left out.
_KEEP = "attribute:"


#: Between an attribute and its kind in a choice; no name of an attribute has it.
_KIND = "|"
_KINDS = {
    cellforms.NUMBER: gettext_lazy("Attribute “%(name)s”, a number"),
    cellforms.DATE: gettext_lazy("Attribute “%(name)s”, a date"),
    cellforms.YES_NO: gettext_lazy("Attribute “%(name)s”, yes or no"),
}


class MappingForm(forms.Form):
    """A choice for each column, how cells are written, what to do with known contacts, and a list to add them to."""

    on_known = forms.ChoiceField(
        label=gettext_lazy("Contacts"),
        help_text=gettext_lazy("Empty cells of the file erase nothing."),
        choices=[
            ("update", gettext_lazy("Add new ones and update known ones")),
            ("skip", gettext_lazy("Add new ones, leave known ones as they are")),
            ("only", gettext_lazy("Update known ones, add none")),
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
    country = forms.ChoiceField(
        label=gettext_lazy("Phone numbers without a country code are of"), required=False
    )
    decimal = forms.ChoiceField(
        label=gettext_lazy("Numbers"),
        required=False,
        choices=[
            ("", gettext_lazy("As the file shows")),
            (".", gettext_lazy("1.5 is one and a half")),
            (",", gettext_lazy("1,5 is one and a half")),
        ],
    )
    dates = forms.ChoiceField(
        label=gettext_lazy("Dates"),
        required=False,
        choices=[
            ("", gettext_lazy("As the file shows")),
            (cellforms.DAY_FIRST, gettext_lazy("3/4 is the 3rd of April")),
            (cellforms.MONTH_FIRST, gettext_lazy("3/4 is the 4th of March")),
        ],
    )

    def __init__(self, data: Any = None, *, the_import: Import, lists: Any) -> None:
        super().__init__(data)
        self.fields["add_to"].queryset = lists  # type: ignore[attr-defined]
        known = cellforms.Forms.from_json(the_import.forms)
        same = ("", _("the workspace’s country"))
        self.fields["country"].choices = [same, *country_choices()]  # type: ignore[attr-defined]
        for name in ("country", "decimal", "dates"):
            self.fields[name].initial = getattr(known, name)
        self._names: list[str] = columns.variable_names(the_import.dialect["columns"])
        for number, (name, column) in enumerate(zip(self._names, the_import.dialect["columns"], strict=True)):
            present = the_import.mapping.get(name, "")
            kind = known.types.get(name, cellforms.TEXT)
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column,
                required=False,
                choices=_choices(name, present),
                initial=f"{present}{_KIND}{kind}"
                if present.startswith(_KEEP) and kind in _KINDS
                else present,
            )

    def columns(self) -> list[forms.BoundField]:
        """The choices, in the file's order."""
        return [self[f"column_{number}"] for number in range(len(self._names))]

    def mapping(self) -> dict[str, str]:
        """What was chosen: variable name → field."""
        return {name: meant.partition(_KIND)[0] for name, meant in self._chosen()}

    def forms(self) -> cellforms.Forms:
        """How the cells are to be read."""
        data = self.cleaned_data
        return cellforms.Forms(
            country=data.get("country") or "",
            decimal=data.get("decimal") or "",
            dates=data.get("dates") or "",
            types={name: meant.partition(_KIND)[2] for name, meant in self._chosen() if _KIND in meant},
        )

    def _chosen(self) -> list[tuple[str, str]]:
        return [
            (name, self.cleaned_data.get(f"column_{number}", "")) for number, name in enumerate(self._names)
        ]


def _choices(name: str, present: str) -> list[tuple[str, str]]:
    own = f"{_KEEP}{name}"
    found = [("", _("Leave out")), *((field, str(label)) for field, label in columns.FIELDS.items())]
    found += columns.beside_fields().items()
    kept = [own] if not present.startswith(_KEEP) or present == own else [own, present]
    for one in kept:
        named = {"name": one.removeprefix(_KEEP)}
        found.append((one, _("Attribute “%(name)s”") % named))
        found += [(f"{one}{_KIND}{kind}", str(label) % named) for kind, label in _KINDS.items()]
    return found


class DialectForm(forms.Form):
    """How the file is written, when the program guessed wrong; of a spreadsheet, which sheet is meant."""

    sheet = forms.ChoiceField(label=gettext_lazy("Sheet"), required=False)
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"),
        required=False,
        choices=[
            ("auto", gettext_lazy("Found by itself")),
            ("utf-8", "UTF-8"),
            ("utf-16", "UTF-16"),
            ("cp1252", gettext_lazy("Windows-1252 (Western)")),
            ("cp1250", gettext_lazy("Windows-1250 (Central European)")),
            ("cp1251", gettext_lazy("Windows-1251 (Cyrillic)")),
            ("cp1253", gettext_lazy("Windows-1253 (Greek)")),
            ("cp1254", gettext_lazy("Windows-1254 (Turkish)")),
            ("cp1255", gettext_lazy("Windows-1255 (Hebrew)")),
            ("cp1256", gettext_lazy("Windows-1256 (Arabic)")),
            ("cp932", "Shift-JIS"), ("gb18030", "GB 18030"), ("big5", "Big5"),
            ("cp949", gettext_lazy("Korean")),
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
