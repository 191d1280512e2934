"""Going through the people of a run whom a filter leaves, from the first to the last, however many there are.

A batch is read from one snapshot, so that whoever a filter found is told as found; between batches a run that is
under way goes on, and nobody is held up.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from clarion.deliveries import finding, narrowing, queries, scanning
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.wanted import Wanted
from clarion.workspaces.connections import snapshot

#: People in one batch: a few tens of milliseconds.
BATCH = 2_000
#: Seconds after which a search that finds little tells how far it has come.
SEARCH_SECONDS = 1.0

T = TypeVar("T")


def batches(
    run: Run, wanted: Wanted, read: Callable[[Sequence[RunStep], list[int]], T], *, is_private: bool
) -> Iterator[T]:
    """Yield batch by batch what `read` returns of the run's steps and the numbers of people, of whom a stretch may
    have none."""
    after: int | None = None
    while True:
        with snapshot():
            steps = queries.lean_steps(run)
            matches = finding.find(run, steps, wanted.q, is_private=is_private) if wanted.q else None
            found = scanning.search(
                narrowing.ways(run, steps, wanted.narrowing, matches),
                run_id=run.pk,
                start=after,
                backwards=False,
                wanted=BATCH,
                budget=SEARCH_SECONDS,
            )
            made = read(steps, found.ids)
        yield made
        if found.reached is None:
            return
        after = found.reached
