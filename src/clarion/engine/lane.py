"""One lane: takes turns among its runs, claims ahead, hands over within the limits, settles in batches.

Its slots, as many as the transport takes at once, each send one message at a time. What they take from is
filled by the claiming task, what they leave behind is written by the settling task; no slot ever waits for the
database.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

import structlog

from clarion.engine.hours import put_off_closed
from clarion.engine.journal import Journal
from clarion.engine.messages import Claim, RenderFailed
from clarion.engine.outcomes import Reason
from clarion.engine.patience import let_end, patience_of
from clarion.engine.plan import Batch, LaneSpec, LaneState, RunSpec, Trouble
from clarion.engine.ports import Store, StoreDown, Transport
from clarion.engine.refusals import Refusals
from clarion.engine.retry import Breaker
from clarion.engine.sending import Handover
from clarion.engine.settling import Outbox
from clarion.engine.turns import RunQueue, Turns

log = structlog.get_logger(__name__)

#: A claim is never larger than this, nor than about half a second of sending.
CLAIM_MOST = 1000
CLAIM_SECONDS = 0.5
#: How long the claiming task waits at most before it looks again.
LOOK_SECONDS = 0.5
#: The speed is measured over so many seconds.
MEASURE_SECONDS = 0.1
SAVE_SECONDS = 1.0
#: What a campaign's author reads when preparing its message met a fault of ours.
UNPREPARABLE = "A fault in the program kept the message from being prepared; the log has the details."


class Lane:
    """Sends for one lane of one sender, while this process owns it."""

    def __init__(
        self,
        *,
        spec: LaneSpec,
        store: Store,
        transport: Transport,
        journal: Journal,
        state: LaneState,
        new_claim_id: Callable[[], int],
        clock: Callable[[], float] = time.time,
        is_owned: Callable[[], bool] = lambda: True,
    ) -> None:
        #: Asked at every hand-over: a process that was frozen must not go on where it was.
        self.is_owned = is_owned
        self.spec, self.transport, self.journal, self.clock = spec, transport, journal, clock
        self.outbox = Outbox(store, journal)
        self.breaker = Breaker()
        self.suspended = self.stopping = False
        self._store, self._new_claim_id = store, new_claim_id
        self._limits = spec.share_of_limits()
        self._limits.restore(state.limits, clock(), reserved=state.reserved + state.aside)
        #: Claiming and saving do not cross: what is claimed is either reserved or saved, never neither.
        self._counting = asyncio.Lock()
        self._saved: tuple[LaneState, float, Trouble | None] | None = None
        self._turns, self._refusals = Turns(), Refusals()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._busy = self._handed = self._handed_since_save = 0
        self._timer: asyncio.Handle | None = None
        #: When the timer wakes; uvloop's handles of the very near future do not say.
        self._wakes_at = 0.0
        self._claim_wanted = asyncio.Event()
        self._doubtful: list[int] = []
        self._slots: list[asyncio.Task[None]] = []
        self._servants: list[asyncio.Task[None]] = []
        self._trouble: Trouble | None = None
        self._rate, self._aside, self._measured_at, self._saved_at = 0.0, state.aside, clock(), clock()

    async def start(self) -> None:
        """Begin to send."""
        for run in self.spec.runs:
            await self._add(run)
        self._slots = [asyncio.create_task(self._slot()) for _ in range(max(1, self.transport.concurrency))]
        self._servants = [asyncio.create_task(self._claim_on()), asyncio.create_task(self._settle_on())]

    async def update(self, spec: LaneSpec) -> None:
        """Take over what changed: runs that came, went, or have another speed; limits."""
        now = self.clock()
        if spec.limits != self.spec.limits:
            saved = self._limits
            self._limits = spec.share_of_limits()
            self._limits.restore(saved.save(), now)
            if saved.unlimited:
                # What is claimed by now is not reserved; it is claimed again.
                for queue in self._turns.queues.values():
                    self.outbox.give_back(queue)
        self.spec = spec
        wanted = {run.key: run for run in spec.runs}
        for key in [k for k in self._turns.queues if k not in wanted]:
            queue = self._turns.queues.pop(key)
            queue.halted = True
            self.outbox.give_back(queue)
        for key, run in wanted.items():
            if key in self._turns.queues:
                self._turns.queues[key].change(run, now)
            else:
                await self._add(run)
        self._wake()

    def withdraw(self, campaign_id: int | None = None) -> None:
        """Hand over nothing more of a campaign (or of any) until the next `update` names it."""
        for queue in self._turns.queues.values():
            if campaign_id is None or queue.run.campaign_id == campaign_id:
                queue.halted = True
                self.outbox.give_back(queue)

    def resume(self) -> None:
        """Go on after `suspended` was set because the ownership of the lane was in doubt."""
        self.suspended = False
        self._wake()

    @property
    def is_talking(self) -> bool:
        """Whether something is under way that takes its time, such as a call, so that the lane is better kept."""
        return self._busy > 0 and patience_of(self.transport) > 0

    async def stop(self, *, seconds: float, ending: asyncio.Event | None = None) -> bool:
        """Give back what is claimed, let what is being handed over end within `seconds`, close and `settle`.

        What takes its time (`patience_of`) has that time, until `ending` is set and `seconds` more.
        """
        self.stopping = True
        claiming, settling = self._servants
        claiming.cancel()
        await asyncio.gather(claiming, return_exceptions=True)
        self.withdraw()
        self._wake()
        if ending is not None and self.is_talking:
            await let_end(self._slots, patience_of(self.transport), ending)
        _, late = await asyncio.wait(self._slots, timeout=seconds)
        for task in [*late, settling]:
            task.cancel()
        await asyncio.gather(*late, settling, return_exceptions=True)
        try:
            await self.transport.aclose()
        except Exception:
            log.exception("transport.unclosable", sender=self.spec.sender_id)
        return await self.settle()

    async def settle(self) -> bool:
        """Write what a stopped lane still holds; return whether nothing of it is left unwritten."""
        try:
            await self._release_doubtful()
            await self.outbox.flush()
            await self._save()
        except StoreDown:
            log.warning("lane.unsettled", sender=self.spec.sender_id, lane=self.spec.lane)
            return False
        except Exception:
            log.exception("lane.settle_fault", sender=self.spec.sender_id, lane=self.spec.lane)
            return False
        return True

    def charge(self, more: int) -> None:
        """Count a message under way as so many more. The limits may be overdrawn by it; the next one waits."""
        self._limits.take(more, self.clock())

    def provider_failed(self, reason: Reason, detail: str, asked: float | None) -> float:
        """Note a failure of the provider as a whole; return the wall-clock time to try again."""
        now = self.clock()
        if self.breaker.failed(now, asked):
            self._trouble = Trouble(until=self.breaker.open_until, reason=reason, detail=detail)
            self._saved_at = 0.0
            self.outbox.hurry()
            for queue in self._turns.queues.values():
                self.outbox.give_back(queue)
            log.warning("provider.down", sender=self.spec.sender_id, reason=reason.name, detail=detail)
        return max(now, self.breaker.open_until)

    def provider_answered(self) -> None:
        """Note that the provider is there."""
        if self.breaker.succeeded() or self._trouble:
            self._trouble = None
            self._wake()

    def sender_refused(self, reason: Reason, detail: str) -> None:
        """Stop: the provider does not let this sender send."""
        if self._refusals.of_sender is None:
            self._refusals.of_sender = (reason, detail)
            self.withdraw()
            self.outbox.hurry()

    def campaign_refused(self, queue: RunQueue, reason: Reason, detail: str) -> None:
        """Stop a campaign: the provider does not take what it says to anybody."""
        if not queue.halted:
            queue.halted = True
            self.outbox.give_back(queue)
            self._refusals.add(queue.run, reason, detail)
            self.outbox.hurry()

    async def _slot(self) -> None:
        loop = asyncio.get_running_loop()
        while not self.stopping:
            taken = self._take()
            if taken is None:
                future: asyncio.Future[None] = loop.create_future()
                self._idle.append(future)
                await future
                continue
            self._busy += 1
            try:
                await Handover(self, *taken).run()
            finally:
                self._busy -= 1
                self._handed += 1
                if taken[0].at_once is not None:
                    self._turns.ended(taken[0])

    def _take(self) -> tuple[RunQueue, Claim, int] | None:
        """Return the next message to hand over now, or None, with the timer set for when to look again."""
        if self.suspended or self._refusals.of_sender:
            return None
        now = self.clock()
        if self.breaker.open_until and (self.breaker.is_open(now) or self._busy):
            # Open, or half open with the probe under way.
            self._look_in(max(0.01, self.breaker.open_until - now))
            return None
        if not self._limits.unlimited and self._limits.available(now) < 1:
            self._look_in(self._limits.wait(now))
            return None
        queue, wait = self._turns.next(now)
        if queue is None:
            self._claim_wanted.set()
            if wait is not None:
                self._look_in(wait)
            return None
        claim, claim_id = queue.take(now)
        self._limits.take(1, now)
        if len(queue) <= queue.low:
            self._claim_wanted.set()
        return queue, claim, claim_id

    def _look_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time() + max(0.0005, min(seconds, 5.0))
        if self._timer is not None:
            if self._wakes_at <= at:
                return
            self._timer.cancel()
        self._timer, self._wakes_at = loop.call_at(at, self._wake), at

    def _wake(self, most: int = 1_000_000) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._idle and most:
            future = self._idle.popleft()
            if not future.done():
                future.set_result(None)
                most -= 1

    async def _claim_on(self) -> None:
        while True:
            try:
                claimed = await self._claim_for_all()
            except StoreDown:
                claimed = False
                await asyncio.sleep(LOOK_SECONDS)
            except Exception:
                claimed = False
                log.exception("lane.claim_fault", sender=self.spec.sender_id, lane=self.spec.lane)
                await asyncio.sleep(LOOK_SECONDS)
            if not claimed:
                self._claim_wanted.clear()
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._claim_wanted.wait()
                except TimeoutError:
                    continue
                # Slots that find nothing ask at once; do not run in a circle with them.
                await asyncio.sleep(0.002)

    async def _claim_for_all(self) -> bool:
        """Claim once for every run that needs it; return whether anything was claimed."""
        now = self.clock()
        await self._release_doubtful()
        if self.suspended or self._refusals.of_sender or self.breaker.is_open(now):
            return False
        claimed = False
        for queue in sorted(self._turns.queues.values(), key=lambda q: q.virtual):
            size = self._wanted(queue, now)
            queue.low = size // 2
            if queue.until <= now or queue.has_no_share:
                continue
            if size >= 1 and len(queue) <= queue.low and not queue.halted and queue.empty_until <= now:
                claimed = await self._claim(queue, size) or claimed
        return claimed

    async def _claim(self, queue: RunQueue, size: int) -> bool:
        claim_id = self._new_claim_id()
        self.journal.open_claim(claim_id)
        try:
            async with self._counting:
                counted = None if self._limits.unlimited else self.spec
                batch = await self._store.claim(queue.run, claim_id, size, counted=counted)
                self._received(queue, batch)
                self._saved = None
        except BaseException:
            self._doubtful.append(claim_id)
            raise
        return bool(batch.claims)

    def _received(self, queue: RunQueue, batch: Batch) -> None:
        if not batch.claims:
            self.journal.close_claim(batch.claim_id)
            latest = self.clock() + LOOK_SECONDS
            queue.empty_until = latest if batch.next_due is None else min(batch.next_due, latest)
            return
        self.outbox.expect(batch.claim_id, len(batch.claims))
        queue.put(put_off_closed(queue, batch, self.outbox, self.clock()), batch.claim_id)
        if queue.halted or self.stopping:
            self.outbox.give_back(queue)
        else:
            self._wake(len(batch.claims))

    async def _release_doubtful(self) -> None:
        if self._doubtful:
            await self._store.release(self._doubtful)
            for claim_id in self._doubtful:
                self.journal.close_claim(claim_id)
            self._doubtful.clear()

    def _wanted(self, queue: RunQueue, now: float) -> int:
        """Return how many of a run to hold claimed: about half a second's worth, shared among the runs."""
        if self.breaker.open_until:
            return 1
        if queue.passed_over:
            return CLAIM_MOST  # nobody of the last claim could be written to at this hour: look on quickly
        runs = len(self._turns.queues)
        size = max(self.transport.concurrency, int(self._rate * CLAIM_SECONDS))
        size = min(CLAIM_MOST, -(-size // runs), queue.soon(now, CLAIM_SECONDS))
        return size if self._limits.unlimited else min(size, self._limits.soon(now, CLAIM_SECONDS))

    async def _settle_on(self) -> None:
        while True:
            await self.outbox.due()
            try:
                await self.outbox.flush()
                self._measure()
                if self.clock() - self._saved_at >= SAVE_SECONDS:
                    await self._save()
                await self._refusals.tell(self._store, self.spec)
            except StoreDown:
                await asyncio.sleep(LOOK_SECONDS)
            except Exception:
                # A fault in one write must not end all writing: what was not written stays to be written.
                log.exception("lane.settle_fault", sender=self.spec.sender_id, lane=self.spec.lane)
                await asyncio.sleep(LOOK_SECONDS)

    def _measure(self) -> None:
        now = self.clock()
        spent = now - self._measured_at
        if spent >= MEASURE_SECONDS:
            self._rate = 0.5 * self._rate + 0.5 * self._handed / spent
            self._handed_since_save += self._handed
            self._handed, self._measured_at = 0, now

    async def _save(self) -> None:
        async with self._counting:
            now = self.clock()
            spent = max(SAVE_SECONDS, now - self._saved_at) if self._saved_at else SAVE_SECONDS
            claimed = 0 if self._limits.unlimited else sum(map(len, self._turns.queues.values()))
            state = LaneState(limits=self._limits.save(), reserved=claimed, aside=self._aside)
            # What a lane leaves behind is not a speed any more.
            rate = 0.0 if self.stopping else self._handed_since_save / spent
            told = (state, rate, self._trouble)
            # What lasts is told again and again: by that others know that it lasts.
            if told != self._saved or rate or self._trouble:
                self._aside = await self._store.save_lane(self.spec, *told)
                self._limits.take(self._aside, self.clock())
            self._saved, self._handed_since_save, self._saved_at = told, 0, now

    async def _add(self, run: RunSpec) -> None:
        try:
            composer = await self._store.composer(self.spec, run)
        except RenderFailed as failure:
            await self._store.fail_run(run, str(failure))
            return
        except StoreDown:
            raise
        except Exception:
            # One run that cannot be prepared must not keep the others from being sent.
            log.exception("run.unpreparable", run=run.run_id, step=run.step)
            await self._store.fail_run(run, UNPREPARABLE)
            return
        self._turns.add(RunQueue(run, composer, share=1.0 / self.spec.lanes, now=self.clock()), self.spec)
        self._claim_wanted.set()
