"""Recipients' own hours: who was claimed and may not be written to yet waits for their hours to begin."""

from clarion.engine.messages import Claim
from clarion.engine.outcomes import Reason
from clarion.engine.plan import Batch, Settled, Settlement
from clarion.engine.settling import Outbox
from clarion.engine.turns import RunQueue


def put_off_closed(queue: RunQueue, batch: Batch, outbox: Outbox, now: float) -> list[Claim]:
    """Put off whoever may not be written to at this hour, at no cost to the limits; return the others."""
    opens = queue.run.opens
    if opens is None:
        return batch.claims
    going = []
    for claim in batch.claims:
        at = opens(claim, now)
        if not at:
            going.append(claim)
            continue
        settlement = Settlement(
            batch.claim_id, claim.delivery_id, Settled.PENDING, reason=Reason.OUTSIDE_WINDOW, not_before=at,
            uncounted=True,
        )  # fmt: skip
        outbox.add(queue.key, settlement)
    queue.passed_over = not going
    return going
