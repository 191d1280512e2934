"""How a CSV file is written: its encoding, delimiter, quotes and columns, found by looking at it."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from clarion.audience import latin

#: Octets of the largest file that is read.
MAX_FILE_BYTES = 2 * 1024**3
MAX_COLUMNS = 500
#: Characters of one cell and of one line.
MAX_CELL = 64 * 1024
MAX_LINE = 1024 * 1024
#: Characters of a column's name.
MAX_NAME = 100
#: Rows after which reading stops: SourceRow.id is a 32-bit number, and nobody uploads more by hand.
MAX_ROWS = 100_000_000

#: Octets looked at to find the delimiter and the header.
_SAMPLE_BYTES = 256 * 1024
#: Octets checked to be UTF-8 before another encoding is guessed.
_UTF8_CHECK_BYTES = 64 * 1024**2
_DELIMITERS = (",", ";", "\t", "|")
#: Rows within which the header is looked for.
_MOST_TITLES = 20
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What spreadsheets and databases write when they do not write Unicode. Fewer candidates, better guesses.
_LEGACY = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r", "iso8859_2",
    "cp932", "euc_jp", "gb18030", "big5", "cp949",
]  # fmt: skip
_FOREIGN = {
    b"PK\x03\x04": "XLSX, ODS or ZIP",
    b"\xd0\xcf\x11\xe0": "XLS",
    b"%PDF": "PDF",
    b"\x1f\x8b": "GZIP",
}
#: Octets that no text has many of, in any encoding but the wide ones.
_CONTROLS = [bytes([code]) for code in range(32) if code not in b"\t\n\r\f\x1a\x1b"]
_ADDRESS_LIKE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|\+?[\d\s()./-]{6,}|[-+]?\d+([.,]\d+)?")


class CsvInvalid(ValueError):
    """The file cannot be read as CSV. The sentence says why, with row and column where there are any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a file is to be read. `columns` are the names in the header, or made-up ones when it has none."""

    encoding: str
    delimiter: str
    #: Empty when cells are never quoted.
    quote: str
    has_header: bool
    columns: tuple[str, ...]
    #: Blanks after a delimiter do not belong to the cell.
    skips_space: bool = False
    #: Lines before the header: spreadsheets write `sep=;`.
    skip_lines: int = 0
    #: Of a spreadsheet, the sheet that is read and those to choose from. Everything else is about its CSV.
    sheet: str = ""
    sheets: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the dialect as `from_json` reads it."""
        return asdict(self) | {"columns": list(self.columns), "sheets": list(self.sheets)}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> "Dialect":
        """Return the dialect that `to_json` described; other keys are left alone."""
        known = {name: facts[name] for name in cls.__slots__ if name in facts}
        tuples = {name: tuple(facts.get(name, ())) for name in ("columns", "sheets")}
        return cls(**known | tuples)


def sniff(path: Path, overrides: Mapping[str, Any] | None = None) -> Dialect:
    """Return how the file is written. `overrides` may fix encoding, delimiter, quote or has_header.

    Raises CsvInvalid when it is empty, too large, no text, or has too many columns.
    """
    wanted = {name: value for name, value in (overrides or {}).items() if value not in (None, "auto")}
    head = _head_of(path)
    encoding = _checked_encoding(wanted["encoding"]) if "encoding" in wanted else _encoding_of(path, head)
    text = _decoded(head, encoding, is_whole=path.stat().st_size <= len(head))
    skip_lines = 0
    if mark := re.match(r"sep=(.)\r?\n", text, re.IGNORECASE):
        skip_lines, text = 1, text[mark.end() :]
        wanted.setdefault("delimiter", mark[1])
    quote = wanted.get("quote") if "quote" in wanted else _quote_of(text)
    delimiter = wanted.get("delimiter") or _delimiter_of(text, str(quote))
    if len(delimiter) != 1 or delimiter in "\r\n\"'":
        raise CsvInvalid(_("The delimiter must be a single character."))
    skips_space = bool(quote) and f"{delimiter} {quote}" in text
    dialect = Dialect(
        encoding=encoding, delimiter=delimiter, quote=str(quote), has_header=True, columns=(),
        skips_space=skips_space, skip_lines=skip_lines,
    )  # fmt: skip
    if wanted.get("has_header", True) and (titles := _title_lines(text, dialect)):
        text = "".join(io.StringIO(text, newline="").readlines()[titles:])
        dialect = replace(dialect, skip_lines=skip_lines + titles)
    rows = [row for row in sample_rows(text, dialect) if row]
    if not rows:
        raise CsvInvalid(_("The file is empty."))
    has_header = (
        bool(wanted["has_header"]) if "has_header" in wanted else _looks_like_header(rows[0], rows[1:])
    )
    return replace(dialect, has_header=has_header, columns=_columns(rows, has_header))


def parser_options(dialect: Dialect) -> dict[str, Any]:
    """Return the keyword arguments for `csv.reader`."""
    quoting = csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE
    return {
        "delimiter": dialect.delimiter,
        "quotechar": dialect.quote or None,
        "quoting": quoting,
        "skipinitialspace": dialect.skips_space,
    }


def sample_rows(text: str, dialect: Dialect, limit: int = 200) -> list[list[str]]:
    """Return the first rows of a piece of the file, read leniently."""
    found: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), **parser_options(dialect)):
            found.append(row)
            if len(found) == limit:
                break
    except csv.Error:
        pass  # the reader proper will say what is wrong, with the row
    return found


def _head_of(path: Path) -> bytes:
    size = path.stat().st_size
    if size == 0:
        raise CsvInvalid(_("The file is empty."))
    if size > MAX_FILE_BYTES:
        raise CsvInvalid(_("The file is larger than %(limit)s GB.") % {"limit": MAX_FILE_BYTES // 1024**3})
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
    for magic, kind in _FOREIGN.items():
        if head.startswith(magic):
            raise CsvInvalid(_("This is a %(kind)s file. Save it as CSV and try again.") % {"kind": kind})
    return head


def _checked_encoding(name: object) -> str:
    try:
        codec = codecs.lookup(str(name))
    except LookupError:
        raise CsvInvalid(_("There is no encoding called %(name)s.") % {"name": name}) from None
    if not getattr(codec, "_is_text_encoding", True):
        raise CsvInvalid(_("There is no encoding called %(name)s.") % {"name": name})
    return "utf-8-sig" if codec.name == "utf-8" else codec.name


def _encoding_of(path: Path, head: bytes) -> str:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    if b"\0" in head and (wide := _wide_encoding_of(head)):
        return wide
    if sum(map(head.count, _CONTROLS)) > len(head) // 20:
        raise CsvInvalid(_("This is not a text file."))
    if _is_utf8(path):
        return "utf-8"
    # Only lines that are not ASCII say anything; a few of them are enough, and quick.
    telling = b"\n".join(line for line in head.splitlines() if not line.isascii())[:65536]
    # Imported here: sending processes never read files, and are the smaller for it.
    from charset_normalizer import from_bytes

    best = from_bytes(telling, cp_isolation=_LEGACY).best() if telling else None
    # It goes by sentences, of which a list of names has none.
    return latin.encoding_of(telling) if best is None or best.encoding in latin.ENCODINGS else best.encoding


def _wide_encoding_of(head: bytes) -> str:
    """Return which UTF-16 it is, or "". ASCII text in it has a NUL in every other octet."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 6 and min(even, odd) < max(even, odd) // 8:
        return "utf-16-be" if even > odd else "utf-16-le"
    return ""


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    left = _UTF8_CHECK_BYTES
    with path.open("rb") as file:
        try:
            while left > 0 and (chunk := file.read(1024 * 1024)):
                decoder.decode(chunk)
                left -= len(chunk)
            if left > 0:
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _decoded(head: bytes, encoding: str, *, is_whole: bool) -> str:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    text = decoder.decode(head, final=is_whole)
    return text if is_whole else text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def _quote_of(text: str) -> str:
    if '"' in text:
        return '"'
    lines = [line for line in text.splitlines()[:100] if line]
    quoted = sum(line[:1] == "'" == line[-1:] and len(line) > 1 for line in lines)
    return "'" if lines and quoted >= len(lines) * 0.8 else '"'


def _delimiter_of(text: str, quote: str) -> str:
    """Return the delimiter by which most rows have the same number of cells, more than one."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        trial = Dialect(
            encoding="", delimiter=delimiter, quote=quote, has_header=True, columns=(), skips_space=True
        )
        widths = Counter(len(row) for row in sample_rows(text, trial) if row)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda pair: (pair[1], pair[0]))
        score = (count / widths.total(), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _looks_like_header(row: list[str], below: list[list[str]]) -> bool:
    """Tell whether these are names: none is an address or a number, and every cell has its own.

    Where two have the same, or none, the rows below have to be of another kind than names.
    """
    names = [cell.strip().lower() for cell in row]
    while names and not names[-1]:
        names.pop()
    if not names or any(map(_ADDRESS_LIKE.fullmatch, names)):
        return False
    return len(set(names)) == len(names) or any(
        _holds_addresses(below, column) for column, name in enumerate(names) if name
    )


def _holds_addresses(rows: list[list[str]], column: int) -> bool:
    """Tell whether most cells of a column that hold anything hold addresses or numbers."""
    cells = [row[column].strip() for row in rows if len(row) > column and row[column].strip()]
    return sum(1 for cell in cells if _ADDRESS_LIKE.fullmatch(cell)) * 2 > len(cells)


def _title_lines(text: str, dialect: Dialect) -> int:
    """Return how many lines stand above the header: titles, dates and blanks in far fewer cells than the rows have.

    Only above a row that can be a header, and only when the rows below it are as wide.
    """
    reader = csv.reader(io.StringIO(text, newline=""), **parser_options(dialect))
    seen: list[tuple[int, list[str]]] = []
    start = 0
    try:
        for row in reader:
            seen.append((start, row))
            start = reader.line_num
            if len(seen) == 200:
                break
    except csv.Error:
        return 0
    filled = [sum(1 for cell in row if cell.strip()) for _line, row in seen]
    widths = Counter(filled)
    usual = max(widths, key=lambda width: width * widths[width], default=0)
    if usual < 3:
        return 0  # of two columns a title and a row look the same
    for at, (line, row) in enumerate(seen[:_MOST_TITLES]):
        if filled[at] > usual // 2:
            below = [one for _line, one in seen[at + 1 :]]
            is_header = at > 0 and filled[at] >= usual and _looks_like_header(row, below)
            return line if is_header else 0
    return 0


def _columns(rows: list[list[str]], has_header: bool) -> tuple[str, ...]:
    first = [cell.strip() for cell in rows[0]]
    # Spreadsheets leave delimiters of columns that were once used.
    while has_header and len(first) > 1 and not first[-1] and not any(map(any, _right_of(rows, len(first)))):
        first.pop()
    width = len(first) if has_header else max(map(len, rows))
    if width > MAX_COLUMNS:
        raise CsvInvalid(
            _("Row 1 has %(count)s columns; at most %(limit)s are read.")
            % {"count": width, "limit": MAX_COLUMNS}
        )
    if not has_header:
        first = []
    first += [""] * (width - len(first))
    return tuple(
        "".join(filter(str.isprintable, name))[:MAX_NAME] or _("column %(number)s") % {"number": index}
        for index, name in enumerate(first, start=1)
    )


def _right_of(rows: list[list[str]], width: int) -> list[list[str]]:
    """Return what the rows below the first hold from the column before `width` on."""
    return [row[width - 1 :] for row in rows[1:]]
