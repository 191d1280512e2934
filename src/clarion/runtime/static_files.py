"""Collect, hash and compress the static files, when and only when they changed."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from clarion.runtime import locks


def collect_if_changed() -> bool:
    """Bring STATIC_ROOT up to date. Return whether anything had to be done. Safe in several processes at once."""
    root = Path(settings.STATIC_ROOT)
    mark = root / ".collected"
    root.mkdir(parents=True, exist_ok=True)
    with locks.exclusive(root.with_name(".static.lock")):
        wanted = _fingerprint()
        if mark.exists() and mark.read_text() == wanted:
            return False
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        root.mkdir(parents=True, exist_ok=True)
        mark.write_text(wanted)
        return True


def _fingerprint() -> str:
    found = hashlib.sha256(f"{version('clarion')} {version('whitenoise')}".encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda item: str(item[0])):
            stat = Path(storage.path(path)).stat()
            found.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return found.hexdigest()
