"""Work of one process's threads that is done together: while one group is at it, whoever comes waits for the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")
B = TypeVar("B")


class _Call(Generic[A, B]):
    """One thread's work, and what became of it."""

    __slots__ = ("is_alone", "item", "result", "turn")

    def __init__(self, item: A) -> None:
        self.item = item
        self.turn = threading.Event()
        #: Whether it was done with others in vain.
        self.is_alone = False
        #: Set when it was done with others; a call whose turn comes without one is done by its own thread.
        self.result: list[B] = []


class Together(Generic[K, A, B]):
    """Does items that have the same key in groups, each group by one of the threads that brought them.

    Whoever finds nobody at it does what there is at once, which is their own item alone; what came in the meantime is
    the next group. Who begins that one waits `pause` seconds for more: those that were just answered come again, if
    they are many. `do` gets a key and items and returns a result for each, and must have
    done nothing when it raises: then every thread of the group does its own item by itself, so that what is wrong
    with one is told to that one alone. `size` is what an item counts, and a group counts `most` or is one item.
    """

    def __init__(
        self,
        do: Callable[[K, Sequence[A]], Sequence[B]],
        *,
        size: Callable[[A], int],
        most: int,
        pause: float = 0.0,
    ) -> None:
        self._do = do
        self._size = size
        self._most = most
        self._pause = pause
        self._lock = threading.Lock()
        #: Who waits for each key that somebody is at; the first of them is at it, or about to be.
        self._lines: dict[K, list[_Call[A, B]]] = {}

    def __call__(self, key: K, item: A) -> B:
        """Return what became of the item. Raises what doing it by itself raised."""
        call: _Call[A, B] = _Call(item)
        with self._lock:
            line = self._lines.setdefault(key, [])
            line.append(call)
            is_first = len(line) == 1
        if not is_first:
            call.turn.wait()
            if call.result:
                return call.result[0]
            if self._pause and not call.is_alone:
                time.sleep(self._pause)
        group = self._group(key, call)
        try:
            if len(group) > 1:
                self._do_all(key, group)
            return call.result[0] if call.result else self._do(key, [item])[0]
        finally:
            self._leave(key, group)

    def _group(self, key: K, call: _Call[A, B]) -> list[_Call[A, B]]:
        """Return the calls that are done now, of which `call` is the first of the line, or one by itself."""
        with self._lock:
            line = self._lines.get(key, [])
            if not line or line[0] is not call:
                return [call]
            count, size = 1, self._size(call.item)
            while count < len(line) and (size := size + self._size(line[count].item)) <= self._most:
                count += 1
            return line[:count]

    def _do_all(self, key: K, group: Sequence[_Call[A, B]]) -> None:
        try:
            results = self._do(key, [one.item for one in group])
        except Exception:  # noqa: BLE001 - each thread does its own now, and says what is wrong with it
            return
        for one, result in zip(group, results, strict=True):
            one.result.append(result)

    def _leave(self, key: K, group: Sequence[_Call[A, B]]) -> None:
        """Let the others of the group go, and whoever is first of those that came in the meantime begin."""
        with self._lock:
            line = self._lines.get(key, [])
            if line and line[0] is group[0]:
                del line[: len(group)]
                following = line[0] if line else None
                if not line:
                    del self._lines[key]
            else:
                following = None
        for one in group[1:]:
            one.is_alone = not one.result
            one.turn.set()
        if following is not None:
            following.turn.set()
