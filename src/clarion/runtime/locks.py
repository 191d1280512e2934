"""Locks between processes on files in CLARION_HOME. The kernel frees them when their holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
def exclusive(path: Path, *, waits: bool = True) -> Iterator[Lock]:
    """Hold the lock alone."""
    lock = Lock(path)
    try:
        lock.take(is_shared=False, waits=waits)
        yield lock
    finally:
        lock.close()
