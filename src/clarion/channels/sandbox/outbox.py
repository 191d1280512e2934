"""Where the sandbox puts what it accepted, and how to read it again."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import orjson

from clarion.channels.events import ReceiptEvent, ReceiptKind

FILE_NAME = "outbox.jsonl"

#: Beyond so many octets the texts of messages are left out, so that a test of a million does not fill the disk.
WHOLE_OCTETS = 64 << 20


class Outbox(Protocol):
    """Takes the record of an accepted message. Must not block for long."""

    def __call__(self, record: Mapping[str, Any], /) -> None:
        """Keep the record.

        Its fields are run_id, delivery_id, provider_id, address, subject, text, html, accepted_at and, if a
        receipt is to come, receipt (a `ReceiptKind`) and receipt_at. Moments are ISO 8601 in UTC.
        """


class NoOutbox:
    """Keeps nothing."""

    def __call__(self, record: Mapping[str, Any], /) -> None:
        """Forget the record."""


class FileOutbox:
    """Appends one line of JSON for each message to `outbox.jsonl` in a directory.

    Several processes may write to one directory; each line is one write.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME
        self._file: int | None = None
        self._size = 0

    def __call__(self, record: Mapping[str, Any], /) -> None:
        """Append the record. Raises OSError."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._size = os.fstat(self._file).st_size
        if self._size > WHOLE_OCTETS:
            record = {**record, "text": "", "html": ""}
        self._size += os.write(self._file, orjson.dumps(record) + b"\n")

    def close(self) -> None:
        """Close the file. May be called twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> "FileOutbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read(directory: Path, *, offset: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield (record, offset after it) from the byte offset on. An unfinished last line is left for later."""
    try:
        file = (directory / FILE_NAME).open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            yield orjson.loads(line), offset


def receipts_due(directory: Path, *, offset: int, now: datetime) -> tuple[list[ReceiptEvent], int]:
    """Return the receipts that have come due since `offset`, and the offset from which to ask again.

    All messages of a sender have the same delay, so their receipts come due in the order of the file.
    """
    events: list[ReceiptEvent] = []
    for record, after in read(directory, offset=offset):
        due = record.get("receipt_at")
        if due is not None:
            moment = datetime.fromisoformat(due)
            if moment > now:
                break
            events.append(_event(record, moment))
        offset = after
    return events, offset


def _event(record: Mapping[str, Any], moment: datetime) -> ReceiptEvent:
    kind = ReceiptKind(record["receipt"])
    return ReceiptEvent(
        kind=kind,
        run_id=record["run_id"],
        delivery_id=record["delivery_id"],
        provider_id=record["provider_id"],
        address=record["address"],
        code="5.1.1" if kind is ReceiptKind.BOUNCED_HARD else "",
        detail="returned by the sandbox" if kind is ReceiptKind.BOUNCED_HARD else "",
        occurred_at=moment.astimezone(UTC),
        event_id=f"{record['provider_id']}.{kind.value}",
    )
