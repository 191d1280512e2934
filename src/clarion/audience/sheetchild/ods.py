"""ODS (OpenDocument 1.3 part 3): all sheets are in one member, and rows and cells may stand for many."""

from collections.abc import Callable
from functools import partial
from xml.parsers import expat

from . import parsing, texts
from .container import Package
from .refusal import Refused
from .table import MAX_COLUMNS, MAX_SHEETS, Table

# All that write the format use the prefixes of its specification.
_OFFICE, _TABLE, _TEXT, _STYLE, _DRAWN = "office:", "table:", "text:", "style:", "draw:"
_SHEET, _ROW, _CELL, _COVERED = (
    _TABLE + name for name in ("table", "table-row", "table-cell", "covered-table-cell")
)
_ROWS, _COLUMNS = (_TABLE + name for name in ("number-rows-repeated", "number-columns-repeated"))
_CELLS = {_CELL, _COVERED}
_PARAGRAPH, _BLANKS = _TEXT + "p", _TEXT + "s"
_BETWEEN = {_TEXT + "tab": "\t", _TEXT + "line-break": "\n"}
_KIND = _OFFICE + "value-type"
#: Blanks in a row that are written as a number.
_MOST_BLANKS = 32_767
#: What may be in a sheet or a cell and is no part of its text, besides drawings.
_BESIDE = {_OFFICE + "annotation", _OFFICE + "forms", _TABLE + "shapes", _SHEET, _TEXT + "ruby-text"}


def _of_truth(text: str) -> str:
    return texts.text_of(text.lower() == "true")


#: Where the value of a kind of cell is, and how it is shown.
_SHOWN: dict[str | None, tuple[str, Callable[[str], str]]] = {
    "string": (_OFFICE + "string-value", str),
    "float": (_OFFICE + "value", texts.of_number),
    "percentage": (_OFFICE + "value", texts.of_number),
    "currency": (_OFFICE + "value", texts.of_number),
    "date": (_OFFICE + "date-value", texts.of_iso),
    "time": (_OFFICE + "time-value", texts.of_iso_duration),
    "boolean": (_OFFICE + "boolean-value", _of_truth),
}


def read(package: Package, wanted: str, table: Table) -> tuple[list[str], str]:
    """Read the wanted sheet into the table, or without one the first with anything in it.

    Returns the names of the sheets that can be seen, and of the one that was read; "" when none was.
    """
    document = _Document(wanted, table)
    with package.open("content.xml") as member:
        parsing.feed(document.parser, member)
    if not document.is_spreadsheet:
        raise Refused("other")
    return document.names, document.chosen


class _Document:
    """What is outside of the sheet that is read."""

    def __init__(self, wanted: str, table: Table) -> None:
        self.names: list[str] = []
        self.chosen = ""
        self.is_spreadsheet = False
        self.parser = parsing.parser()
        self._wanted = wanted
        self._table = table
        self._style = ""
        self._hidden: set[str] = set()
        self._go_on()

    def _go_on(self) -> None:
        parser = self.parser
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = (
            self._start,
            None,
            None,
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == _SHEET and self.is_spreadsheet:
            self._begin_sheet(attributes.get(_TABLE + "name", ""), attributes.get(_TABLE + "style-name", ""))
        elif name == _STYLE + "style":
            self._style = attributes.get(_STYLE + "name", "")
        elif name == _STYLE + "table-properties" and attributes.get(_TABLE + "display") == "false":
            self._hidden.add(self._style)
        elif name == _OFFICE + "spreadsheet":
            self.is_spreadsheet = True

    def _begin_sheet(self, name: str, style: str) -> None:
        # One without a name is a copy of something elsewhere.
        if not name or style in self._hidden or name in self.names or len(self.names) == MAX_SHEETS:
            return
        self.names.append(name)
        if not self.chosen and name == (self._wanted or name):
            _read_rows(self.parser, self._table, partial(self._end_sheet, name))

    def _end_sheet(self, name: str) -> None:
        if self._table.has_rows:
            self.chosen = name
        self._go_on()


def _read_rows(parser: expat.XMLParserType, table: Table, done: Callable[[], None]) -> None:
    """Let the parser add the sheet's rows. What stands here runs for each of many millions of cells."""
    text: list[str] = []
    paragraphs: list[str] = []
    row = _Row()
    cell: dict[str, str] = {}
    rows = 1

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal cell, rows
        if name == _PARAGRAPH:
            text.clear()
        elif name in _CELLS:
            cell = attributes
            paragraphs.clear()
        elif name == _ROW:
            rows = _times(attributes, _ROWS)
        elif name == _BLANKS:
            text.append(" " * min(int(attributes.get(_TEXT + "c", 1)), _MOST_BLANKS))
        elif name in _BETWEEN:
            text.append(_BETWEEN[name])
        elif name in _BESIDE or name.startswith(_DRAWN):
            _pass_over(parser)

    def end(name: str) -> None:
        if name == _PARAGRAPH:
            paragraphs.append("".join(text))
        elif name in _CELLS:
            found = _text_of(cell, paragraphs)
            if found and not row.gap and _COLUMNS not in cell:
                row.cells.append(found)
            else:
                row.put(found, _times(cell, _COLUMNS))
        elif name == _ROW:
            table.add(row.cells, rows)
            row.cells.clear()
            row.gap = 0
        elif name == _SHEET:
            done()

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = (
        start,
        end,
        text.append,
    )


class _Row:
    """Cells of a row up to the last with anything in it, and how many without follow."""

    __slots__ = ("cells", "gap")

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.gap = 0

    def put(self, text: str, times: int) -> None:
        if not text:
            self.gap += times
            return
        if len(self.cells) + self.gap + times > MAX_COLUMNS:
            raise Refused("columns")
        if self.gap:
            self.cells.extend([""] * self.gap)
            self.gap = 0
        self.cells.extend([text] * times)


def _text_of(cell: dict[str, str], paragraphs: list[str]) -> str:
    where, show = _SHOWN.get(cell.get(_KIND), _SHOWN["string"])
    value = cell.get(where)
    return "\n".join(paragraphs) if value is None else show(value)


def _times(attributes: dict[str, str], name: str) -> int:
    times = int(attributes.get(name, 1))
    if times < 0:
        raise Refused("broken")
    return times


def _pass_over(parser: expat.XMLParserType) -> None:
    """Let the parser leave out the element that has just begun, with everything in it."""
    before = parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler
    depth = 1

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1
        if not depth:
            parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = before

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, None
