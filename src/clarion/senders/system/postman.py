"""Hand letters over in a thread beside the request, so that no answer waits for a mail server or tells of one."""

from __future__ import annotations

import threading
from contextlib import suppress

import structlog
from django.db import DatabaseError, connection

log = structlog.get_logger(__name__)


class Postman:
    """One thread of the process, for as long as there is something to hand over."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_wanted = False

    def nudge(self) -> None:
        """Have the letters that are due handed over soon; returns at once."""
        with self._guard:
            self._is_wanted = True
            if self._thread is None:
                # No daemon: a process that ends lets the letter under way arrive.
                self._thread = threading.Thread(target=self._run, name="postman")
                self._thread.start()

    def finish(self) -> None:
        """Wait until the letters that are due were tried."""
        with self._guard:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        from clarion.senders.system import operations

        while self._goes_on():
            try:
                operations.deliver_due()
            except DatabaseError as problem:  # the background jobs see to what was left
                log.warning("letters.interrupted", problem=type(problem).__name__)
            finally:
                with suppress(DatabaseError):
                    connection.close()

    def _goes_on(self) -> bool:
        with self._guard:
            if not self._is_wanted:
                self._thread = None
                return False
            self._is_wanted = False
            return True


postman = Postman()
