"""Compile the catalogues of translations, when and only when they changed: nothing is built beforehand."""

import os
from pathlib import Path

from django.conf import settings

from clarion.lib import catalogue
from clarion.runtime import locks

#: Where the translators' files are; `LOCALE_PATHS` is where the compiled ones go.
SOURCES = Path(__file__).resolve().parent.parent / "locale"


def compile_if_changed() -> list[str]:
    """Bring LOCALE_PATHS up to date. Return the languages that had to be compiled. Safe in several processes."""
    root = Path(settings.LOCALE_PATHS[0])
    root.mkdir(parents=True, exist_ok=True)
    with locks.exclusive(root.with_name(".locale.lock")):
        return [source.parts[-3] for source in sorted(SOURCES.rglob("*.po")) if _compile(source, root)]


def _compile(source: Path, root: Path) -> bool:
    """Write the one file unless it is there with its source's time; readers see the old or the new one, whole."""
    target = root / source.relative_to(SOURCES).with_suffix(".mo")
    made = source.stat()
    if target.exists() and target.stat().st_mtime_ns == made.st_mtime_ns:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    fresh.write_bytes(catalogue.compiled(catalogue.read(source)))
    os.utime(fresh, ns=(made.st_atime_ns, made.st_mtime_ns))
    fresh.replace(target)
    return True
