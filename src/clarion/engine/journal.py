"""The hand-over journal: which claimed messages were handed over, remembered across a kill -9.

Two short lines a message, appended with one `write` each and never synced: the kernel keeps them when the
process dies. They do not survive a loss of power, so a journal from before the machine's last start is not
trusted and its messages count as unknown.

Lines: `CLAIM DELIVERY` before the hand-over, and `CLAIM DELIVERY JSON` after it with the settled outcome.
Files: `NAME.lock`, locked while the process lives, and `NAME.0`, `NAME.1`, …, of which those without an open
claim are deleted as it goes.
"""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

#: A new file is begun beyond so many bytes.
FILE_BYTES = 4 << 20


def boot_id() -> str:
    """Return what changes with every start of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


class Journal:
    """The journal of one living process. Not safe for threads."""

    def __init__(self, folder: Path, name: str, *, file_bytes: int = FILE_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._name, self._file_bytes = folder, name, file_bytes
        self._lock = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._lock, boot_id().encode())
        self._number = 0
        self._file = self._open()
        self._size = 0
        self._lines = b""
        self._is_scheduled = self._is_closed = False
        #: File number → claims begun while it was written and not yet forgotten.
        self._open_claims: dict[int, set[int]] = {0: set()}
        self._file_of: dict[int, int] = {}

    def open_claim(self, claim_id: int) -> None:
        """Note that a claim is held, so that what is written of it is kept."""
        self._file_of[claim_id] = self._number
        self._open_claims[self._number].add(claim_id)

    def begin(self, claim_id: int, delivery_id: int) -> None:
        """Write that a message is about to be handed over. Raises OSError when it cannot be written."""
        self._lines += b"%d %d\n" % (claim_id, delivery_id)
        self._flush()

    def end(self, claim_id: int, delivery_id: int, outcome: bytes) -> None:
        """Write what became of it, as one line of JSON without line ends.

        It is written with the next `begin`, or when the loop has done what it is at: a fraction of a
        millisecond, for which a write is saved.
        """
        self._lines += b"%d %d %b\n" % (claim_id, delivery_id, outcome)
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def close_claim(self, claim_id: int) -> None:
        """Forget a claim: everything of it is in the ledger."""
        number = self._file_of.pop(claim_id, None)
        if number is None:
            return
        self._open_claims[number].discard(claim_id)
        self._drop_settled()

    def close(self) -> None:
        """End the journal; its files go when no claim is open."""
        self._flush()
        clean = not self._file_of
        self._is_closed = True
        os.close(self._file)
        if clean:
            for path in self._folder.glob(f"{self._name}.*"):
                path.unlink(missing_ok=True)
        os.close(self._lock)

    def _flush(self) -> None:
        self._is_scheduled = False
        if not self._lines or self._is_closed:
            return
        lines, self._lines = self._lines, b""
        self._size += os.write(self._file, lines)
        if self._size >= self._file_bytes:
            self._rotate()

    def _open(self) -> int:
        path = self._folder / f"{self._name}.{self._number}"
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC, 0o600)

    def _rotate(self) -> None:
        os.close(self._file)
        self._number += 1
        self._open_claims[self._number] = set()
        self._file = self._open()
        self._size = 0
        self._drop_settled()

    def _drop_settled(self) -> None:
        # In order: a later file may hold lines of a claim begun in an earlier one.
        for number in sorted(self._open_claims):
            if number == self._number or self._open_claims[number]:
                return
            del self._open_claims[number]
            (self._folder / f"{self._name}.{number}").unlink(missing_ok=True)


@dataclass(slots=True)
class Remains:
    """What a dead process's journal tells."""

    name: str
    #: False when the machine was restarted since, so that lines may be missing.
    trusted: bool
    #: (claim, delivery) handed over, outcome not known.
    begun: set[tuple[int, int]] = field(default_factory=set)
    #: (claim, delivery) → outcome as it was written.
    ended: dict[tuple[int, int], bytes] = field(default_factory=dict)


def dead(folder: Path) -> Iterator[str]:
    """Yield the names of journals whose process has ended."""
    for path in sorted(folder.glob("*.lock")):
        with path.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
        yield path.name.removesuffix(".lock")


def read(folder: Path, name: str) -> Remains:
    """Read a dead process's journal. A last line that was cut short is left out, as if it was never written."""
    try:
        trusted = (folder / f"{name}.lock").read_text() == boot_id() != "unknown"
    except OSError:
        trusted = False
    remains = Remains(name=name, trusted=trusted)
    numbers = (int(p.suffix[1:]) for p in folder.glob(f"{name}.*") if p.suffix[1:].isdigit())
    for number in sorted(numbers):
        with (folder / f"{name}.{number}").open("rb") as lines:
            for line in lines:
                _note(remains, line)
    return remains


def forget(folder: Path, name: str) -> None:
    """Delete a dead process's journal, once its claims are settled."""
    for path in folder.glob(f"{name}.*"):
        path.unlink(missing_ok=True)


def _note(remains: Remains, line: bytes) -> None:
    if not line.endswith(b"\n"):
        return
    claim, delivery, *rest = line[:-1].split(b" ", 2)
    key = (int(claim), int(delivery))
    if not rest:
        remains.begun.add(key)
        return
    try:
        orjson.loads(rest[0])
    except orjson.JSONDecodeError:
        return
    remains.begun.discard(key)
    remains.ended[key] = rest[0]
