"""Taking turns: what is claimed of each run, and whose message goes next."""

import random
from collections import deque
from collections.abc import Iterable, Iterator

from clarion.engine.limits import Rate
from clarion.engine.messages import Claim
from clarion.engine.plan import LaneSpec, RunKey, RunSpec
from clarion.engine.ports import Composer


class AtOnce:
    """How many messages of a run's step may be under way at once on one lane, and how many are."""

    __slots__ = ("most", "under_way")

    def __init__(self, most: int) -> None:
        self.most = most
        self.under_way = 0


def share_at_once(composer: Composer, *, lane: int, lanes: int) -> int | None:
    """Return a lane's share of how many of a composer's messages may be under way at once; None for any number.

    A composer says so by `at_once`, which counts over all lanes together: with fewer than lanes, some send nothing.
    """
    most = int(getattr(composer, "at_once", 0))
    return most // lanes + (lane < most % lanes) if most else None


class RunQueue:
    """The claimed messages of one run's step on one lane, with the run's own pace."""

    def __init__(self, run: RunSpec, composer: Composer, *, share: float, now: float) -> None:
        self.run = run
        self.key = run.key
        self.composer = composer
        #: Turns taken, each divided by the run's weight: the smallest goes next.
        self.virtual = 0.0
        #: More is claimed when so many are left.
        self.low = 0
        #: Nothing more may be handed over: it was paused or cancelled.
        self.halted = False
        #: Nor from that time on.
        self.until = run.until
        #: The ledger had nothing to claim; not asked again before that time.
        self.empty_until = 0.0
        #: The last claim held only people who may not be written to at this hour.
        self.passed_over = False
        #: How many may be under way at once; None for as many as the transport takes.
        self.at_once: AtOnce | None = None
        self._share = share
        self._rate = Rate(run.rate_limit * share) if run.rate_limit else None
        self._next_at = now
        self._claimed: deque[tuple[Claim, int]] = deque()

    def __len__(self) -> int:
        return len(self._claimed)

    @property
    def has_no_share(self) -> bool:
        """Whether others have all that may be under way at once."""
        return self.at_once is not None and not self.at_once.most

    def change(self, run: RunSpec, now: float) -> None:
        """Take over another weight, speed or delay, from now on."""
        if run.rate_limit != self.run.rate_limit:
            self._rate = Rate(run.rate_limit * self._share) if run.rate_limit else None
        if (run.delay_min, run.delay_max) != (self.run.delay_min, self.run.delay_max):
            self._next_at = now
        self.run = run
        self.until = run.until
        self.halted = False
        self.empty_until = 0.0

    def put(self, claims: Iterable[Claim], claim_id: int) -> None:
        """Add what was claimed."""
        self._claimed.extend((claim, claim_id) for claim in claims)

    def take(self, now: float) -> tuple[Claim, int]:
        """Return the next message and its claim, and count the turn."""
        self.virtual += 1.0 / self.run.weight
        if self._rate is not None:
            self._rate.take(1, now)
        if self.run.delay_max > 0:
            # Seconds on purpose not whole: people do not write at the full second.
            self._next_at = now + random.uniform(self.run.delay_min, self.run.delay_max)  # noqa: S311
        if self.at_once is not None:
            self.at_once.under_way += 1
        return self._claimed.popleft()

    def drain(self) -> Iterator[tuple[Claim, int]]:
        """Remove and yield what is claimed and not taken."""
        while self._claimed:
            yield self._claimed.popleft()

    def wait(self, now: float) -> float:
        """Return the seconds until the run's own pace lets the next one go; 0.0 for now."""
        wait = self._next_at - now if self._next_at > now else 0.0
        return wait if self._rate is None else max(wait, self._rate.wait(now))

    def soon(self, now: float, seconds: float) -> int:
        """Return how many the run's own pace lets go within the next `seconds`, at least one."""
        most = 1_000_000_000
        if self._rate is not None:
            most = max(1, self._rate.available(now) + int(self._rate.rate * seconds))
        if self.run.delay_max > 0:
            mean = (self.run.delay_min + self.run.delay_max) / 2
            most = min(most, max(1, int(seconds / mean)))
        return most if self.at_once is None else min(most, self.at_once.most)


class Turns:
    """The runs of a lane. Each gets turns by its weight; one that has nothing to send costs the others none."""

    def __init__(self) -> None:
        self.queues: dict[RunKey, RunQueue] = {}
        self._now = 0.0
        #: Of runs that may have only so many under way: one that comes back has those it left behind.
        self._at_once: dict[RunKey, AtOnce] = {}

    def add(self, queue: RunQueue, lane: LaneSpec) -> None:
        """Let a run take part, from the present on: it does not catch up on turns it was not there for.

        If it may have only so many messages under way at once, `ended` is to be told of each that it had.
        """
        at_once = share_at_once(queue.composer, lane=lane.lane, lanes=lane.lanes)
        if at_once is not None:
            queue.at_once = self._at_once.setdefault(queue.key, AtOnce(at_once))
            queue.at_once.most = at_once
        queue.virtual = self._now
        self.queues[queue.run.key] = queue

    def ended(self, queue: RunQueue) -> None:
        """Note that a message of a run that may have only so many under way is so no more."""
        assert queue.at_once is not None  # noqa: S101 - whoever calls has looked
        queue.at_once.under_way -= 1
        if not queue.at_once.under_way and queue.key not in self.queues:
            self._at_once.pop(queue.key, None)

    def next(self, now: float) -> tuple[RunQueue | None, float | None]:
        """Return whose turn it is, or None and the seconds until a run's own pace allows one (None: no run)."""
        best: RunQueue | None = None
        shortest: float | None = None
        for queue in self.queues.values():
            if not len(queue) or queue.halted or queue.until <= now:
                continue
            if queue.at_once is not None and queue.at_once.under_way >= queue.at_once.most:
                continue
            wait = queue.wait(now)
            if wait > 0.0:
                shortest = wait if shortest is None else min(shortest, wait)
                continue
            if queue.virtual < self._now:
                queue.virtual = self._now
            if best is None or queue.virtual < best.virtual:
                best = queue
        if best is not None:
            self._now = best.virtual
        return best, shortest
