"""Uploaded files: below CLARION_HOME/uploads, under names that say nothing, readable by us alone."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from clarion.audience.csvdialect import MAX_FILE_BYTES, CsvInvalid

_CHUNK = 1024 * 1024
#: Held by the process that turns a spreadsheet into CSV.
SHEETS_LOCK = ".sheets"


class Readable(Protocol):
    """An open binary file, or Django's uploaded one."""

    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was kept: its name below the uploads folder and its size in octets."""

    name: str
    size: int

    @property
    def path(self) -> Path:
        return path_of(self.name)


def folder() -> Path:
    """Return the uploads folder, made if it was not there."""
    path = Path(settings.CLARION_HOME) / "uploads"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(name: str) -> Path:
    """Return where a stored file is. Raises ValueError for what is not the name of one."""
    if not name or Path(name).name != name:
        raise ValueError("not the name of a stored file")
    return folder() / name


def store(file: Readable, *, limit: int = MAX_FILE_BYTES) -> Stored:
    """Copy the file to the uploads folder. Raises CsvInvalid when it has more than `limit` octets."""
    name = secrets.token_hex(16)
    size = 0
    with _create(name) as target:
        try:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise CsvInvalid(_("The file is larger than %(limit)s GB.") % {"limit": limit // 1024**3})
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        except BaseException:
            remove(name)
            raise
    return Stored(name, size)


@contextmanager
def receiving() -> Iterator[tuple[IO[bytes], str]]:
    """Lend a new stored file, open for writing and reading, and its name; it is removed again by an exception."""
    name = secrets.token_hex(16)
    try:
        with _create(name) as file:
            yield file, name
            file.flush()
    except BaseException:
        remove(name)
        raise


def new_report() -> str:
    """Return the name of a new, empty file for rejected rows."""
    name = f"{secrets.token_hex(16)}.report"
    _create(name).close()
    return name


def remove(name: str) -> None:
    """Delete a stored file and the sheets that were read from it; they may be gone already."""
    path = path_of(name)
    for sheet in path.parent.glob(f"{path.name}.sheet*"):
        sheet.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _create(name: str) -> IO[bytes]:
    descriptor = os.open(path_of(name), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "w+b")
