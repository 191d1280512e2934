"""Exported files: below CLARION_HOME/exports, under names that say nothing, readable by us alone.

A file under way is called `<name>.part` and gets its name when it is whole.
"""

import os
import secrets
import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.conf import settings

#: What no row knows is left alone for so long: its row may be about to be written.
STRAY_SECONDS = 24 * 3600.0


def folder() -> Path:
    """Return the folder of exports, made if it was not there."""
    path = Path(settings.CLARION_HOME) / "exports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def new_name(suffix: str) -> str:
    """Return a name for a file that does not exist yet."""
    return f"{secrets.token_hex(16)}.{suffix}"


def path_of(name: str) -> Path:
    """Return where an exported file is. Raises ValueError for what is not the name of one."""
    if not name or Path(name).name != name or name.startswith("."):
        raise ValueError("not the name of an exported file")
    return folder() / name


def create(path: Path) -> IO[bytes]:
    """Open a new, empty file that nobody else may read, instead of one that a killed job left there."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "w+b")


def keep(file: IO[bytes], part: Path, path: Path) -> int:
    """Give a whole file its name, in one step, once it is on the disk; return its octets."""
    file.flush()
    os.fsync(file.fileno())
    size = os.fstat(file.fileno()).st_size
    part.replace(path)
    return size


def remove(name: str) -> None:
    """Delete an exported file and what was being made of it; it may be gone already."""
    if not name:
        return
    path = path_of(name)
    for one in (path, part_of(path)):
        one.unlink(missing_ok=True)
    shutil.rmtree(scratch_of(path), ignore_errors=True)


def part_of(path: Path) -> Path:
    """Return where the file is while it is written."""
    return path.with_name(path.name + ".part")


def scratch_of(path: Path) -> Path:
    """Return the folder for what has to lie on the disk while the file is written."""
    return path.with_name(path.name + ".scratch")


def remove_strays(known: Collection[str], *, older_than: float = STRAY_SECONDS) -> int:
    """Delete what none of the known names accounts for and return how many those were: crashes leave them."""
    count = 0
    limit = time.time() - older_than
    for path in folder().iterdir():
        name = path.name.removesuffix(".part").removesuffix(".scratch")
        with suppress(FileNotFoundError):
            if name in known or path.stat().st_mtime > limit:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            count += 1
    return count
