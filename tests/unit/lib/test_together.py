"""What threads bring at the same time is done in groups, and each is told what became of its own."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from clarion.lib.together import Together
from tests.waiting import PATIENCE_SECONDS, wait_for


class Bench:
    """Doubles numbers, of which 13 is refused. The first group waits to be let go."""

    def __init__(self, most: int = 100) -> None:
        self.groups: list[list[int]] = []
        self.is_at_it, self.go = threading.Event(), threading.Event()
        self.together = Together(self._do, size=lambda _one: 1, most=most)

    def _do(self, _key: str, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        if not self.is_at_it.is_set():
            self.is_at_it.set()
            assert self.go.wait(PATIENCE_SECONDS)
        if 13 in items:
            raise ValueError("13")
        return [2 * one for one in items]

    def at_once(self, first: int, *others: int) -> list["Future[int]"]:
        """Return what becomes of all: the others come, in their order, while the first is being done."""
        with ThreadPoolExecutor(1 + len(others)) as threads:
            found = [threads.submit(self.together, "key", first)]
            assert self.is_at_it.wait(PATIENCE_SECONDS)
            for count, one in enumerate(others, start=2):
                found.append(threads.submit(self.together, "key", one))
                wait_for(lambda n=count: len(self.together._lines["key"]) == n, "it stands in the line")
            self.go.set()
        assert not self.together._lines, "nobody is left waiting, and nothing is remembered"
        return found


def test_who_comes_while_one_is_at_it_is_the_next_group() -> None:
    bench = Bench()

    found = bench.at_once(1, 2, 3, 4)

    assert [one.result() for one in found] == [2, 4, 6, 8]
    assert bench.groups == [[1], [2, 3, 4]]


def test_a_group_has_a_limit() -> None:
    bench = Bench(most=2)

    found = bench.at_once(1, 2, 3, 4, 5, 6)

    assert [one.result() for one in found] == [2, 4, 6, 8, 10, 12]
    assert bench.groups == [[1], [2, 3], [4, 5], [6]]


def test_what_is_wrong_with_one_is_told_to_that_one_alone() -> None:
    bench = Bench()

    found = bench.at_once(1, 2, 13, 4)

    with pytest.raises(ValueError, match="13"):
        found.pop(2).result()
    assert [one.result() for one in found] == [2, 4, 8]
    assert bench.groups[:2] == [[1], [2, 13, 4]]
    assert sorted(bench.groups[2:]) == [[2], [4], [13]]


def test_the_first_of_a_line_may_fail_and_the_others_go_on() -> None:
    bench = Bench()

    found = bench.at_once(13, 2)

    with pytest.raises(ValueError, match="13"):
        found[0].result()
    assert found[1].result() == 4
