"""The quick way for followed links and opened messages: before Django, for what needs nothing of it.

After a large campaign thousands of people follow links within seconds, each for one redirect. Here such a request
costs a token's check, a look into a small cache and a place in a list; a thread writes the list to the database
ten times a second. Whatever is not as plain as that (links with variables, links switched off, unknown tokens,
a database that does not answer) goes on to the pages.
"""

import atexit
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from os import getpid
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils.encoding import iri_to_uri

from clarion.channels.tracking import CLICK, OPEN
from clarion.deliveries.states import step_of
from clarion.deliveries.tracking import hits, judging
from clarion.deliveries.tracking.hits import Noted
from clarion.lib import keys, tokens
from clarion.public.tracked import PIXEL

log = structlog.get_logger(__name__)

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

#: Seconds for which what is known of a run is believed: so long a link goes on working that was switched off.
FRESH_SECONDS = 2.0
#: Runs that are known at a time.
MOST_RUNS = 500
#: Seconds between two writes.
FLUSH_SECONDS = 0.1
#: Hits in memory at most while the database does not answer, and of one delivery between two writes.
MOST_HELD = 50_000
MOST_OF_ONE = 20

_HEADERS = [
    ("Cache-Control", "no-store, private"), ("Referrer-Policy", "no-referrer"), ("X-Robots-Tag", "noindex, nofollow"),
    ("X-Content-Type-Options", "nosniff"),
]  # fmt: skip
_IMAGE = [("Content-Type", "image/gif"), ("Content-Length", str(len(PIXEL))), *_HEADERS]


@dataclass(frozen=True, slots=True)
class _Known:
    facts: hits.Facts
    until: float


class Door:
    """A WSGI application in front of another."""

    def __init__(self, app: App, *, writes_by_itself: bool = True) -> None:
        """Without `writes_by_itself` nothing is written but by `flush`."""
        self._app = app
        self._writes_by_itself = writes_by_itself
        self._key = keys.derive(settings.SECRET_KEY, keys.TOKENS)
        self._known: dict[tuple[int, int], _Known] = {}
        self._held: list[Noted] = []
        self._by_delivery: Counter[tuple[int, int]] = Counter()
        self._lock = threading.Lock()
        self._pid = 0

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path[:3] in ("/c/", "/o/") and environ.get("REQUEST_METHOD") in ("GET", "HEAD"):
            answer = self._click(path, environ) if path[1] == "c" else self._open(path, environ)
            if answer is not None:
                status, headers, body = answer
                start_response(status, headers)
                return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
        return self._app(environ, start_response)

    def _click(self, path: str, environ: Environ) -> tuple[str, list[tuple[str, str]], bytes] | None:
        token, _slash, number = path[3:].rpartition("/")
        ids = tokens.read(CLICK, self._key, token)
        if ids is None or len(ids) != 2 or not (number.isascii() and number.isdigit() and len(number) < 6):
            return None
        facts = self._facts(*ids)
        target = facts.plain_targets.get(int(number)) if facts is not None else None
        if facts is None or target is None or facts.is_off:
            return None
        if facts.counts_clicks:
            self._note(*ids, int(number), environ)
        return "302 Found", [("Location", iri_to_uri(target) or ""), ("Content-Length", "0"), *_HEADERS], b""

    def _open(self, path: str, environ: Environ) -> tuple[str, list[tuple[str, str]], bytes] | None:
        ids = tokens.read(OPEN, self._key, path[3:].removesuffix(".gif"))
        if ids is None or len(ids) != 2 or not path.endswith(".gif"):
            return None
        facts = self._facts(*ids)
        if facts is None:
            return None
        if facts.counts_opens:
            self._note(*ids, 0, environ)
        return "200 OK", _IMAGE, PIXEL

    def _facts(self, run_id: int, delivery_id: int) -> hits.Facts | None:
        key = (run_id, step_of(delivery_id))
        known = self._known.get(key)
        now = time.monotonic()
        if known is not None and now < known.until:
            return known.facts
        try:
            close_old_connections()
            facts = hits.facts_of(*key)
        except DatabaseError:
            return None
        if facts is None:
            return None
        if len(self._known) >= MOST_RUNS:
            self._known = {}
        self._known[key] = _Known(facts, now + FRESH_SECONDS)
        return facts

    def _note(self, run_id: int, delivery_id: int, link: int, environ: Environ) -> None:
        marks = judging.marks(environ["REQUEST_METHOD"], _Headers(environ))
        one = Noted(run_id, delivery_id, link, datetime.now(UTC), int(marks))
        with self._lock:
            if self._writes_by_itself and self._pid != getpid():
                self._begin()
            key = (run_id, delivery_id)
            if len(self._held) < MOST_HELD and self._by_delivery[key] < MOST_OF_ONE:
                self._by_delivery[key] += 1
                self._held.append(one)

    def _begin(self) -> None:
        """Start this process' writer: threads do not survive the fork that made it."""
        self._pid = getpid()
        self._held, self._by_delivery = [], Counter()
        atexit.register(self.flush)
        threading.Thread(target=self._write_on, name="hits", daemon=True).start()

    def _write_on(self) -> None:
        while True:
            time.sleep(FLUSH_SECONDS)
            if self._held:
                self.flush()

    def flush(self) -> None:
        """Write what is held; keep it for the next time when the database does not answer."""
        with self._lock:
            taken, self._held, self._by_delivery = self._held, [], Counter()
        if not taken:
            return
        try:
            close_old_connections()
            hits.record_all(taken)
        except DatabaseError as problem:
            log.warning("hits.not_written", count=len(taken), problem=type(problem).__name__)
            connection.close()
            with self._lock:
                self._held = (taken + self._held)[:MOST_HELD]


class _Headers(dict[str, str]):
    """A request's headers by their usual names."""

    def __init__(self, environ: Environ) -> None:
        super().__init__()
        self._environ = environ

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        value = self._environ.get("HTTP_" + name.upper().replace("-", "_"), default)
        return str(value)
