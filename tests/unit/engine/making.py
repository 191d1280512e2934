"""Lanes on a store in memory and a transport that does what a test tells it."""

import asyncio
import itertools
import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from clarion.engine.journal import Journal
from clarion.engine.lane import Lane
from clarion.engine.memory import IN_FLIGHT, MemoryStore
from clarion.engine.messages import Claim, Message, RenderFailed
from clarion.engine.outcomes import Accepted, Outcome
from clarion.engine.plan import LaneSpec, LaneState, RunSpec, Settled
from tests import waiting


class Watch:
    """The time of day for a lane, which remembers what it has told it."""

    def __init__(self) -> None:
        self.told = time.time()

    def __call__(self) -> float:
        self.told = time.time()
        return self.told


class Plain:
    """Composes nothing but the address."""

    def __init__(self, cost: int = 1, took: Callable[[], None] = lambda: None, at_once: int = 0) -> None:
        self._cost, self._took, self.at_once = cost, took, at_once

    def compose(self, claim: Claim) -> Message:
        self._took()
        if claim.address.startswith("unrenderable"):
            raise RenderFailed("first_name is missing")
        return Message(claim.run_id, claim.delivery_id, claim.address, None, self._cost)


class Scripted:
    """A transport that asks `behaviour` what becomes of a message, and remembers what was handed over."""

    def __init__(
        self,
        behaviour: Callable[[Message], Outcome | Awaitable[Outcome]] = lambda message: Accepted(),
        *,
        concurrency: int = 4,
        seconds: float = 0.0,
    ) -> None:
        self.concurrency = concurrency
        self.handed: list[tuple[float, int, str]] = []
        self._behaviour, self._seconds = behaviour, seconds
        self.is_closed = False

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        if self._seconds:
            await asyncio.sleep(self._seconds)
        else:
            await asyncio.sleep(0)
        hand_over()
        self.handed.append((asyncio.get_running_loop().time(), message.run_id, message.address))
        outcome = self._behaviour(message)
        return await outcome if isinstance(outcome, Awaitable) else outcome

    async def aclose(self) -> None:
        self.is_closed = True


class Bench:
    """A lane with its surroundings."""

    def __init__(
        self, transport: Scripted, *, limits: dict[str, float | None] | None = None, **spec: Any
    ) -> None:
        self.transport = transport
        self.store = MemoryStore(lambda spec: transport)
        self._spec = {"limits": limits or {}} | spec
        self.journal_folder = folder()
        self.runs: list[RunSpec] = []
        self.lane: Lane
        self.watch = Watch()
        #: When the lane took each message, by its own clock: what happens to the machine in between does not count.
        self.taken: list[float] = []

    def add(
        self, run_id: int, count: int, *, prefix: str = "", cost: int = 1, at_once: int = 0, **facts: Any
    ) -> RunSpec:
        """Add a run with so many recipients."""
        run = RunSpec(run_id=run_id, step=0, campaign_id=run_id, **facts)
        self.store.add(
            run, [f"{prefix}p{i}@example.test" for i in range(count)], Plain(cost, self._took, at_once)
        )
        self.runs.append(run)
        return run

    def spec(self, runs: list[RunSpec] | None = None) -> LaneSpec:
        facts = {"sender_id": 1, "lane": 0, "lanes": 1, "channel": "sandbox", "version": "1"} | self._spec
        return LaneSpec(**facts, runs=tuple(self.runs if runs is None else runs))

    async def start(self, state: LaneState | None = None) -> Lane:
        self.journal = Journal(self.journal_folder, f"w{next(_numbers)}")
        self.lane = Lane(
            spec=self.spec(), store=self.store, transport=self.transport, journal=self.journal,
            state=state or LaneState(), new_claim_id=lambda: next(_numbers), clock=self.watch,
        )  # fmt: skip
        await self.lane.start()
        return self.lane

    def _took(self) -> None:
        self.taken.append(self.watch.told)

    async def until(self, question: Callable[[], bool]) -> None:
        """Wait until it is so. Fails the test after a long time."""
        await waiting.until(question, every=0.005)


_numbers = itertools.count(1)


def folder() -> Path:
    """Where journals are written; each test has its own."""
    raise AssertionError("the fixture `own_folder` sets this")


async def finished(bench: Bench) -> None:
    """Wait until every message has an outcome."""
    await bench.until(lambda: bench.store.count(Settled.PENDING) + bench.store.count(IN_FLIGHT) == 0)


def most_within(moments: list[float], span: float) -> int:
    """Return the largest number of moments in any window [t, t + span)."""
    return max((bisect_left(moments, t + span - 1e-6) - i for i, t in enumerate(moments)), default=0)
