"""What Linux knows about processes and users, in the few calls that are needed."""

import ctypes
import os
import pwd
import signal
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(wanted: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn` that has the kernel send this signal when the starting thread dies.

    Start from the main thread: the kernel watches the thread, not the process.
    """
    parent = os.getpid()

    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(wanted), 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return ask


def unprivileged_account() -> pwd.struct_passwd:
    """Return the user that the database runs as under root: `clarion` if it exists, else `nobody`."""
    try:
        return pwd.getpwnam("clarion")
    except KeyError:
        return pwd.getpwnam("nobody")


def is_searchable(path: Path, account: pwd.struct_passwd | None) -> bool:
    """Tell whether that user can walk down to `path`."""
    if account is None:
        return True
    return all(_may_enter(folder, account) for folder in (path, *path.parents))


def _may_enter(folder: Path, account: pwd.struct_passwd) -> bool:
    found = folder.stat()
    if found.st_uid == account.pw_uid:
        return bool(found.st_mode & 0o100)
    if found.st_gid == account.pw_gid:
        return bool(found.st_mode & 0o010)
    return bool(found.st_mode & 0o001)


def state(pid: int) -> str | None:
    """Return the kernel's letter for a process, such as R, S or Z; None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return stat.rpartition(")")[2].split()[0]


def is_alive(pid: int) -> bool:
    """Tell whether the process can still do anything; an unreaped zombie cannot."""
    return state(pid) not in (None, "Z", "X")


def signal_process(pid: int, wanted: signal.Signals) -> bool:
    """Send a signal. Return False when there is no such process."""
    try:
        os.kill(pid, wanted)
    except ProcessLookupError:
        return False
    return True


def signal_group(pid: int, wanted: signal.Signals) -> None:
    """Send a signal to a whole process group; none left is fine."""
    try:
        os.killpg(pid, wanted)
    except (ProcessLookupError, PermissionError):
        return


def wait_for_end(pid: int, seconds: float) -> bool:
    """Wait until the process is gone or a zombie. Return False when it still lives after that time."""
    until = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
