"""Hand letters over in a thread beside the request, so that no answer waits for a mail server or tells of one."""

from __future__ import annotations

import threading
from contextlib import suppress

import structlog
from django.db import DatabaseError, connection

log = structlog.get_logger(__name__)

_guard = threading.Lock()
_is_running = False
_is_wanted = False


def nudge() -> None:
    """Have the letters that are due handed over soon; returns at once."""
    global _is_running, _is_wanted
    with _guard:
        _is_wanted = True
        if _is_running:
            return
        _is_running = True
    threading.Thread(target=_run, name="postman", daemon=True).start()


def _run() -> None:
    global _is_running, _is_wanted
    from clarion.senders.system import operations

    while True:
        with _guard:
            if not _is_wanted:
                _is_running = False
                return
            _is_wanted = False
        try:
            operations.deliver_due()
        except DatabaseError as problem:  # the background jobs see to what was left
            log.warning("letters.interrupted", problem=type(problem).__name__)
        finally:
            with suppress(DatabaseError):
                connection.close()
