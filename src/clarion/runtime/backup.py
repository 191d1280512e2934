"""One file with all that an installation must not lose, except its secret key; and an installation made of it.

The file is a tar: `about.json`, `database.dump` (pg_dump's custom form, of one moment), the folders of uploaded
files below CLARION_HOME, and `end`. What is left out is made anew or is of no use elsewhere: translations, static
files, exports, and the hand-over journals, which speak of the processes of one host.
"""

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.runtime import postgres, preparation
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import operator
from clarion.workspaces.models import Workspace

#: The form of the file.
FORM = 1
ABOUT = "about.json"
DUMP = "database.dump"
#: Comes last, so that a file that was cut off is known as one; says how many uploaded files there are.
END = "end"
#: Folders of uploaded files below CLARION_HOME: the media library's, and those that imports read.
FOLDERS = ("media", "files")
#: From this version of a server on, a dump by our programs sets nothing that it does not know.
SAME_SETTINGS = 170_000
#: An `about.json` is no larger than this.
_ABOUT_BYTES = 1_000_000
#: Only what the processes tell each other now is in these.
_PASSING = ("shared_cache",)


class BackupRefused(Exception):
    """It was not done; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that was written."""

    path: Path
    size: int
    #: Uploaded files in it.
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """An installation that was made of a backup."""

    #: When the backup was made.
    at: datetime
    files: int
    campaigns: int
    #: Workspaces, all of which are halted.
    workspaces: int


def write(path: Path) -> Made:
    """Write a backup to a file that is not there yet, readable by its owner alone: whole, or not at all.

    Clarion may run meanwhile. Raises BackupRefused and PostgresUnusable.
    """
    path = path.absolute()
    if path.exists() or path.is_symlink():
        raise BackupRefused(f"{path} is there already: name a new file.")
    if not path.parent.is_dir():
        raise BackupRefused(f"There is no folder {path.parent}.")
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        dump, made = Path(folder) / DUMP, Path(folder) / "backup"
        about = _about()
        _run(
            "pg_dump",
            "--format=custom",
            f"--file={dump}",
            *(f"--exclude-table-data={one}" for one in _PASSING),
        )
        with _opened(made) as file, tarfile.open(fileobj=file, mode="w") as tar:
            _add_text(tar, ABOUT, json.dumps(about, indent=1), Path(folder))
            tar.add(dump, DUMP, filter=_nameless)
            files = sum(_add_folder(tar, name) for name in FOLDERS)
            _add_text(tar, END, str(files), Path(folder))
            tar.close()
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(made)
        except FileExistsError:
            raise BackupRefused(f"{path} is there already: name a new file.") from None
    return Made(path=path, size=path.stat().st_size, files=files)


def restore(path: Path, *, any_key: bool = False) -> Restored:
    """Make the installation of this empty home and database out of a backup.

    Every workspace is halted then: what was sent since the backup is not in it, and would be sent again. `any_key`
    takes a backup whose secret key is not the one here; what that sealed is lost. Raises BackupRefused and
    PostgresUnusable.
    """
    preparation.wait_for_database(60)
    home = Path(settings.CLARION_HOME)
    try:
        with tarfile.open(path, mode="r:") as tar:
            about = _read_about(tar)
            _refuse_what_does_not_fit(about, home, any_key=any_key)
            _member(tar, END).close()
            files = _fill(tar, home)
    except (OSError, tarfile.TarError) as problem:
        raise BackupRefused(f"{path} was not restored: {problem}") from None
    preparation.migrate(verbosity=0)
    at = datetime.fromisoformat(about["at"])
    return Restored(
        at=at,
        files=files,
        campaigns=Campaign.objects.filter(is_one_off=False).count(),
        workspaces=_halt_all(at),
    )


def _fill(tar: tarfile.TarFile, home: Path) -> int:
    """Fill home and database, or neither; return how many uploaded files there are."""
    try:
        # The database last: while it is empty, nothing can begin to send.
        files = _unpack(tar, home)
        with tempfile.TemporaryDirectory(prefix=".restore.", dir=home) as folder:
            _copy(_member(tar, DUMP), Path(folder) / DUMP)
            _load(Path(folder) / DUMP)
    except BaseException:
        for name in FOLDERS:
            shutil.rmtree(home / name, ignore_errors=True)
        raise
    return files


def _halt_all(at: datetime) -> int:
    reason = (
        f"Restored from the backup of {at:%Y-%m-%d %H:%M} UTC. What was sent since then is not in it and would be "
        "sent again: look at the campaigns before you lift this."
    )
    found = list(Workspace.objects.order_by("pk"))
    for workspace in found:
        workspaces.halt(by=operator(workspace), reason=reason)
    return len(found)


def _about() -> dict[str, Any]:
    applied = sorted(".".join(one) for one in MigrationRecorder(connection).applied_migrations())
    return {
        "form": FORM,
        "at": timezone.now().isoformat(timespec="seconds"),
        "clarion": version("clarion"),
        "key": _mark_of(settings.SECRET_KEY),
        "migrations": applied,
    }


def _mark_of(key: str) -> str:
    """Return by what one sees whether a key is the same, and no more of it."""
    return hmac.new(key.encode(), b"clarion-backup", hashlib.sha256).hexdigest()[:32]


def _read_about(tar: tarfile.TarFile) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads(_member(tar, ABOUT).read(_ABOUT_BYTES))
        if about["form"] != FORM:
            raise BackupRefused("The backup has a form that this version of Clarion does not know.")
        _ = about["key"], about["migrations"], datetime.fromisoformat(about["at"])
    except (ValueError, KeyError, TypeError):
        raise BackupRefused("This is no backup of Clarion.") from None
    return about


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        found = tar.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise BackupRefused("This is no backup of Clarion, or not the whole of one.")
    return found


def _refuse_what_does_not_fit(about: dict[str, Any], home: Path, *, any_key: bool) -> None:
    if connection.introspection.table_names():
        raise BackupRefused("The database holds tables already: restore into an empty one.")
    for name in FOLDERS:
        if (home / name).exists() and any((home / name).iterdir()):
            raise BackupRefused(f"{home / name} holds files already: restore into an empty home.")
    if set(about["migrations"]) - _known_migrations():
        raise BackupRefused(
            f"The backup was made by Clarion {about.get('clarion', '')}, whose tables this version does not know: "
            "restore it with that one, and change versions afterwards."
        )
    marks = {_mark_of(str(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)}
    if about["key"] not in marks and not any_key:
        raise BackupRefused(
            "The secret key here is not the backup’s: credentials could not be opened with it. Put the right one into "
            f"{home / 'secret_key'} or CLARION_SECRET_KEY. If it is lost, say --any-key."
        )


def _known_migrations() -> set[str]:
    return {".".join(one) for one in MigrationLoader(None).disk_migrations}


def _add_text(tar: tarfile.TarFile, name: str, text: str, folder: Path) -> None:
    (folder / name).write_text(text)
    tar.add(folder / name, name, filter=_nameless)


def _add_folder(tar: tarfile.TarFile, name: str) -> int:
    """Add the files below CLARION_HOME/name; one that goes away meanwhile was deleted, and is left out."""
    base, count = Path(settings.CLARION_HOME) / name, 0
    for path in sorted(base.rglob("*")) if base.is_dir() else ():
        if path.is_symlink() or not path.is_file() or path.name.startswith("."):
            continue
        try:
            tar.add(path, f"{name}/{path.relative_to(base).as_posix()}", filter=_nameless)
        except FileNotFoundError:
            continue
        count += 1
    return count


def _nameless(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Keep whose the files are here out of it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _unpack(tar: tarfile.TarFile, home: Path) -> int:
    count = 0
    for member in tar:
        place = PurePosixPath(member.name)
        if (
            not member.isfile()
            or place.parts[0] not in FOLDERS
            or ".." in place.parts
            or len(place.parts) < 2
        ):
            continue
        target = home.joinpath(*place.parts)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = tar.extractfile(member)
        assert content is not None  # noqa: S101 - it is a file
        _copy(content, target)
        count += 1
    return count


def _copy(content: IO[bytes], target: Path) -> None:
    with content, _opened(target) as file:
        shutil.copyfileobj(content, file, 1 << 20)


def _opened(path: Path) -> IO[bytes]:
    """Make a file that only we can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _load(dump: Path) -> None:
    """Load a dump in one transaction."""
    how = ("--no-owner", "--no-privileges", str(dump))
    if connection.connection.info.server_version >= SAME_SETTINGS:
        _run("pg_restore", "--exit-on-error", "--single-transaction", *how)
        return
    into = [
        *_command("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-",
    ]  # fmt: skip
    with (dump.parent / "said").open("w+b") as said:
        sql = subprocess.Popen(
            [_path_of("pg_restore"), "--file=-", *how], stdout=subprocess.PIPE, stderr=said
        )
        psql = subprocess.Popen(
            into, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
        )
        _pass_on(sql, psql)
        said.seek(0)
        if sql.returncode or psql.returncode:
            reason = _reason_in(said.read().decode(errors="replace"))
            raise BackupRefused(f"This server did not take what a newer one had written: {reason}")


def _pass_on(sql: subprocess.Popen[bytes], psql: subprocess.Popen[bytes]) -> None:
    """Pass SQL on, without the one setting at its beginning that an older server does not know."""
    assert sql.stdout is not None  # noqa: S101 - it is a pipe
    assert psql.stdin is not None  # noqa: S101
    try:
        for line in sql.stdout:
            if line.startswith(b"SET transaction_timeout"):
                break
            psql.stdin.write(line)
        shutil.copyfileobj(sql.stdout, psql.stdin, 1 << 20)
        if sql.wait():
            psql.kill()  # what was cut off is not committed
        psql.stdin.close()
    except BrokenPipeError:
        sql.kill()
    finally:
        sql.stdout.close()
        sql.wait()
        psql.wait()


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on our database."""
    done = subprocess.run(
        [*_command(program), *arguments],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupRefused(f"{program} failed: {_reason_in(done.stderr)}")


def _reason_in(said: str) -> str:
    return (said.strip().splitlines() or ["no reason was given"])[0]


def _path_of(program: str) -> str:
    return str(postgres.binaries() / "bin" / program)


def _command(program: str) -> list[str]:
    """Return how a program is called on our database. Its password is in no command line."""
    from psycopg.conninfo import make_conninfo

    entry = settings.DATABASES["default"]
    parts = {"dbname": entry["NAME"], "user": entry["USER"], "host": entry["HOST"], "port": entry["PORT"]}
    conninfo = make_conninfo(
        "", **{name: value for name, value in parts.items() if value}, **entry["OPTIONS"]
    )
    return [_path_of(program), f"--dbname={conninfo}", "--no-password"]


def _environment() -> dict[str, str]:
    password = settings.DATABASES["default"].get("PASSWORD")
    return {**os.environ, "LC_ALL": "C"} | ({"PGPASSWORD": password} if password else {})
