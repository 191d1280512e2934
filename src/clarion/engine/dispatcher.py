"""The sending process's heart: which lanes this process owns, and telling them what changed."""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import structlog

from clarion.engine.journal import Journal
from clarion.engine.lane import Lane
from clarion.engine.outcomes import Reason
from clarion.engine.plan import LaneSpec
from clarion.engine.ports import Store, StoreDown

log = structlog.get_logger(__name__)

LaneKey = tuple[int, int]

#: The plan is looked at so often even when nobody calls.
LOOK_SECONDS = 0.5
#: The ownership is looked at so often; every hand-over asks for it besides.
GUARD_SECONDS = 0.25
#: What is being handed over when a lane stops may take so long to end.
GRACE_SECONDS = 5.0
#: Claims of one process are numbered below this; its own number stands above.
CLAIMS_PER_WORKER = 1 << 36


class Locks(Protocol):
    """Who owns which lane, across all processes."""

    async def acquire(self, key: LaneKey) -> bool:
        """Try to become the owner; return at once. Raises StoreDown."""

    async def release(self, key: LaneKey) -> None:
        """Stop being the owner. Raises StoreDown."""

    async def peers(self) -> int:
        """Return how many sending processes could own lanes, this one included. Raises StoreDown."""

    @property
    def sound(self) -> bool:
        """Whether ownership is beyond doubt at this moment."""

    @property
    def generation(self) -> int:
        """Changes when every lock was lost with the connection that held them."""


class Dispatcher:
    """Owns lanes and keeps them at what the plan says."""

    def __init__(
        self,
        *,
        store: Store,
        locks: Locks,
        journal: Journal,
        worker_id: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._locks, self._journal, self._clock = store, locks, journal, clock
        numbers = itertools.count(worker_id * CLAIMS_PER_WORKER + 1)
        self._new_claim_id = lambda: next(numbers)
        self._lanes: dict[LaneKey, Lane] = {}
        self._closing: dict[LaneKey, asyncio.Task[None]] = {}
        self._wanted = asyncio.Event()
        self._generation = locks.generation
        #: Set when the process ends: what cannot be settled then is left to the journal.
        self._ending = asyncio.Event()

    def wake(
        self, *, campaign_id: int | None = None, sender_id: int | None = None, is_halt: bool = False
    ) -> None:
        """Something changed: look at the plan now.

        A named campaign or sender hands over nothing until that is done; at a halt nobody does.
        """
        for (sender, _), lane in self._lanes.items():
            if is_halt or sender == sender_id:
                lane.withdraw()
            elif campaign_id is not None:
                lane.withdraw(campaign_id)
        self._wanted.set()

    @property
    def lanes(self) -> int:
        """How many lanes this process owns."""
        return len(self._lanes)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then give back what is claimed and let what is under way end."""
        guard = asyncio.create_task(self._guard())
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._wanted.clear()
                try:
                    await self._look()
                except StoreDown as down:
                    log.warning("store.down", detail=str(down)[:200])
                    await asyncio.sleep(LOOK_SECONDS)
                except Exception:
                    # Whatever it was, the lanes that send must go on.
                    log.exception("dispatcher.fault")
                    await asyncio.sleep(LOOK_SECONDS)
                wanted = asyncio.create_task(self._wanted.wait())
                await asyncio.wait(
                    {wanted, stopped}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                wanted.cancel()
        finally:
            stopped.cancel()
            guard.cancel()
            self._ending.set()
            for key in list(self._lanes):
                self._close(key)
            await asyncio.gather(*self._closing.values(), return_exceptions=True)

    async def _guard(self) -> None:
        """Hold every lane still while the ownership is in doubt. Needs no database to do so."""
        while True:
            await asyncio.sleep(GUARD_SECONDS)
            for lane in self._lanes.values():
                if not self._is_owner():
                    lane.suspended = True
                elif lane.suspended:
                    lane.resume()

    def _is_owner(self) -> bool:
        """Whether the lanes of this process are its own at this very moment."""
        return self._locks.sound and self._generation == self._locks.generation

    async def _look(self) -> None:
        plan = {spec.key: spec for spec in await self._store.plan()}
        if self._generation != self._locks.generation:
            await self._own_again()
        for key, lane in list(self._lanes.items()):
            if key not in plan and lane.is_talking:
                # Nothing more of it goes, but who is on the telephone is let finish, and the lane is there for more.
                await self._update(lane, replace(lane.spec, runs=()))
            elif key not in plan or plan[key].version != lane.spec.version:
                self._close(key)
        for key, spec in plan.items():
            if key in self._lanes:
                await self._update(self._lanes[key], spec)
        await self._balance(plan)

    async def _update(self, lane: Lane, spec: LaneSpec) -> None:
        try:
            await lane.update(spec)
        except StoreDown:
            raise
        except Exception:
            # One lane that cannot follow must not keep the others from being told of a pause.
            log.exception("lane.update_fault", sender=spec.sender_id, lane=spec.lane)
            self._close(spec.key)

    async def _own_again(self) -> None:
        """After all locks were lost: keep the lanes that can be locked again, close the others.

        What was claimed goes back: while the locks were lost, others may have judged it.
        """
        generation = self._locks.generation
        for key, lane in list(self._lanes.items()):
            lane.withdraw()
            if not await self._locks.acquire(key):
                log.warning("lane.lost", sender=key[0], lane=key[1])
                self._close(key)
        # Lost once more meanwhile, it is done once more.
        self._generation = generation

    async def _balance(self, plan: dict[LaneKey, LaneSpec]) -> None:
        """Take free lanes up to a fair share; give up what is above it.

        A process that dies stops counting at the moment in which its lanes become free.
        """
        if not plan and not self._lanes:
            return
        fair = -(-len(plan) // max(1, await self._locks.peers()))
        for key, spec in plan.items():
            if len(self._lanes) < fair and key not in self._lanes and key not in self._closing:
                await self._open(spec)
        # What is kept only until its calls have ended is in nobody's plan, and takes nobody's share.
        planned = [key for key in self._lanes if key in plan]
        if len(planned) > fair:
            self._close(planned[-1])

    async def _open(self, spec: LaneSpec) -> None:
        if not await self._locks.acquire(spec.key):
            return
        try:
            lane = await self._opened(spec)
        except StoreDown:
            await self._locks.release(spec.key)
            raise
        except Exception as fault:
            # One sender that cannot be opened must not keep the others from sending.
            log.exception("lane.unopenable", sender=spec.sender_id)
            await self._refuse(spec, str(fault)[:200])
            return
        self._lanes[spec.key] = lane
        log.info("lane.opened", sender=spec.sender_id, lane=spec.lane)

    async def _refuse(self, spec: LaneSpec, detail: str) -> None:
        try:
            await self._store.refuse_sender(spec, Reason.SENDER_UNUSABLE, detail)
        except StoreDown:
            raise
        except Exception:
            log.exception("sender.unblockable", sender=spec.sender_id)
        finally:
            await self._locks.release(spec.key)

    async def _opened(self, spec: LaneSpec) -> Lane:
        transport, state = await self._store.open_lane(spec)
        try:
            lane = Lane(
                spec=spec,
                store=self._store,
                transport=transport,
                journal=self._journal,
                state=state,
                new_claim_id=self._new_claim_id,
                clock=self._clock,
                is_owned=self._is_owner,
            )
            await lane.start()
        except BaseException:
            await transport.aclose()
            raise
        return lane

    def _close(self, key: LaneKey) -> None:
        """Stop a lane beside the others' work; it is free for another owner when its last message has ended."""
        lane = self._lanes.pop(key)
        self._closing[key] = asyncio.create_task(self._stop_lane(key, lane))

    async def _stop_lane(self, key: LaneKey, lane: Lane) -> None:
        try:
            is_settled = await lane.stop(seconds=GRACE_SECONDS, ending=self._ending)
            # While the process lives nobody else looks after what the lane held.
            while not is_settled and not self._ending.is_set():
                await asyncio.sleep(LOOK_SECONDS)
                is_settled = await lane.settle()
            await self._locks.release(key)
            log.info("lane.closed", sender=key[0], lane=key[1], settled=is_settled)
        except StoreDown:
            log.warning("lane.unreleased", sender=key[0], lane=key[1])
        except Exception:
            log.exception("lane.close_fault", sender=key[0], lane=key[1])
        finally:
            del self._closing[key]
