"""What a killed start leaves of PostgreSQL, and how it is cleared without ever harming a live server."""

import os
import signal
import time
from pathlib import Path

from clarion.runtime import native

#: Seconds to wait for a dead server to be reaped and for its children to notice that it is gone.
REAP_SECONDS = 5.0
#: Where postmaster.pid tells the server's state, counted from 0.
STATUS_LINE = 7


def living_server(data: Path) -> int | None:
    """Return the process id of the server that works on `data`, or None."""
    pid = _noted_pid(data)
    return pid if pid and _works_on(pid, data) else None


def clear(data: Path, sockets: Path) -> None:
    """Stop a server that nobody owns any more and remove the traces of a dead one, also beside its socket.

    Only for the holder of the home: nobody else may have a server on this data by right.
    """
    if (pid := living_server(data)) is not None:
        for wanted, seconds in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if not native.signal_process(pid, wanted) or native.wait_for_end(pid, seconds):
                break
    _forget_dead_server(data, sockets)


def says_ready(data: Path) -> bool:
    """Tell whether the server noted that it takes connections; it may have died since."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"


def _noted_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _works_on(pid: int, data: Path) -> bool:
    if not native.is_alive(pid):
        return False
    try:
        program = os.readlink(f"/proc/{pid}/exe")
        return (
            Path(program.removesuffix(" (deleted)")).name == "postgres"
            and Path(os.readlink(f"/proc/{pid}/cwd")) == data.resolve()
        )
    except OSError:
        return False


def _workers(data: Path) -> list[int]:
    pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    return [pid for pid in pids if _works_on(pid, data)]


def _forget_dead_server(data: Path, sockets: Path) -> None:
    """Remove the pid file and the socket's lock when the process they name is certainly not a server on this data.

    PostgreSQL itself refuses to start while that number answers to kill(0): a zombie that nobody reaps does, and so
    does a stranger that got the same number after a restart of the machine or container.
    """
    until = time.monotonic() + REAP_SECONDS
    while (living := _workers(data)) and time.monotonic() < until:
        time.sleep(0.05)  # backends of a killed server leave by themselves
    for pid in living:
        native.signal_process(pid, signal.SIGKILL)
        native.wait_for_end(pid, 2.0)
    if not _workers(data):
        (data / "postmaster.pid").unlink(missing_ok=True)
        for lock in sockets.glob(".s.PGSQL.*.lock"):
            lock.unlink(missing_ok=True)
