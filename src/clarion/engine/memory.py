"""The ledger in memory: the same promises as the real one, for tests and for measuring the engine alone."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clarion.engine.messages import Claim
from clarion.engine.outcomes import Reason
from clarion.engine.plan import (
    Batch,
    LaneSpec,
    LaneState,
    RunKey,
    RunSpec,
    Settled,
    Settlement,
    Trouble,
)
from clarion.engine.ports import Composer, StoreDown, Transport

IN_FLIGHT = 1


@dataclass(slots=True)
class MemoryDelivery:
    """One delivery's row."""

    address: str
    variables: Mapping[str, Any]
    stage: int = Settled.PENDING
    attempts: int = 0
    claim_id: int = 0
    not_before: float = 0.0
    reason: Reason | None = None


@dataclass(slots=True)
class MemoryRun:
    """One run's step."""

    spec: RunSpec
    deliveries: dict[int, MemoryDelivery]
    composer: Composer
    is_sending: bool = True


@dataclass(slots=True)
class MemoryStore:
    """`engine.ports.Store` on dicts."""

    transport: Callable[[LaneSpec], Transport]
    runs: dict[RunKey, MemoryRun] = field(default_factory=dict)
    lanes: list[LaneSpec] = field(default_factory=list)
    lane_states: dict[tuple[int, int], LaneState] = field(default_factory=dict)
    #: What went past each lane and is not among what it has saved.
    aside: dict[tuple[int, int], int] = field(default_factory=dict)
    troubles: dict[tuple[int, int], Trouble | None] = field(default_factory=dict)
    rates: dict[tuple[int, int], float] = field(default_factory=dict)
    refused: list[tuple[int, Reason, str]] = field(default_factory=list)
    paused: list[tuple[int, Reason, str]] = field(default_factory=list)
    failed: list[tuple[int, str]] = field(default_factory=list)
    suppressed: set[str] = field(default_factory=set)
    clock: Callable[[], float] = time.time
    is_down: bool = False

    def _check(self) -> None:
        if self.is_down:
            raise StoreDown("the store is down")

    def add(self, spec: RunSpec, addresses: Sequence[str], composer: Composer) -> MemoryRun:
        """Add a run with a delivery for each address."""
        deliveries = {i * 16: MemoryDelivery(address, {}) for i, address in enumerate(addresses, start=1)}
        run = self.runs[spec.key] = MemoryRun(spec, deliveries, composer)
        return run

    def count(self, stage: int) -> int:
        """Return how many deliveries of all runs are in a stage."""
        return sum(d.stage == stage for run in self.runs.values() for d in run.deliveries.values())

    async def plan(self) -> list[LaneSpec]:
        self._check()
        return list(self.lanes)

    async def open_lane(self, spec: LaneSpec) -> tuple[Transport, LaneState]:
        self._check()
        state = self.lane_states.get(spec.key, LaneState())
        return self.transport(spec), replace(state, aside=self.aside.get(spec.key, 0))

    async def composer(self, spec: LaneSpec, run: RunSpec) -> Composer:
        return self.runs[run.key].composer

    async def claim(
        self, run: RunSpec, claim_id: int, limit: int, *, counted: LaneSpec | None = None
    ) -> Batch:
        self._check()
        row = self.runs[run.key]
        now = self.clock()
        claims: list[Claim] = []
        due: float | None = None
        for delivery_id, delivery in row.deliveries.items():
            if delivery.stage != Settled.PENDING or not row.is_sending or len(claims) == limit:
                continue
            if delivery.not_before > now:
                due = delivery.not_before if due is None else min(due, delivery.not_before)
                continue
            delivery.stage, delivery.claim_id = IN_FLIGHT, claim_id
            delivery.attempts += 1
            claims.append(
                Claim(run.run_id, delivery_id, delivery.attempts, delivery.address, delivery.variables)
            )
        if counted is not None:
            state = self.lane_states.get(counted.key, LaneState())
            self.lane_states[counted.key] = replace(state, reserved=state.reserved + len(claims))
        return Batch(claim_id=claim_id, claims=claims, next_due=due)

    async def release(self, claim_ids: Sequence[int]) -> None:
        self._check()
        for run in self.runs.values():
            for delivery in run.deliveries.values():
                if delivery.stage == IN_FLIGHT and delivery.claim_id in claim_ids:
                    delivery.stage = Settled.PENDING
                    delivery.attempts -= 1

    async def settle(self, run: RunKey, settlements: Sequence[Settlement], closed: Sequence[int]) -> None:
        self._check()
        for settlement in settlements:
            delivery = self.runs[run].deliveries[settlement.delivery_id]
            if delivery.stage != IN_FLIGHT or delivery.claim_id != settlement.claim_id:
                continue
            delivery.stage = settlement.stage
            delivery.reason = settlement.reason
            delivery.not_before = settlement.not_before
            delivery.attempts -= settlement.uncounted
            if settlement.suppress:
                self.suppressed.add(delivery.address)

    async def save_lane(self, spec: LaneSpec, state: LaneState, rate: float, trouble: Trouble | None) -> int:
        self._check()
        self.lane_states[spec.key] = state
        self.troubles[spec.key] = trouble
        self.rates[spec.key] = rate
        self.aside[spec.key] = self.aside.get(spec.key, 0) - state.aside
        return self.aside[spec.key]

    async def refuse_sender(self, spec: LaneSpec, reason: Reason, detail: str) -> None:
        self._check()
        self.refused.append((spec.sender_id, reason, detail))

    async def pause_campaign(self, run: RunSpec, reason: Reason, detail: str) -> None:
        self._check()
        self.paused.append((run.campaign_id, reason, detail))

    async def fail_run(self, run: RunSpec, sentence: str) -> None:
        self._check()
        self.failed.append((run.run_id, sentence))
