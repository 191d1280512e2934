"""Where the database is, in Django's words."""

import hashlib
import os
from pathlib import Path
from typing import Any

#: Longest path of a unix socket that Linux takes is 107 bytes; PostgreSQL appends this to the directory.
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 107
#: Name of the role and of the database in the embedded server.
EMBEDDED_NAME = "clarion"


def socket_directory(home: Path) -> Path:
    """Return where the embedded server's socket is: in `home`, or in /tmp if that would be too long or out of reach.

    The same home always gives the same directory, so any command finds a running server.
    """
    inside = home / "run"
    is_short = len(os.fsencode(inside / SOCKET_NAME)) < SOCKET_PATH_LIMIT
    if is_short and (os.geteuid() != 0 or is_searchable_by_all(home.parent)):
        return inside
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path("/tmp") / f"clarion-{os.geteuid()}-{mark}"  # noqa: S108 - owner and mode are checked when it is made


def is_searchable_by_all(path: Path) -> bool:
    """Tell whether an unprivileged user can walk down to `path`."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents) if folder.exists())


def django_database(url: str | None, home: Path) -> dict[str, Any]:
    """Return Django's `DATABASES` entry for that address, or for the embedded server when there is none."""
    entry: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        # No pool: after a restart of PostgreSQL its health checks back off for seconds.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }
    if url is None:
        return entry | {
            "NAME": EMBEDDED_NAME,
            "USER": EMBEDDED_NAME,
            "HOST": str(socket_directory(home)),
            "PORT": "5432",
            "OPTIONS": {"connect_timeout": 5},
        }
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(url)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    entry |= {name: str(parts.pop(theirs, "") or "") for name, theirs in names.items()}
    return entry | {"OPTIONS": {"connect_timeout": 5, **parts}}
