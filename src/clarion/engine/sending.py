"""One hand-over: compose, journal, send, journal, and from the outcome to what is settled."""

import asyncio
from math import inf
from typing import TYPE_CHECKING

import structlog

from clarion.engine.messages import Claim, RenderFailed
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown
from clarion.engine.plan import Settled, Settlement
from clarion.engine.ports import Withdrawn
from clarion.engine.turns import RunQueue

if TYPE_CHECKING:
    from clarion.engine.lane import Lane

log = structlog.get_logger(__name__)

#: What screens say while the journal of hand-overs cannot be written.
JOURNAL_UNWRITABLE = "Nothing is sent while the disk of this sending process takes no data"
#: Reasons that say the address itself is dead, or closed to us.
SUPPRESSING = frozenset(
    {Reason.ADDRESS_UNKNOWN, Reason.DOMAIN_UNKNOWN, Reason.RECIPIENT_BLOCKED, Reason.ADDRESS_EXPIRED}
)


class Handover:
    """One claimed delivery on its way through a slot of a lane."""

    __slots__ = ("_claim", "_claim_id", "_handed", "_lane", "_queue", "_units")

    def __init__(self, lane: "Lane", queue: RunQueue, claim: Claim, claim_id: int) -> None:
        self._lane, self._queue, self._claim, self._claim_id = lane, queue, claim, claim_id
        self._handed = False
        self._units = 1

    async def run(self) -> None:
        """Hand the message over and settle what became of it. Raises only CancelledError."""
        try:
            await self._run()
        except Exception:
            # A slot that dies would take its message along, and nobody would ever hear of either.
            log.exception("handover.fault", run=self._claim.run_id, delivery=self._claim.delivery_id)
            stage = Settled.UNKNOWN if self._handed else Settled.FAILED
            self._settle(stage, reason=Reason.TRANSPORT_FAULT if self._handed else Reason.RENDER_FAILED)

    async def _run(self) -> None:
        claim = self._claim
        try:
            message = self._queue.composer.compose(claim)
        except RenderFailed as failure:
            self._finish(Refused(reason=Reason.RENDER_FAILED, scope=Scope.MESSAGE, detail=str(failure)[:200]))
            return
        if message.cost > 1:
            self._lane.charge(message.cost - 1)
            self._units = message.cost
        try:
            outcome = await self._lane.transport.send(message, self._hand_over)
        except Withdrawn:
            self._settle(Settled.PENDING, uncounted=True)
            return
        except asyncio.CancelledError:
            self._interrupted()
            raise
        except Exception:
            log.exception("transport.fault", run=claim.run_id, delivery=claim.delivery_id)
            outcome = (
                Unknown(reason=Reason.TRANSPORT_FAULT)
                if self._handed
                else Deferred(reason=Reason.TRANSPORT_FAULT)
            )
        self._finish(outcome)

    def _hand_over(self) -> None:
        lane = self._lane
        if lane.suspended or lane.stopping or self._queue.halted or not lane.is_owned():
            raise Withdrawn
        run = self._queue.run
        if run.until != inf and lane.clock() >= run.until:
            raise Withdrawn
        if run.opens is not None and run.opens(self._claim, lane.clock()):
            raise Withdrawn
        try:
            lane.journal.begin(self._claim_id, self._claim.delivery_id)
        except OSError as problem:
            # What cannot be remembered must not be handed over; the disk is not the recipient's fault.
            lane.provider_failed(Reason.TRANSPORT_FAULT, f"{JOURNAL_UNWRITABLE} ({problem.strerror})", 1.0)
            raise Withdrawn from problem
        self._handed = True

    def _interrupted(self) -> None:
        if self._handed:
            self._settle(Settled.UNKNOWN, reason=Reason.HANDOVER_INTERRUPTED)
        else:
            self._settle(Settled.PENDING, uncounted=True)

    def _finish(self, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted):
            lane, claim = self._lane, self._claim
            lane.provider_answered()
            settlement = Settlement(
                self._claim_id, claim.delivery_id, Settled.SENT, outcome.code[:20], outcome.provider_id[:120]
            )
            if outcome.units or self._units != 1:
                settlement.units = outcome.units or self._units
            lane.journal.end(self._claim_id, claim.delivery_id, settlement.dump())
            lane.outbox.add(self._queue.key, settlement)
        elif isinstance(outcome, Deferred):
            self._put_off(outcome)
        elif isinstance(outcome, Unknown):
            # A provider that breaks off every message must not make a whole campaign unknown.
            self._lane.provider_failed(outcome.reason, outcome.detail, None)
            self._settle(Settled.UNKNOWN, reason=outcome.reason, code=outcome.code, detail=outcome.detail)
        else:
            self._refused(outcome)

    def _put_off(self, outcome: Deferred) -> None:
        lane, reason, code, detail = self._lane, outcome.reason, outcome.code, outcome.detail
        if outcome.scope in (Scope.PROVIDER, Scope.SENDER):
            until = lane.provider_failed(reason, detail, outcome.after)
            self._settle(
                Settled.PENDING, uncounted=True, not_before=until, reason=reason, code=code, detail=detail
            )
            return
        lane.provider_answered()
        # A message that was sent again by hand has all its attempts anew.
        attempt = (self._claim.attempt - 1) % lane.spec.retry.attempts + 1
        if attempt >= lane.spec.retry.attempts:
            self._settle(Settled.FAILED, reason=Reason.ATTEMPTS_EXHAUSTED, code=code, detail=detail)
            return
        if outcome.exact and outcome.after is not None:
            until = lane.clock() + outcome.after
        else:
            until = lane.clock() + lane.spec.retry.gap(attempt, outcome.after)
        self._settle(Settled.PENDING, not_before=until, reason=reason, code=code, detail=detail)

    def _refused(self, outcome: Refused) -> None:
        if outcome.scope is Scope.SENDER:
            self._lane.sender_refused(outcome.reason, outcome.detail)
            self._settle(
                Settled.PENDING,
                uncounted=True,
                reason=outcome.reason,
                code=outcome.code,
                detail=outcome.detail,
            )
            return
        self._lane.provider_answered()
        if outcome.scope is Scope.CAMPAIGN:
            self._lane.campaign_refused(self._queue, outcome.reason, outcome.detail)
            self._settle(
                Settled.PENDING,
                uncounted=True,
                reason=outcome.reason,
                code=outcome.code,
                detail=outcome.detail,
            )
            return
        self._settle(
            Settled.FAILED,
            reason=outcome.reason,
            code=outcome.code,
            detail=outcome.detail,
            suppress=outcome.scope is Scope.RECIPIENT and outcome.reason in SUPPRESSING,
        )

    def _settle(
        self,
        stage: Settled,
        *,
        code: str = "",
        provider_id: str = "",
        reason: Reason | None = None,
        detail: str = "",
        not_before: float = 0.0,
        uncounted: bool = False,
        suppress: bool = False,
    ) -> None:
        claim = self._claim
        settlement = Settlement(
            self._claim_id, claim.delivery_id, stage, code[:20], provider_id[:120], reason, detail[:200],
            not_before, uncounted, suppress, self._units,
        )  # fmt: skip
        if self._handed:
            self._lane.journal.end(self._claim_id, claim.delivery_id, settlement.dump())
        self._lane.outbox.add(self._queue.key, settlement)
