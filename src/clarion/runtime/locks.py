"""Locks between processes on files in CLARION_HOME. The kernel frees them when their holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Held by the supervisor for as long as it runs; its content says who and where.
SUPERVISOR = "lock"
#: Held, shared, by everyone who uses the embedded database.
DATABASE_USERS = "postgres.lock"
#: Held by the command that is starting the embedded database.
DATABASE_START = "postgres.start.lock"


class LockTaken(Exception):
    """Another process holds the lock."""


class Lock:
    """A held lock on an open file; child processes do not inherit it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, *, is_shared: bool, waits: bool = True) -> None:
        """Take the lock. Raises LockTaken instead of waiting if told so."""
        kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._file, kind if waits else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockTaken from None

    def become_exclusive(self) -> bool:
        """Turn a shared lock into the only one. Return False, the lock given up, when others hold it too."""
        try:
            self.take(is_shared=False, waits=False)
        except LockTaken:
            return False
        return True

    def become_shared(self) -> None:
        """Turn an exclusive lock into a shared one."""
        self.take(is_shared=True)

    def write(self, content: bytes) -> None:
        """Leave a note in the file for those who find it locked."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, content, 0)

    def close(self) -> None:
        """Give the lock up."""
        os.close(self._file)


@contextmanager
def shared(path: Path) -> Iterator[Lock]:
    """Hold the lock together with other readers; waits for an exclusive holder."""
    lock = Lock(path)
    try:
        lock.take(is_shared=True)
        yield lock
    finally:
        lock.close()


@contextmanager
def exclusive(path: Path, *, patience_seconds: float | None = None) -> Iterator[Lock]:
    """Hold the lock alone. Raises LockTaken when it is not free in time; None waits for as long as it takes."""
    lock = Lock(path)
    try:
        until = time.monotonic() + (patience_seconds or 0.0)
        while True:
            try:
                lock.take(is_shared=False, waits=patience_seconds is None)
                break
            except LockTaken:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        yield lock
    finally:
        lock.close()


def is_held(path: Path) -> bool:
    """Tell whether somebody holds that lock alone."""
    if not path.exists():
        return False
    lock = Lock(path)
    try:
        lock.take(is_shared=True, waits=False)
    except LockTaken:
        return True
    finally:
        lock.close()
    return False
