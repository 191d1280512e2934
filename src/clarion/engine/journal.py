"""The hand-over journal: which claimed messages were handed over, remembered across a kill -9.

Two short lines a message, put into a mapped file and never synced: the kernel keeps them when the process dies,
and no call into it is needed for each. They do not survive a loss of power, so a journal from before the machine's
last start is not trusted and its messages count as unknown. The room is taken from the disk beforehand, so that a
full disk shows as an error when more is wanted; what is not yet written over is zeros.

Lines: `CLAIM DELIVERY` before the hand-over, and `CLAIM DELIVERY JSON` after it with the settled outcome.
Files: `NAME.lock`, locked while the process lives, and `NAME.0`, `NAME.1`, …, of which those without an open
claim are deleted as it goes.
"""

import fcntl
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import structlog

log = structlog.get_logger(__name__)

#: `engine.plan.Settlement.dump` writes so many; one more where something is billed by more than one.
OUTCOME_FIELDS = (8, 9)
#: A new file is begun beyond so many bytes. As much of it is in the process's memory.
FILE_BYTES = 256 << 10


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
        # Locked before it has its name: an unlocked journal is a dead process's, and is taken apart.
        unnamed = folder / f"{name}.starting"
        self._lock = os.open(unnamed, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._lock, boot_id().encode())
        unnamed.rename(folder / f"{name}.lock")
        self._number = 0
        self._file, self._map = self._open(0, file_bytes)
        self._size = 0
        #: What could not be written yet.
        self._late = b""
        #: File number → claims begun while it was written and not yet forgotten.
        self._open_claims: dict[int, set[int]] = {0: set()}
        self._file_of: dict[int, int] = {}

    def open_claim(self, claim_id: int) -> None:
        """Note that a claim is held, so that what is written of it is kept."""
        self._file_of[claim_id] = self._number
        self._open_claims[self._number].add(claim_id)

    def begin(self, claim_id: int, delivery_id: int) -> None:
        """Write that a message is about to be handed over. Raises OSError when it cannot be written."""
        self._put(b"%d %d\n" % (claim_id, delivery_id))

    def end(self, claim_id: int, delivery_id: int, outcome: bytes) -> None:
        """Write what became of it, as one line of JSON without line ends; later, if there is no room now."""
        line = b"%d %d %b\n" % (claim_id, delivery_id, outcome)
        try:
            self._put(line)
        except OSError as problem:
            log.error("journal.unwritable", problem=str(problem))
            self._late += line

    def close_claim(self, claim_id: int) -> None:
        """Forget a claim: everything of it is in the ledger."""
        number = self._file_of.pop(claim_id, None)
        if number is None:
            return
        self._open_claims[number].discard(claim_id)
        self._drop_settled()

    def close(self) -> None:
        """End the journal; its files go when no claim is open."""
        clean = not self._file_of
        self._close_file()
        if clean:
            for path in self._folder.glob(f"{self._name}.*"):
                path.unlink(missing_ok=True)
        os.close(self._lock)

    def _put(self, line: bytes) -> None:
        if self._late:
            line = self._late + line
        end = self._size + len(line)
        if end > len(self._map):
            self._make_room(len(line))
            end = self._size + len(line)
        self._map[self._size : end] = line
        self._size, self._late = end, b""

    def _make_room(self, octets: int) -> None:
        """Begin another file, or make this one longer, so that so many octets can be put. Raises OSError."""
        octets = max(octets, self._file_bytes)
        try:
            fresh = self._open(self._number + 1, octets)
        except OSError as problem:
            log.error("journal.not_rotated", problem=str(problem))
            size = len(self._map)
            os.posix_fallocate(self._file, size, octets)
            self._map.resize(size + octets)
            return
        self._close_file()
        self._file, self._map = fresh
        self._number += 1
        self._open_claims[self._number] = set()
        self._size = 0
        self._drop_settled()

    def _open(self, number: int, octets: int) -> tuple[int, mmap.mmap]:
        path = self._folder / f"{self._name}.{number}"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.posix_fallocate(file, 0, octets)
            return file, mmap.mmap(file, octets)
        except OSError:
            os.close(file)
            path.unlink()
            raise

    def _close_file(self) -> None:
        self._map.close()
        os.ftruncate(self._file, self._size)
        os.close(self._file)

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
    #: False when the machine was restarted since, so that lines may be missing, or when lines are damaged.
    trusted: bool
    #: (claim, delivery) handed over, outcome not known.
    begun: set[tuple[int, int]] = field(default_factory=set)
    #: (claim, delivery) → outcome as it was written.
    ended: dict[tuple[int, int], bytes] = field(default_factory=dict)


def dead(folder: Path) -> Iterator[str]:
    """Yield the names of journals whose process has ended."""
    for path in sorted(folder.glob("*.lock")):
        try:
            with path.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, FileNotFoundError):
            continue  # it lives, or another process was quicker to take it apart
        yield path.name.removesuffix(".lock")


def is_kept(folder: Path, name: str) -> bool:
    """Whether there is a journal of that name, of a living process or a dead one."""
    return (folder / f"{name}.lock").exists()


def read(folder: Path, name: str) -> Remains:
    """Read a dead process's journal. A last line that was cut short is left out, as if it was never written.

    A journal with lines that no process writes (a disk that lost power leaves such) is not trusted.
    """
    try:
        trusted = (folder / f"{name}.lock").read_text() == boot_id() != "unknown"
    except OSError:
        trusted = False
    remains = Remains(name=name, trusted=trusted)
    numbers = (int(p.suffix[1:]) for p in folder.glob(f"{name}.*") if p.suffix[1:].isdigit())
    for number in sorted(numbers):
        with (folder / f"{name}.{number}").open("rb") as lines:
            for line in lines:
                try:
                    _note(remains, line)
                except ValueError:
                    remains.trusted = False
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
    told = orjson.loads(rest[0])
    if not isinstance(told, list) or len(told) not in OUTCOME_FIELDS:
        raise ValueError("this is no outcome")
    remains.begun.discard(key)
    remains.ended[key] = rest[0]
