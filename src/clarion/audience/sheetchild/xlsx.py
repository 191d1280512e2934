"""XLSX (ECMA-376): the workbook's list of sheets, and what its cells refer to."""

import posixpath

from . import cells, parsing
from .container import Package
from .formats import Formats
from .refusal import Refused
from .strings import Strings
from .table import MAX_SHEETS, Table


def read(package: Package, wanted: str, table: Table) -> tuple[list[str], str]:
    """Read the wanted sheet into the table, or without one the first with anything in it.

    Returns the names of the sheets that can be seen, and of the one that was read; "" when none was.
    """
    book = _Workbook(package)
    names = list(book.sheets)
    values: cells.Values | None = None
    with Strings(table.target + ".strings") as strings:
        for name in [wanted] if wanted else names:
            if name in book.sheets:
                values = values or book.values(strings)
                with package.open(book.sheets[name]) as member:
                    cells.read(member, values, table)
                if table.has_rows:
                    return names, name
    return names, ""


class _Workbook:
    """What is told of the whole workbook. `sheets` are the paths of those that can be seen, by their names."""

    def __init__(self, package: Package) -> None:
        self._package = package
        found = list(_related(package, "", "officeDocument").values())
        if not found:
            raise Refused("broken")
        self._path = found[0]
        self._paths = _related(package, self._path, "worksheet")
        self._is_1904 = False
        self.sheets: dict[str, str] = {}
        parsing.scan(package.open(self._path), self._see)

    def _see(self, name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr":
            self._is_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sheet" and attributes.get("state", "visible") == "visible":
            path = self._paths.get(attributes["id"])  # there is none of a sheet that is a chart or a dialog
            if path and len(self.sheets) < MAX_SHEETS:
                self.sheets.setdefault(attributes["name"], path)

    def values(self, strings: Strings) -> cells.Values:
        """Return what cells stand for, with the table of texts read into `strings`."""
        formats = Formats(is_1904=self._is_1904)
        for styles in _related(self._package, self._path, "styles").values():
            parsing.scan(self._package.open(styles), formats.see)
        for table in _related(self._package, self._path, "sharedStrings").values():
            with self._package.open(table) as member:
                strings.read(member)
        return cells.Values(strings, formats)


def _related(package: Package, path: str, kind: str) -> dict[str, str]:
    """Return the paths of what a member is related to in this way, by the relations' names."""
    folder, name = posixpath.split(path)
    found: dict[str, str] = {}

    def see(element: str, attributes: dict[str, str]) -> None:
        if element == "Relationship" and attributes.get("Type", "").endswith("/" + kind):
            found[attributes["Id"]] = posixpath.normpath(posixpath.join("/", folder, attributes["Target"]))

    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    if relations in package:
        parsing.scan(package.open(relations), see)
    return found
