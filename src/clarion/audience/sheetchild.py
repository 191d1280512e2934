"""Turn one sheet of a workbook into CSV. Run as a program of its own, under limits, because the file may be hostile.

    python -I sheetchild.py WORKBOOK TARGET LIMITS

LIMITS is a JSON object: `sheet` (a name, or "" for the first with anything in it), `memory`, `seconds`, `unpacked`,
`ratio`, `ratio_from`, `written`, `rows` and `columns`. Answers with one JSON object on standard output: `{"sheets":
[…], "sheet": …}`, or `{"problem": CODE}`. Imports nothing of Django's or ours: it starts at once
and knows no secrets.

The CSV is UTF-8 with commas and every cell quoted. Rows without anything in them are left out, and so are columns to
the left and right of everything.
"""

import csv
import datetime as dt
import json
import os
import resource
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

_OLE = b"\xd0\xcf\x11\xe0"
#: Name of the stream in which a spreadsheet program keeps a workbook with a password, as OLE writes names.
_OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CHUNK = 1024 * 1024
#: Files within a workbook, and sheets that can be chosen from.
_MAX_MEMBERS = 20_000
_MAX_SHEETS = 250
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
#: Digits that a spreadsheet shows of a number.
_DIGITS = 15


class Refused(Exception):
    """The workbook is not converted. The only argument is the problem's code."""


def main() -> int:
    workbook, target, limits = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    _confine(limits)
    try:
        answer = convert(workbook, target, limits)
    except Refused as refusal:
        answer = {"problem": refusal.args[0]}
    except MemoryError:
        answer = {"problem": "memory"}
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001 - a parser's panic is no Exception, and says the same as its errors
        answer = {"problem": "broken"}
    sys.stdout.write(json.dumps(answer))
    return 0


def _confine(limits: dict[str, Any]) -> None:
    """Give up what is not needed: memory, time, new processes, large files, core dumps."""
    for name, amount in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["seconds"]),
        (resource.RLIMIT_FSIZE, limits["written"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _soft, hard = resource.getrlimit(name)
        amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        with suppress(ValueError, OSError):  # a system without this limit has the others
            resource.setrlimit(name, (amount, amount))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # if the machine runs out of memory, then this is to go first


def convert(workbook: str, target: str, limits: dict[str, Any]) -> dict[str, Any]:
    """Write the sheet's rows to `target`. Raises Refused, and whatever a parser of broken files raises."""
    _check_container(workbook, limits)
    import python_calamine

    try:
        book = python_calamine.load_workbook(workbook)
    except python_calamine.PasswordError:
        raise Refused("encrypted") from None
    names = [
        one.name
        for one in book.sheets_metadata
        if one.typ == python_calamine.SheetTypeEnum.WorkSheet
        and one.visible == python_calamine.SheetVisibleEnum.Visible
    ][:_MAX_SHEETS]
    if limits["sheet"] and limits["sheet"] not in names:
        raise Refused("sheet")
    for name in [limits["sheet"]] if limits["sheet"] else names:
        sheet = book.get_sheet_by_name(name)
        if sheet.start is not None and sheet.end is not None and _write(sheet, target, limits):
            return {"sheets": names, "sheet": name}
    raise Refused("empty")


def _check_container(workbook: str, limits: dict[str, Any]) -> None:
    """Refuse what is no XLSX or ODS, is protected by a password, or would be too large when it is unpacked."""
    with open(workbook, "rb") as file:
        if file.read(len(_OLE)) == _OLE:
            raise Refused("encrypted" if _has(file, _OLE_ENCRYPTED) else "xls")
    with zipfile.ZipFile(workbook) as package:
        members = package.infolist()
        unpacked = sum(member.file_size for member in members)
        if len(members) > _MAX_MEMBERS or unpacked > limits["unpacked"]:
            raise Refused("unpacked")
        if unpacked > limits["ratio_from"] and unpacked > limits["ratio"] * os.path.getsize(workbook):
            raise Refused("ratio")
        if any(member.flag_bits & 1 for member in members):
            raise Refused("encrypted")
        found = {member.filename for member in members}
        if "encrypted-package" in found or b"encryption-data" in _start_of(package, "META-INF/manifest.xml"):
            raise Refused("encrypted")
        is_ods = _start_of(package, "mimetype").strip() == _ODS or "content.xml" in found
        if not is_ods and b"spreadsheetml" not in _start_of(package, "[Content_Types].xml"):
            raise Refused("other")


def _has(file: Any, wanted: bytes) -> bool:
    before = b""
    while chunk := file.read(_CHUNK):
        if wanted in before + chunk:
            return True
        before = chunk[-len(wanted) :]
    return False


def _start_of(package: zipfile.ZipFile, name: str) -> bytes:
    """Return the first of a member's octets; nothing when there is no such member."""
    try:
        with package.open(name) as member:
            return member.read(_CHUNK)
    except KeyError:
        return b""


def _write(sheet: Any, target: str, limits: dict[str, Any]) -> bool:
    """Write the sheet's rows and tell whether there was one."""
    first, last = sheet.start[1], sheet.end[1]
    left = right = -1
    count = 0
    for row in sheet.iter_rows():
        filled = [index for index, cell in enumerate(row) if cell != ""]
        if filled:
            count += 1
            left = filled[0] if left < 0 else min(left, filled[0])
            right = max(right, filled[-1])
    if count > limits["rows"]:
        raise Refused("rows")
    if right - left >= limits["columns"] and last - first >= limits["columns"]:
        raise Refused("columns")
    if not count:
        return False
    try:
        with open(target, "w", encoding="utf-8", errors="replace", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows(_rows(sheet, left, right + 1))
    except OSError:
        raise Refused("written") from None
    return True


def _rows(sheet: Any, left: int, right: int) -> Iterator[list[str]]:
    for row in sheet.iter_rows():
        cells = [text_of(cell) for cell in row[left:right]]
        if any(cells):
            yield cells


def text_of(value: object) -> str:
    """Return a cell's value as a person sees it; of dates and times the ISO 8601 form."""
    return _TEXTS.get(type(value), str)(value)


def _of_float(value: float) -> str:
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if not -1e21 < value < 1e21:
        return repr(value)
    return format(Decimal(format(value, f".{_DIGITS}g")), "f")


def _of_moment(value: dt.datetime) -> str:
    # Days are kept as fractions of which a second is no exact one.
    with suppress(OverflowError):
        value = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    if not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    return value.replace(microsecond=0).isoformat(sep=" ", timespec="seconds" if value.second else "minutes")


def _of_time(value: dt.time) -> str:
    moment = dt.datetime.combine(dt.date(2000, 1, 1), value)
    rounded = (moment + dt.timedelta(microseconds=500_000)).time()
    return rounded.isoformat(timespec="seconds" if rounded.second else "minutes")


def _of_duration(value: dt.timedelta) -> str:
    seconds = round(value.total_seconds())
    minutes, second = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60}:{minutes % 60:02}:{second:02}"


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: str,
    bool: lambda value: "TRUE" if value else "FALSE",
    int: str,
    float: _of_float,
    dt.datetime: _of_moment,
    dt.date: dt.date.isoformat,
    dt.time: _of_time,
    dt.timedelta: _of_duration,
}

if __name__ == "__main__":
    sys.exit(main())
