"""Read the environment: typed, strict, and every problem at once.

A setting `NAME` is read from `CLARION_NAME`, or from the file that `CLARION_NAME_FILE` points to. A `CLARION_*`
variable that nobody knows is a problem too: it is nearly always a misspelt one.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clarion.lib.proxies import Network, networks_of
from clarion.lib.reach import Reach

PREFIX = "CLARION_"
#: Most bytes read from a `_FILE`: more is not a setting but a mistake.
FILE_LIMIT = 64 * 1024
#: What a host name, an address in brackets, or Django's leading dot and lone asterisk are made of.
_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:*")


class SettingsInvalid(Exception):
    """The environment does not make a configuration. `problems` holds one sentence for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems

    def report(self) -> str:
        """Return the list a person reads."""
        count = len(self.problems)
        head = "There is a problem" if count == 1 else f"There are {count} problems"
        return "\n".join([f"{head} with the settings:", *(f"  - {problem}" for problem in self.problems)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: how it is called, read and explained. `parse` raises ValueError with the rest of a sentence."""

    name: str
    parse: Callable[[str], Any]
    #: What a person may write, for the reference.
    accepts: str
    #: What it is without the variable, for the reference; `fallback` makes the value.
    default: str
    fallback: Callable[[], Any]
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """Where the web server listens. `is_chosen` is False for the default, which may move to a free port."""

    host: str
    port: int
    is_chosen: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def text(value: str) -> str:
    """Return the value without surrounding white space; it must not be empty."""
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


def secret(value: str) -> str:
    """Return a secret; anything under 32 characters could be guessed."""
    if len(value.strip()) < 32:
        raise ValueError("must have at least 32 characters; `openssl rand -base64 48` makes a good one")
    return value.strip()


def flag(value: str) -> bool:
    """Return a truth value from one of the accepted words only."""
    try:
        return {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}[value.lower()]
    except KeyError:
        raise ValueError(f"must be on or off, not {value!r}") from None


def choice(*accepted: str) -> Callable[[str], str]:
    """Return a reader that takes these words only."""

    def read(value: str) -> str:
        if value not in accepted:
            raise ValueError(f"must be one of {', '.join(accepted)}, not {value!r}")
        return value

    return read


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within both bounds."""

    def read(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {value!r}")
        return int(value)

    return read


def directory(value: str) -> Path:
    """Return an absolute path; `~` is understood."""
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise ValueError(f"must be an absolute path, not {value!r}")
    return path


def bind(value: str) -> Bind:
    """Return host and port; port 0 lets the system choose."""
    host, colon, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"must be HOST:PORT such as 127.0.0.1:8000, not {value!r}")
    return Bind(host=host, port=int(port), is_chosen=True)


def http_url(value: str) -> str:
    """Return the address of a site: scheme and host, no path; without a trailing slash."""
    parts = urlsplit(value)
    try:
        port_is_good = parts.port is None or parts.port > 0
    except ValueError:
        port_is_good = False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_good:
        raise ValueError(f"must be an address such as https://mail.example.org, not {value!r}")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise ValueError("must end after the host: no path, user name, query or fragment")
    return f"{parts.scheme}://{parts.netloc}"


def postgresql_url(value: str) -> str:
    """Return a PostgreSQL address. What is wrong with it is said without repeating it: it may hold a password."""
    # Imported late: reading the other settings must not cost the driver's import.
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://; PostgreSQL is the only database there is")
    try:
        parts = conninfo_to_dict(value)
    except ProgrammingError:
        raise ValueError("is not a PostgreSQL address such as postgresql://user:password@host/name") from None
    port = str(parts.get("port") or "5432")
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("must have a port from 1 to 65535, or none")
    if not parts.get("dbname"):
        raise ValueError("must name a database after the host")
    return value


def hosts(value: str) -> list[str]:
    """Return host names separated by commas."""
    names = [name.strip() for name in value.split(",") if name.strip()]
    if not names:
        raise ValueError("must name at least one host")
    wrong = [name for name in names if not set(name) <= _HOST_CHARACTERS]
    if wrong:
        raise ValueError(f"must hold host names only, not {wrong[0]!r}")
    return names


def reach(value: str) -> Reach:
    """Return what may be reached besides the public internet."""
    return Reach.of(value)


def networks(value: str) -> tuple[Network, ...]:
    """Return addresses and networks separated by commas; `none` for none of them."""
    return () if value.strip() == "none" else networks_of(value)


def word(*, most: int) -> Callable[[str], str]:
    """Return a reader of one line of at most so many characters."""

    def read(value: str) -> str:
        if not value.strip().isprintable() or not 0 < len(value.strip()) <= most:
            raise ValueError(f"must be one line of at most {most} characters")
        return value.strip()

    return read


def issuer(value: str) -> str:
    """Return the address of an OpenID Connect issuer, without a trailing slash; plain http on this machine only."""
    parts = urlsplit(value.strip())
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    )
    if not is_safe or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError(f"must be an address such as https://login.example.org/realm, not {value!r}")
    return value.strip().removesuffix("/.well-known/openid-configuration").rstrip("/")


def domains(value: str) -> list[str]:
    """Return domains separated by commas, in lower case."""
    return [name.lower().lstrip("@.") for name in hosts(value)]


def folders(value: str) -> tuple[Path, ...]:
    """Return absolute paths separated by colons. The root is none: a path below it says nothing."""
    found = tuple(directory(part) for part in value.split(":") if part)
    if Path("/") in found:
        raise ValueError("must name folders, not all of the machine")
    return found


def read(settings: tuple[Setting, ...], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return every setting's value by name. Raises SettingsInvalid with all problems."""
    problems = list(_unknown(settings, environ))
    values: dict[str, Any] = {}
    for setting in settings:
        try:
            raw = _raw(setting.name, environ)
            values[setting.name] = setting.fallback() if raw is None else setting.parse(raw)
        except ValueError as problem:
            problems.append(f"{PREFIX}{setting.name} {problem}.")
    if problems:
        raise SettingsInvalid(problems)
    return values


def _raw(name: str, environ: Mapping[str, str]) -> str | None:
    direct, pointed = environ.get(PREFIX + name), environ.get(f"{PREFIX}{name}_FILE")
    if pointed is None:
        return direct
    if direct is not None:
        raise ValueError(f"and {PREFIX}{name}_FILE are both set; keep one")
    try:
        with Path(pointed).open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
        if len(content) > FILE_LIMIT:
            raise ValueError(f"cannot be read from {pointed}: the file is larger than {FILE_LIMIT} bytes")
        return content.decode().strip()
    except OSError as problem:
        raise ValueError(f"cannot be read from {pointed}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"cannot be read from {pointed}: it is not UTF-8 text") from None


def _unknown(settings: tuple[Setting, ...], environ: Mapping[str, str]) -> Iterator[str]:
    known = [f"{PREFIX}{setting.name}" for setting in settings]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known and name.removesuffix("_FILE") not in known:
            near = get_close_matches(name, known, n=1)
            yield f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ".")


def default_home() -> Path:
    """Return where data lives by default: a system directory for root, else the user's state directory."""
    if os.geteuid() == 0:
        return Path("/var/lib/clarion")
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "clarion"
