"""`clarion up` starts everything, keeps it running whatever is killed, and leaves nothing behind."""

import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.installation import UP, Installation, prepared_home, wait_for

pytestmark = pytest.mark.slow


def status(url: str) -> int:
    """Return the status code of a page, 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait_until_back(running: Installation, mark: str, killed: int) -> None:
    """Wait for the child that takes a killed one's place, and until the installation answers again.

    The answer alone proves nothing: sessions of a killed database server answer on for a moment.
    """
    wait_for(30, lambda: running.pid_of(mark) not in (None, killed), f"a new {mark}")
    wait_for(30, lambda: status(f"{running.url}/readyz") == 200, "everything answers again")


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    """One installation that runs through all tests of its parts; each leaves it well."""
    made = Installation(prepared_home())
    made.url = made.start()
    yield made
    made.remove()


@pytest.fixture
def installation() -> Iterator[Installation]:
    made = Installation(prepared_home())
    yield made
    made.remove()


class TestKilledParts:
    """kill -9 of any child: it is back within seconds, and the others never stop."""

    def test_postgres(self, running: Installation) -> None:
        web = running.pid_of("clarion.cli web")

        postgres = running.kill("bin/postgres")

        wait_until_back(running, "bin/postgres", postgres)
        assert running.pid_of("clarion.cli web") == web

    def test_web(self, running: Installation) -> None:
        postgres = running.pid_of("bin/postgres")

        web = running.kill("clarion.cli web")

        wait_until_back(running, "clarion.cli web", web)
        assert running.pid_of("bin/postgres") == postgres

    def test_any_other_child(self, running: Installation) -> None:
        child = running.kill("the child")

        wait_until_back(running, "the child", child)

    def test_all_children_at_once(self, running: Installation) -> None:
        killed = {mark: running.kill(mark) for mark in ("bin/postgres", "clarion.cli web", "the child")}

        for mark, pid in killed.items():
            wait_until_back(running, mark, pid)


class TestKilledSupervisor:
    def test_leaves_no_process_and_the_next_start_works(self, installation: Installation) -> None:
        installation.start()

        installation.signal(signal.SIGKILL)

        installation.wait()
        wait_for(20, lambda: not installation.processes(), "the children notice and go")
        assert status(f"{installation.start()}/readyz") == 200

    def test_and_postgres_at_the_same_moment(self, installation: Installation) -> None:
        """The data directory, the pid file and the socket look as if a server still ran."""
        installation.start()

        installation.kill("bin/postgres")
        installation.signal(signal.SIGKILL)

        installation.wait()
        assert (installation.home / "postgres" / "postmaster.pid").exists()
        assert status(f"{installation.start()}/readyz") == 200


class TestStop:
    @pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGTERM])
    def test_ends_everything_cleanly(self, installation: Installation, wanted: signal.Signals) -> None:
        installation.start(*UP)

        installation.signal(wanted)

        assert installation.wait(20) == 0
        assert installation.processes() == []
        assert not (installation.home / "postgres" / "postmaster.pid").exists()

    def test_during_the_start_too(self, installation: Installation) -> None:
        installation.move(installation.home.parent / "fresh")

        with pytest.raises(AssertionError, match="ended with 0"):
            self._interrupt_when_postgres_runs(installation)

        assert installation.processes() == []

    def _interrupt_when_postgres_runs(self, installation: Installation) -> None:
        import threading

        def interrupt() -> None:
            wait_for(30, lambda: (installation.home / "postgres" / "postmaster.pid").exists(), "it starts")
            installation.signal(signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            installation.start(*UP)
        finally:
            thread.join()


class TestSecondStart:
    def test_is_refused_with_the_address_of_the_first(self, running: Installation) -> None:
        second = running.clarion("up")

        assert second.returncode == 4
        assert running.url in second.stderr
        assert status(f"{running.url}/readyz") == 200

    def test_a_command_uses_the_running_database(self, running: Installation) -> None:
        assert running.clarion("migrate").returncode == 0

        assert status(f"{running.url}/readyz") == 200

    def test_refuses_a_chosen_port_that_is_taken(self, installation: Installation) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            installation.environment["CLARION_BIND"] = f"127.0.0.1:{port}"

            refused = installation.clarion("up")

        assert refused.returncode == 1
        assert f"port {port}" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_bad_settings_are_listed_all_at_once(tmp_path: Path) -> None:
    installation = Installation(
        tmp_path,
        CLARION_WORKERS="many",
        CLARION_DATABASE_URL="mysql://x",
        CLARION_WOKERS="1",
        CLARION_DEBUG="maybe",
    )

    answer = installation.clarion("up")

    assert answer.returncode == 2
    assert answer.stderr.splitlines()[0] == "There are 4 problems with the settings:"
    assert "did you mean CLARION_WORKERS?" in answer.stderr
    assert "Traceback" not in answer.stderr
