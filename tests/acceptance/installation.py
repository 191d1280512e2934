"""Start a whole installation as a process of its own, and look at what it consists of."""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from clarion.runtime import native
from tests import waiting

#: Supervises real PostgreSQL, the real web server, and a child that does nothing but live.
WITH_A_CHILD = """
import sys
from dataclasses import replace
from clarion.cli import bootstrap
settings = bootstrap.settings()
from clarion.runtime import supervisor
from clarion.runtime.processes import Program
plan = supervisor.plan_from(settings, workers=False)
def programs(listener, environment):
    child = [sys.executable, "-c", "import time; time.sleep(3600)  # the child"]
    return [*plan.programs(listener, environment),
            Program(name="child", command=lambda: child, environment=environment)]
sys.exit(supervisor.run(replace(plan, programs=programs), lambda url, said: print("ready", url, flush=True)))
"""

UP = (sys.executable, "-m", "clarion.cli", "up")


#: Machines that are busy with other tests take so many times as long; what must be prompt is measured, not waited for.
PATIENCE = 5


def wait_for(seconds: float, question: Callable[[], Any], what: str) -> Any:
    """Return the first true answer. Fails the test after that time, and much more on a busy machine."""
    return waiting.wait_for(question, what, seconds=seconds * PATIENCE, every=0.05)


@contextmanager
def running(**settings: str) -> Iterator["Installation"]:
    """Yield an installation of its own with these settings, started as `clarion up` does."""
    made = Installation(prepared_home(), **settings)
    made.url = made.start(*UP)
    try:
        yield made
    finally:
        made.remove()


#: Set in the environment of a test's own processes that use an installation: they are not to be killed with it.
BESIDE = "BESIDE"


class Installation:
    """One CLARION_HOME and the supervisor on it."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("CLARION_")
        }
        # Compiled once and for all: every command is a process of its own.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.environment |= {
            "CLARION_HOME": str(home),
            "CLARION_BIND": "127.0.0.1:0",
            "CLARION_WEB_WORKERS": "1",
            **settings,
        }
        self.process: subprocess.Popen[str] | None = None
        self.url = ""
        self.log = home.parent / f"{home.name}.log"

    def move(self, home: Path) -> None:
        """Use another home below the same folder."""
        self.home = home
        self.environment["CLARION_HOME"] = str(home)

    def clarion(self, *arguments: str, seconds: float = 60 * PATIENCE) -> "subprocess.CompletedProcess[str]":
        """Run one command of the program to its end."""
        return subprocess.run(
            [sys.executable, "-m", "clarion.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def start(self, *command: str, seconds: float = 60 * PATIENCE) -> str:
        """Start it and return its address as soon as it says that it is ready."""
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command or [sys.executable, "-c", WITH_A_CHILD],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                # A killed test run leaves nothing either.
                preexec_fn=native.die_with_parent(signal.SIGTERM),
            )
        watchdog = time.monotonic() + seconds
        assert self.process.stdout
        for line in self.process.stdout:
            if "ready" in line:
                return "http" + line.partition("http")[2].strip()
            assert time.monotonic() < watchdog, self.log.read_text()
        raise AssertionError(f"it ended with {self.process.wait()}:\n{self.log.read_text()}")

    def processes(self) -> list[psutil.Process]:
        """Return every living process that belongs to this home, the supervisor included, a test's own not."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and self._is_ours(process):
                    found.append(process)
        return found

    def _is_ours(self, process: psutil.Process) -> bool:
        if process.pid == os.getpid():
            return False
        data = str((self.home / "postgres").resolve())
        environment = process.environ()
        if BESIDE in environment:
            return False
        return process.cwd() == data or environment.get("CLARION_HOME") == str(self.home)

    def pid_of(self, mark: str) -> int | None:
        """Return the process id of the direct child whose command line contains the mark."""
        assert self.process
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):
                if child.status() != psutil.STATUS_ZOMBIE and mark in " ".join(child.cmdline()):
                    return child.pid
        return None

    def kill(self, mark: str) -> int:
        """Kill the direct child whose command line contains the mark, at once; return its process id."""
        pid = self.pid_of(mark)
        assert pid, f"no child {mark} runs"
        os.kill(pid, signal.SIGKILL)
        return pid

    def signal(self, wanted: signal.Signals) -> None:
        """Send the supervisor a signal."""
        assert self.process
        self.process.send_signal(wanted)

    def wait(self, seconds: float = 30 * PATIENCE) -> int:
        """Wait for the supervisor's end and return its code."""
        assert self.process
        code = self.process.wait(seconds)
        if self.process.stdout:
            self.process.stdout.close()
        return code

    def remove(self) -> None:
        """Stop all that is left and delete the files."""
        for process in self.processes():
            with suppress(psutil.Error):
                process.kill()
        if self.process:
            self.wait()
        wait_for(10, lambda: not self.processes(), "killed processes go")
        shutil.rmtree(self.home.parent, ignore_errors=True)


def new_home() -> Path:
    """Return a fresh place that an unprivileged database user can reach, which pytest's own folders are not."""
    return Path(tempfile.mkdtemp(prefix="clarion-acceptance-")) / "home"


def prepared_home() -> Path:
    """Return a fresh home whose database is made and migrated: a copy, since the first start takes long."""
    target = new_home()
    target.parent.chmod(0o711)
    subprocess.run(["cp", "-a", str(_first_home()), str(target)], check=True)
    return target


@cache
def _first_home() -> Path:
    home = new_home()
    home.parent.chmod(0o711)
    installation = Installation(home)
    atexit.register(installation.remove)
    installation.start()
    installation.signal(signal.SIGTERM)
    assert installation.wait() == 0
    return home
