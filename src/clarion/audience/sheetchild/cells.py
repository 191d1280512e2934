"""The cells of an XLSX's sheet, row by row as they come."""

from typing import IO
from xml.parsers import expat

from . import parsing, texts
from .formats import Formats
from .refusal import Refused
from .strings import Strings, unescaped
from .table import MAX_COLUMNS, Table

_DIGITS = "0123456789"


class Values:
    """What cells stand for: `string` is what one stands for that has a number of the table of texts."""

    def __init__(self, strings: Strings, formats: Formats) -> None:
        self.string = strings.get
        self._shown = formats.shown

    def of(self, cell: dict[str, str], value: str, inline: str) -> str:
        """Return the text of another cell, of its attributes and the two places where its value may be."""
        kind = cell.get("t")
        if kind is None or kind == "n":
            if not value:
                return ""
            shown = self._shown.get(cell.get("s", ""))
            try:
                return shown(texts.number(value)) if shown else texts.of_number(value)
            except ValueError:
                if kind:
                    raise
                return unescaped(value)
        match kind:
            case "inlineStr":
                return unescaped(inline)
            case "str":
                return unescaped(value)
            case "b":
                return value and texts.text_of(value not in ("0", "false"))
            case "d":
                return texts.of_iso(value)
            case "s" | "e":  # the first without a number
                return ""
        raise Refused("broken")


class _Columns(dict[str, int]):
    """The numbers of columns by their letters, from A, which is 0."""

    def __missing__(self, letters: str) -> int:
        number = 0
        for letter in letters:
            number = number * 26 + ord(letter.upper()) - ord("A") + 1
        if not (letters.isalpha() and letters.isascii() and number <= MAX_COLUMNS):
            raise Refused("broken")
        self[letters] = number - 1
        return number - 1


def read(member: IO[bytes], values: Values, table: Table) -> None:
    """Add the rows of a sheet to the table."""
    parser = parsing.parser()

    def start(name: str, _attributes: dict[str, str]) -> None:
        # All names have the first element's prefix. Which of the format's two namespaces it stands for does not matter.
        if parsing.local(name) != "worksheet":
            raise Refused("broken")
        _read_rows(parser, name.removesuffix("worksheet"), values, table)

    parser.StartElementHandler = start
    parsing.feed(parser, member)


def _read_rows(parser: expat.XMLParserType, space: str, values: Values, table: Table) -> None:
    """Let the parser add the rows. What stands here runs for each of many millions of cells."""
    names = ("c", "v", "row", "t", "rPh", "sheetData")
    a_cell, a_value, a_row, a_text, spoken, the_rows = (space + name for name in names)
    string, columns = values.string, _Columns()
    text: list[str] = []
    row: list[str] = []
    cell: dict[str, str] = {}
    value = inline = before = ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal cell, value, inline, before
        text.clear()
        if name == a_cell:
            cell = attributes
            value = inline = ""
        elif name == spoken:
            before = inline

    def end(name: str) -> None:
        nonlocal value, inline
        if name == a_value:
            value = "".join(text)
        elif name == a_cell:
            found = string(int(value)) if value and cell.get("t") == "s" else values.of(cell, value, inline)
            place = cell.get("r")
            column = columns[place.rstrip(_DIGITS)] if place else len(row)
            if column == len(row):
                row.append(found)
            else:
                row.extend([""] * (column + 1 - len(row)))
                row[column] = found
        elif name == a_row:
            table.add(row)
            row.clear()
        elif name == a_text:
            inline += "".join(text)
        elif name == spoken:
            inline = before
        elif name == the_rows:
            raise parsing.Enough

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = (
        start,
        end,
        text.append,
    )
