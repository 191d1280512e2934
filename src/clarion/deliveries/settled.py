"""Settlements as the parameters of the statement that writes them."""

from collections.abc import Sequence
from typing import Any

from clarion.deliveries import arrays
from clarion.deliveries.states import STEPS
from clarion.engine.plan import Settlement


def rest_facts(run_id: int, rest: Sequence[Settlement]) -> dict[str, Any]:
    """Return them for `statements.SETTLE_REST`."""
    return {
        "run": run_id,
        "ids": [s.delivery_id for s in rest],
        "claims": [s.claim_id for s in rest],
        "stages": [s.stage.value for s in rest],
        "reasons": [s.reason.value if s.reason else None for s in rest],
        "codes": [arrays.clean(s.code) for s in rest],
        "details": [arrays.clean(s.detail) for s in rest],
        "not_befores": [s.not_before for s in rest],
        "backs": [1 if s.uncounted else 0 for s in rest],
        "suppress": [s.delivery_id // STEPS for s in rest if s.suppress],
    }
