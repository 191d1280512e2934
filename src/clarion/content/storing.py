"""Where media files lie: below CLARION_HOME/media, a folder a workspace, under names that hold their hash."""

import contextlib
import os
import secrets
from pathlib import Path

from django.conf import settings


def path_of(workspace_id: int, sha256: str, key: str) -> Path:
    """Return where a file is, or would be. No part of it comes from a user."""
    return Path(settings.CLARION_HOME) / "media" / str(workspace_id) / f"{sha256}-{key}"


def keep(path: Path, octets: bytes) -> None:
    """Write the file so that it is there whole or not at all, also after a loss of power."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with open(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb"
        ) as target:
            target.write(octets)
            target.flush()
            os.fsync(target.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def remove(path: Path) -> None:
    """Delete the file; it may be gone already."""
    path.unlink(missing_ok=True)
