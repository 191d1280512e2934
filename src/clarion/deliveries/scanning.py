"""Finding rows of a run in the order of their ids, forwards or backwards, in bounded time.

Where an index holds what is looked for, it leads; what it does not hold is tested row by row, a window at a
time, until enough is found or the time is used up. A caller is told how far the search came and goes on there.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from clarion.deliveries.states import STEPS

#: Rows tested in the first window and in the following ones.
FIRST_WINDOW = 1_000
WINDOW = 10_000
#: Seconds after which a page is given as far as it came.
BUDGET_SECONDS = 0.03
#: Beyond every id.
END = 2**62

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One table of a run to walk through in the order of its ids.

    `source` is the FROM and WHERE of the rows with `%(run)s` in it, to which the bounds of ids are added; `id`
    is the name of the id in it, `columns` what `test` looks at.
    """

    source: str
    id: str = "id"
    columns: str = ""
    #: An SQL condition on the columns; empty when every row of the source is wanted.
    test: str = ""
    parameters: Parameters = field(default_factory=dict)
    #: Disjoint ascending bounds of ids, both included.
    ranges: Sequence[tuple[int, int]] = ((0, END),)
    #: Whether the ids are of recipients; else they are of deliveries, of which a recipient has so many.
    of_recipients: bool = False
    per_recipient: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Ids of recipients in the direction of the search; `reached` is where it broke off, None at the end."""

    ids: list[int]
    reached: int | None = None


def search(
    ways: Sequence[Way],
    *,
    run_id: int,
    start: int | None,
    backwards: bool,
    wanted: int,
    budget: float,
    window: int | None = None,
) -> Found:
    """Return up to `wanted` recipients beyond `start` from all ways together, each once, in order."""
    deadline = time.monotonic() + budget
    founds = [
        _walk(
            way,
            run_id=run_id,
            start=start,
            backwards=backwards,
            wanted=wanted,
            deadline=deadline,
            window=window or WINDOW,
        )
        for way in ways
    ]
    broken = [found.reached for found in founds if found.reached is not None]
    edge = (max(broken) if backwards else min(broken)) if broken else None
    merged = sorted({one for found in founds for one in found.ids}, reverse=backwards)
    if edge is not None:
        # Beyond the place where one way broke off, another's finds would hide what lies between.
        merged = [one for one in merged if (one >= edge if backwards else one <= edge)]
    if len(merged) >= wanted:
        return Found(ids=merged[:wanted], reached=merged[wanted - 1])
    return Found(ids=merged, reached=edge)


def _walk(
    way: Way, *, run_id: int, start: int | None, backwards: bool, wanted: int, deadline: float, window: int
) -> Found:
    ids: list[int] = []
    rows = wanted * way.per_recipient
    size = FIRST_WINDOW if way.test else rows
    for low, high in _bounds(way, start, backwards):
        while True:
            count, last, found = _window(way, run_id, (low, high), backwards, rows, size)
            ids = list(dict.fromkeys(ids + [_recipient(way, one) for one in found]))
            if len(ids) >= wanted:
                return Found(ids=ids[:wanted], reached=ids[wanted - 1])
            if count < size or last is None:
                break
            if time.monotonic() > deadline:
                return Found(ids=ids, reached=_before(way, last, backwards))
            low, high = (low, last) if backwards else (last, high)
            size = window if way.test else rows
    return Found(ids=ids)


def _recipient(way: Way, one: int) -> int:
    return one if way.of_recipients else one // STEPS


def _before(way: Way, last: int, backwards: bool) -> int:
    """Return the last recipient that was tested wholly."""
    recipient = _recipient(way, last)
    if way.of_recipients or way.per_recipient == 1:
        return recipient
    return recipient + 1 if backwards else recipient - 1


def _bounds(way: Way, start: int | None, backwards: bool) -> Iterator[tuple[int, int]]:
    """Yield exclusive bounds of ids to walk through, in the direction of the search."""
    first, last = -1, END
    if start is not None and backwards:
        last = start if way.of_recipients else start * STEPS
    elif start is not None:
        first = start if way.of_recipients else start * STEPS + STEPS - 1
    for low, high in sorted(way.ranges, reverse=backwards):
        bounds = (max(first, low - 1), min(last, high + 1))
        if bounds[0] + 1 < bounds[1]:
            yield bounds


def _window(
    way: Way, run_id: int, bounds: tuple[int, int], backwards: bool, rows: int, size: int
) -> tuple[int, int | None, list[int]]:
    """Return how many rows were tested, the last one's id, and the ids of at most `rows` that passed."""
    direction, edge = ("desc", "min") if backwards else ("asc", "max")
    columns = f", {way.columns}" if way.columns else ""
    where = f"where {way.test}" if way.test else ""
    # The texts are this module's and its callers'; every value goes by parameter.
    sql = (
        f"with candidate as materialized (select {way.id} as id{columns} {way.source}"
        f" and {way.id} > %(low)s and {way.id} < %(high)s order by {way.id} {direction} limit %(size)s)"
        f" select (select count(*) from candidate), (select {edge}(id) from candidate),"
        f" array(select id from candidate {where} order by id {direction} limit %(rows)s)"
    )
    parameters = {
        "run": run_id, "low": bounds[0], "high": bounds[1], "size": size, "rows": rows, **way.parameters,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        count, last, ids = cursor.fetchone()
    return count, last, ids
