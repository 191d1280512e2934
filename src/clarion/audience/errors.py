"""What can go wrong with contacts, lists, sources and imports. Each says it in a sentence."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from clarion.audience.csvdialect import CsvInvalid

__all__ = [
    "AddressTaken",
    "AttributeInvalid",
    "BulkEditNotPossible",
    "ContactInvalid",
    "CsvInvalid",
    "ImportNotPossible",
    "ListInUse",
    "ListNameTaken",
    "MappingInvalid",
    "NoAddressColumn",
    "RowsInvalid",
    "RulesInvalid",
    "SegmentInUse",
    "SegmentNameTaken",
    "SheetInUse",
    "SheetInvalid",
    "SourceInvalid",
]


class ContactInvalid(ValueError):
    """A contact's fields do not make sense. `problems` maps a field's name to a sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class AddressTaken(ContactInvalid):
    """Another contact of the workspace has this address."""

    def __init__(self, field: str = "email") -> None:
        super().__init__({field: _("Another contact already has this address.")})


class AttributeInvalid(ValueError):
    """An attribute cannot be defined like this. `problems` maps a field's name to a sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class BulkEditNotPossible(Exception):
    """The edit of many contacts is not in a state for this."""


class ListNameTaken(ValueError):
    """Another list of the workspace has this name."""

    def __init__(self) -> None:
        super().__init__(_("There is already a list with this name."))


class ListInUse(ValueError):
    """A campaign that is not over leaves the list's people out. `campaigns` are the names of the first of them."""

    def __init__(self, campaigns: Sequence[str]) -> None:
        shown = ", ".join(f"“{name}”" for name in campaigns)
        super().__init__(_("Its people are left out by %(campaigns)s.") % {"campaigns": shown})
        self.campaigns = list(campaigns)


class SegmentNameTaken(ValueError):
    """Another segment of the workspace has this name."""

    def __init__(self) -> None:
        super().__init__(_("There is already a segment with this name."))


class SegmentInUse(ValueError):
    """A campaign that is not over goes by the segment. `campaigns` are the names of the first of them."""

    def __init__(self, campaigns: Sequence[str]) -> None:
        shown = ", ".join(f"“{name}”" for name in campaigns)
        super().__init__(_("It is in use by %(campaigns)s.") % {"campaigns": shown})
        self.campaigns = list(campaigns)


class SheetInvalid(ValueError):
    """A live spreadsheet cannot be kept so. `problems` maps a field's name to a sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class SheetInUse(ValueError):
    """Campaigns have the live spreadsheet. `campaigns` are the names of the first of them."""

    def __init__(self, campaigns: Sequence[str]) -> None:
        shown = ", ".join(f"“{name}”" for name in campaigns)
        super().__init__(_("It is in use by %(campaigns)s.") % {"campaigns": shown})
        self.campaigns = list(campaigns)


class RowsInvalid(ValueError):
    """The rows that a program sent cannot be used. `problems` are (number of the line, sentence)."""

    def __init__(self, sentence: str, problems: Sequence[tuple[int, str]]) -> None:
        super().__init__(sentence)
        self.problems = list(problems)


class SourceInvalid(ValueError):
    """Nothing can be sent to a source like this."""


class NoAddressColumn(CsvInvalid):
    """No column of the file looks like addresses. `columns` are those it has.

    `sheets` are those of a workbook, and `sheet` is the one that was read.
    """

    def __init__(self, columns: Sequence[str], *, sheets: Sequence[str] = (), sheet: str = "") -> None:
        shown = ", ".join(columns[:20])
        super().__init__(_("No column holds addresses. The file has: %(columns)s.") % {"columns": shown})
        self.columns = tuple(columns)
        self.sheets = tuple(sheets)
        self.sheet = sheet


class MappingInvalid(ValueError):
    """The columns of an import are not assigned in a way that makes contacts. `problems` are sentences."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


class ImportNotPossible(Exception):
    """The import is not in a state for this."""


class RulesInvalid(ValueError):
    """What was said about who may be written to makes no sense. `problems` are sentences."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)
