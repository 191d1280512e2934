"""Commands without a supervisor get the embedded PostgreSQL for as long as they need it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from clarion.runtime import leftovers
from clarion.settings.database import socket_directory
from tests.acceptance.installation import PATIENCE, Installation, prepared_home, wait_for

pytestmark = pytest.mark.slow

#: Holds the database until its standard input closes.
HOLD = """
import sys
from clarion.cli import bootstrap
with bootstrap.database():
    print("holding", flush=True)
    sys.stdin.read()
"""


class Holder:
    """A command that uses the database until it is released."""

    def __init__(self, installation: Installation) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD],
            env=installation.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "holding\n"

    def release(self) -> None:
        """Let it end by itself."""
        self.process.communicate(timeout=30 * PATIENCE)

    def kill(self) -> None:
        """Kill it outright."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    made = Installation(prepared_home())
    yield made
    made.remove()


def answers(installation: Installation) -> bool:
    """Tell whether a server takes connections in this home."""
    try:
        psycopg.connect(f"host={socket_directory(installation.home)} user=clarion dbname=clarion").close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_command_starts_it_and_leaves_nothing(installation: Installation) -> None:
    done = installation.clarion("migrate")

    assert (done.returncode, done.stderr) == (0, "")
    assert installation.processes() == []


def test_the_last_of_two_commands_stops_it(installation: Installation) -> None:
    first, second = Holder(installation), Holder(installation)

    first.release()
    assert answers(installation)
    second.release()

    assert installation.processes() == []


def test_a_killed_command_does_not_harm_the_other(installation: Installation) -> None:
    first, second = Holder(installation), Holder(installation)

    first.kill()
    assert answers(installation)
    second.release()

    assert installation.processes() == []


def test_the_next_command_cleans_up_after_killed_ones(installation: Installation) -> None:
    Holder(installation).kill()

    assert installation.clarion("migrate").returncode == 0

    assert installation.processes() == []


def test_the_server_killed_under_a_command_recovers_for_the_next(installation: Installation) -> None:
    holder = Holder(installation)
    server = leftovers.living_server((installation.home / "postgres").resolve())

    assert server
    os.kill(server, signal.SIGKILL)
    holder.release()

    assert installation.clarion("migrate").returncode == 0


def test_a_pid_file_of_a_dead_server_that_nobody_reaped_is_no_obstacle(installation: Installation) -> None:
    """As in a container whose first process does not reap: the number still answers to kill(0)."""
    installation.clarion("migrate")
    data = (installation.home / "postgres").resolve()
    zombie = subprocess.Popen(["true"])
    wait_for(5, lambda: Path(f"/proc/{zombie.pid}/stat").read_text().split()[2] == "Z", "it ends")
    (data / "postmaster.pid").write_text(f"{zombie.pid}\n{data}\n")

    done = installation.clarion("migrate")
    zombie.wait()

    assert done.returncode == 0, done.stderr


def test_a_stranger_with_the_number_of_the_dead_server_is_left_alone(installation: Installation) -> None:
    installation.clarion("migrate")
    data = (installation.home / "postgres").resolve()
    stranger = subprocess.Popen(["sleep", "infinity"])
    (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n")
    lock = socket_directory(installation.home) / ".s.PGSQL.5432.lock"
    lock.write_text(f"{stranger.pid}\n{data}\n")

    done = installation.clarion("migrate")

    is_well = stranger.poll() is None
    stranger.kill()
    stranger.wait()
    assert done.returncode == 0, done.stderr
    assert is_well


def test_only_root_and_the_starting_user_get_in(installation: Installation) -> None:
    holder = Holder(installation)
    try:
        sockets = socket_directory(installation.home)
        rules = (installation.home / "postgres" / "pg_hba.conf").read_text()

        assert sockets.stat().st_mode & 0o077 == 0
        assert [line.split()[3] for line in rules.splitlines() if not line.startswith("#")] == ["peer"]
    finally:
        holder.release()
