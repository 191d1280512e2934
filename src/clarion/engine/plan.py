"""What a sending process is to do, as the store tells it, and what it tells the store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from math import inf
from typing import Any

import orjson

from clarion.engine.limits import Limits
from clarion.engine.messages import Claim
from clarion.engine.outcomes import Reason
from clarion.engine.retry import RetryPolicy

RunKey = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One step of one run that may be sent now."""

    run_id: int
    step: int
    campaign_id: int
    weight: int = 1
    #: Messages a second for the whole campaign; None for no limit of its own.
    rate_limit: float | None = None
    #: Seconds between two recipients.
    delay_min: float = 0.0
    delay_max: float = 0.0
    #: Wall-clock time from which on nothing more is handed over.
    until: float = inf
    #: Whether other steps follow what becomes of this one: the run's people are then counted by the store's followers.
    is_cascade: bool = False
    #: (delivery, now) → wall-clock time from which on this one may go, 0.0 for now; None when all may always.
    opens: Callable[[Claim, float], float] | None = field(default=None, compare=False)

    @property
    def key(self) -> RunKey:
        """The run and its step."""
        return (self.run_id, self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSpec:
    """One lane of a sender that has something to send."""

    sender_id: int
    lane: int
    lanes: int
    channel: str
    #: Changes when the sender's settings do; the lane is then opened anew.
    version: str
    limits: Mapping[str, float | None] = field(default_factory=dict)
    #: How often and when what was put off is tried again.
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    runs: tuple[RunSpec, ...] = ()

    @property
    def key(self) -> tuple[int, int]:
        return (self.sender_id, self.lane)

    def share_of_limits(self) -> Limits:
        """Return the lane's share of the sender's limits, nothing of it used."""
        counts = {n: int(v) if (v := self.limits.get(n)) else None for n in ("minute", "hour", "day")}
        return Limits(second=self.limits.get("second"), lane=self.lane, lanes=self.lanes, **counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    """What of a lane outlives its process."""

    #: What was used of its limits.
    limits: Mapping[str, Any] = field(default_factory=dict)
    #: Messages that were claimed and are not among those: they may have been sent, at any time until now.
    reserved: int = 0
    #: Messages that went by the sender past its lanes and are counted among `limits`, as the store does not know yet.
    aside: int = 0


@dataclass(slots=True, kw_only=True)
class Batch:
    """A claim: deliveries now in flight and ours."""

    claim_id: int
    claims: list[Claim]
    #: Wall-clock time when the next delivery that waits is due; None when none waits.
    next_due: float | None = None


class Settled(IntEnum):
    """Where a delivery goes when it leaves a claim. Values are the ledger's stages."""

    PENDING = 0
    SENT = 2
    FAILED = 4
    UNKNOWN = 5


@dataclass(slots=True)
class Settlement:
    """What became of one claimed delivery."""

    claim_id: int
    delivery_id: int
    stage: Settled
    code: str = ""
    provider_id: str = ""
    reason: Reason | None = None
    detail: str = ""
    #: Wall-clock time before which a PENDING one is not claimed again.
    not_before: float = 0.0
    #: Whether the attempt is taken back: nothing was handed over, or the provider as a whole was at fault.
    uncounted: bool = False
    #: Whether the address must not be written to again.
    suppress: bool = False
    #: How many the provider bills: parts of an SMS, started seconds of a call, else 1. 0 when that is not known.
    units: int = 1

    def dump(self) -> bytes:
        """Return it as a line of JSON for the journal."""
        if self.stage is Settled.SENT:
            if self.units == 1:
                return orjson.dumps([2, self.code, self.provider_id, 0, "", 0.0, False, False])
            return orjson.dumps([2, self.code, self.provider_id, 0, "", 0.0, False, False, self.units])
        return orjson.dumps(
            [
                self.stage.value, self.code, self.provider_id, self.reason.value if self.reason else 0,
                self.detail, self.not_before, self.uncounted, self.suppress,
                *(() if self.units == 1 else (self.units,)),
            ]
        )  # fmt: skip

    @classmethod
    def load(cls, claim_id: int, delivery_id: int, line: bytes) -> "Settlement":
        """Read what `dump` wrote."""
        stage, code, provider_id, reason, detail, not_before, uncounted, suppress, *more = orjson.loads(line)
        return cls(
            claim_id, delivery_id, Settled(stage), code=code, provider_id=provider_id,
            reason=Reason(reason) if reason else None, detail=detail, not_before=not_before,
            uncounted=uncounted, suppress=suppress, units=more[0] if more else 1,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a lane stands still, for screens."""

    until: float
    reason: Reason
    detail: str = ""
