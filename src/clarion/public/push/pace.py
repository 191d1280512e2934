"""How often strangers may knock: counted in each web process for itself, and forgotten after a minute."""

import threading
import time
from collections.abc import Callable, Hashable

SECONDS = 60.0
#: Keys that are counted at once; beyond it everything is counted anew.
REMEMBERED = 50_000


class Pace:
    """Counts knocks by key, in windows of a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._counts: dict[Hashable, int] = {}
        self._lock = threading.Lock()

    def allows(self, key: Hashable, most: int) -> bool:
        """Count one more of the key; tell whether that is at most so many in this minute."""
        with self._lock:
            now = self._clock()
            if now - self._began >= SECONDS or len(self._counts) >= REMEMBERED:
                self._began, self._counts = now, {}
            count = self._counts[key] = self._counts.get(key, 0) + 1
            return count <= most
