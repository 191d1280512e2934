"""Bringing in receipts: from the sandbox's outboxes on this host, and from mails that came back."""

import fcntl
from pathlib import Path

import structlog
from django.conf import settings
from django.utils import timezone

from clarion.channels.email import receipts as mail
from clarion.channels.sandbox import outbox
from clarion.deliveries import receipts
from clarion.lib import keys

log = structlog.get_logger(__name__)

_OFFSET = "receipts.offset"


def collect_sandbox() -> int:
    """Apply the receipts of all sandbox outboxes that have come due; return how many.

    One process of the host does it at a time. How far it came is written after the receipts are in the ledger:
    when it dies in between they are read again, which changes nothing.
    """
    count = 0
    for folder in sorted(
        p.parent for p in (Path(settings.CLARION_HOME) / "outbox").glob(f"*/{outbox.FILE_NAME}")
    ):
        with (folder / "receipts.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            count += _collect(folder)
    return count


def _collect(folder: Path) -> int:
    mark = folder / _OFFSET
    offset = int(mark.read_text()) if mark.exists() else 0
    events, after = outbox.receipts_due(folder, offset=offset, now=timezone.now())
    if after == offset:
        return 0
    receipts.apply(events)
    part = mark.with_suffix(".part")
    part.write_text(str(after))
    part.replace(mark)
    return len(events)


def take_mail(octets: bytes, *, envelope_to: str = "") -> int:
    """Apply what a returned mail tells; return how many receipts that were. 0 for a mail that is no report."""
    key = keys.derive(settings.SECRET_KEY, keys.TOKENS)
    events = mail.parse(octets, key=key, envelope_to=envelope_to)
    return receipts.apply(events)
