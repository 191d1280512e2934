"""The provider log: the last exchanges of each sender, in a ring of rows. Writes are this module's alone.

Failures and successes have a ring each, so that neither pushes the other out.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import structlog
from django.db import Error, connection, models
from django.utils import timezone

from clarion.channels import registry
from clarion.channels.exchanges import Exchange, without
from clarion.senders.models import Exchange as Row
from clarion.senders.models import Sender

log = structlog.get_logger(__name__)

#: Rows of each ring that are kept of a sender.
KEPT = 100
#: Successes and failures noted of a sender in a second by one process; more are left out.
A_SECOND = {False: 1, True: 20}
#: Exchanges that wait to be written.
MAX_WAITING = 2000
WRITE_SECONDS = 1.0

_INSERT = """
insert into senders_exchange (sender_id, at, is_ours, what, request, answer, status, code, failed, milliseconds)
select s.id, %s, %s, %s, %s, %s, %s, %s, %s, %s from senders_sender s where s.id = %s
"""
_TRIM = """
delete from senders_exchange where sender_id = %(sender)s and failed = %(failed)s and id <= (
    select id from senders_exchange where sender_id = %(sender)s and failed = %(failed)s
    order by id desc offset %(kept)s limit 1)
"""


class Log:
    """Gathers exchanges of all senders in one process and writes them now and then. Safe from any thread."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Any, Exchange]] = deque(maxlen=MAX_WAITING)
        self._lock = threading.Lock()

    def of(self, sender_id: int, channel: str, config: Mapping[str, Any]) -> "SenderLog":
        """Return the recorder of one sender; `config` holds the secrets that must not be in it."""
        secrets = [str(config[name]) for name in registry.get(channel).secrets if config.get(name)]
        return SenderLog(self, sender_id, secrets)

    def add(self, sender_id: int, exchange: Exchange) -> None:
        self._waiting.append((sender_id, timezone.now(), exchange))

    def write(self) -> int:
        """Write what waits, and cut the rings; return how many. What cannot be written is let go."""
        with self._lock:
            found = []
            while self._waiting:
                found.append(self._waiting.popleft())
            if not found:
                return 0
            try:
                with connection.cursor() as cursor:
                    cursor.executemany(_INSERT, [_row(*one) for one in found])
                    for sender, failed in {(sender, exchange.failed) for sender, _, exchange in found}:
                        cursor.execute(_TRIM, {"sender": sender, "failed": failed, "kept": KEPT})
            except Error as problem:
                log.warning("exchanges.not_written", count=len(found), problem=type(problem).__name__)
            finally:
                if not connection.in_atomic_block:
                    # Each write may be in another thread, and a sending process has many.
                    connection.close()
            return len(found)


class SenderLog:
    """A `clarion.channels.exchanges.Recorder` of one sender."""

    def __init__(self, whole: Log, sender_id: int, secrets: list[str]) -> None:
        self._log, self._sender_id, self._secrets = whole, sender_id, secrets
        self._second = {False: 0, True: 0}
        self._count = {False: 0, True: 0}

    def __repr__(self) -> str:
        return f"SenderLog({self._sender_id})"

    def wants(self, failed: bool) -> bool:
        now = int(time.monotonic())
        if self._second[failed] != now:
            self._second[failed], self._count[failed] = now, 0
        return self._count[failed] < A_SECOND[failed]

    def add(self, exchange: Exchange) -> None:
        self._count[exchange.failed] += 1
        texts = {
            name: without(getattr(exchange, name), self._secrets)
            for name in ("what", "request", "answer", "status", "code")
        }
        self._log.add(
            self._sender_id,
            Exchange(
                is_ours=exchange.is_ours, failed=exchange.failed, milliseconds=exchange.milliseconds, **texts
            ),
        )


def exchanges_of(sender: Sender, *, failures_only: bool = False) -> models.QuerySet[Row]:
    """Return the sender's last exchanges, newest first. Whoever asks has the sender by `queries.sender_for`."""
    found = Row.objects.filter(sender=sender).order_by("-id")
    return found.filter(failed=True) if failures_only else found


def _row(sender_id: int, at: Any, exchange: Exchange) -> list[Any]:
    return [
        at, exchange.is_ours, exchange.what[:200], exchange.request[:2000], exchange.answer[:2000],
        exchange.status[:60], exchange.code[:40], exchange.failed, exchange.milliseconds, sender_id,
    ]  # fmt: skip
