"""Spreadsheets: XLSX and ODS workbooks, of which one sheet is turned into CSV before anything else looks at it.

The files come from anywhere. So a child process does it, in memory that does not grow with the sheet, with limits on
memory, time and what it may write, and without our environment; one at a time on this machine. A file that breaks the
limits costs that process and is answered with a sentence.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from clarion.audience import sheetchild
from clarion.audience.csvdialect import MAX_COLUMNS, MAX_FILE_BYTES, CsvInvalid
from clarion.workspaces import spelling

#: How workbooks begin: a ZIP, and what older programs and passwords make of one.
_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
#: Octets of the largest workbook.
MAX_WORKBOOK = 256 * 1024**2
#: Seconds to wait for other workbooks that are being read.
_PATIENCE = 120.0
#: Where the child's program is, and how it is called. Its folder is the last to be looked into, as it holds more.
_CHILD = Path(sheetchild.__file__).parent
_CALL = "import sys; sys.path.append(sys.argv.pop(1)); from sheetchild.program import main; sys.exit(main())"
#: The child's environment: no secret, no setting.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}


class NoSuchSheet(CsvInvalid):
    """The workbook has no sheet of that name that can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the child may use."""

    #: Octets of its address space, of which a sound workbook takes a tenth, and seconds of the processor.
    memory: int = 512 * 1024**2
    seconds: int = 120
    #: Octets of the unpacked workbook, and how many times its packed size that may be from which size on.
    unpacked: int = 2 * 1024**3
    ratio: int = 200
    ratio_from: int = 32 * 1024**2
    #: Octets of the CSV.
    written: int = MAX_FILE_BYTES
    #: What a sheet of today's programs holds.
    rows: int = 1_048_576
    columns: int = MAX_COLUMNS


LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A sheet as CSV. `sheets` are the names to choose from: those that can be seen."""

    sheets: tuple[str, ...]
    sheet: str
    path: Path


def is_workbook(path: Path) -> bool:
    """Tell by the first octets, whatever the file is called."""
    with path.open("rb") as file:
        return file.read(4) in _MAGIC


def csv_path(path: Path, sheets: tuple[str, ...], sheet: str) -> Path:
    """Return where the sheet of the workbook at `path` is kept as CSV: beside it."""
    return path.with_name(f"{path.name}.sheet{sheets.index(sheet) + 1}")


def unpack(path: Path, *, sheet: str = "", folder: Path, lock: Path, limits: Limits = LIMITS) -> Unpacked:
    """Write a sheet of the workbook as CSV into the folder: the named one, or the first with anything in it.

    `lock` is a file that keeps a second workbook waiting. Raises CsvInvalid with a sentence, NoSuchSheet among them.
    """
    if path.stat().st_size > MAX_WORKBOOK:
        raise CsvInvalid(
            _("A spreadsheet may have at most %(limit)s MB. Save it as CSV and try again.")
            % {"limit": MAX_WORKBOOK // 1024**2}
        )
    target = folder / f"{path.name}.sheet-{os.getpid()}-{time.monotonic_ns()}"
    try:
        with _turn(lock):
            answer = _run(path, target, sheet, limits)
        if problem := answer.get("problem"):
            if problem == "sheet":
                raise NoSuchSheet(_("The spreadsheet has no such sheet."))
            raise CsvInvalid(_sentence(problem, limits))
        names, chosen = tuple(answer["sheets"]), str(answer["sheet"])
        target.chmod(0o600)
        final = csv_path(folder / path.name, names, chosen)
        target.replace(final)
    finally:
        target.unlink(missing_ok=True)
    return Unpacked(sheets=names, sheet=chosen, path=final)


def _run(path: Path, target: Path, sheet: str, limits: Limits) -> dict[str, Any]:
    told = json.dumps(asdict(limits) | {"sheet": sheet})
    command = [sys.executable, "-I", "-B", "-c", _CALL, str(_CHILD.parent), str(path), str(target), told]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, env=_ENVIRONMENT, check=False,
            timeout=limits.seconds * 2, umask=0o077,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"problem": "time"}
    if done.returncode == 0:
        return dict(json.loads(done.stdout))
    if done.returncode == -signal.SIGXCPU:
        return {"problem": "time"}
    # Killed where memory ends: by its own allocator, or by the system.
    is_memory = b"memory" in done.stderr.lower() or done.returncode == -signal.SIGKILL
    return {"problem": "memory" if is_memory else "broken"}


@contextmanager
def _turn(lock: Path) -> Iterator[None]:
    until = time.monotonic() + _PATIENCE
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise CsvInvalid(
                        _("Other spreadsheets are being read at the moment. Try again in a few minutes.")
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _sentence(problem: object, limits: Limits) -> str:
    facts = {
        "rows": spelling.number(limits.rows),
        "columns": limits.columns,
        "unpacked": limits.unpacked // 1024**2,
        "ratio": limits.ratio,
    }
    sentences = {
        "encrypted": _("The spreadsheet is protected with a password. Save it without one and try again."),
        "xls": _("This is an XLS file. Save it as XLSX, ODS or CSV and try again."),
        "other": _("This is a ZIP file, but no spreadsheet. Upload a CSV, XLSX or ODS file."),
        "unpacked": _("The spreadsheet has more than %(unpacked)s MB when it is unpacked. Save it as CSV."),
        "ratio": _(
            "The spreadsheet grows to more than %(ratio)s times its size when it is unpacked, as an attack "
            "would; it was not opened. Save it as CSV."
        ),
        "rows": _("The sheet has more than %(rows)s rows. Save it as CSV, or part it."),
        "columns": _("The sheet has more than %(columns)s columns; at most that many are read."),
        "memory": _("Reading the spreadsheet takes too much memory. Save it as CSV and try again."),
        "time": _("Reading the spreadsheet takes too long. Save it as CSV and try again."),
        "written": _("The sheet is too large. Save it as CSV and try again."),
        "empty": _("The spreadsheet is empty."),
    }
    broken = _("The spreadsheet is damaged. Open it where it was made, save it again, and try again.")
    return sentences.get(str(problem), broken) % facts
