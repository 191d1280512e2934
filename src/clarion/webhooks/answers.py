"""What is posted to an endpoint, what comes of it, and when the next try is."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

#: Seconds from a failure to the next try: doubled each time, up to the longest.
FIRST_GAP = 5.0
LONGEST_GAP = 3_600.0
#: Hours for which a request is tried again, and after which an endpoint that only failed is disabled.
PATIENCE_HOURS = 24

#: The receiver does not want to be told any more.
GONE = 410
#: Answers that say something of the endpoint, or of this moment, rather than of the request: all wait behind them.
_OF_ENDPOINT = frozenset({GONE, 401, 402, 403, 404, 405, 407, 408, 421, 425, 426, 429, 451})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A batch on its way. `body` is what is signed and sent; the secrets sign, the newest first."""

    endpoint_id: int
    batch_id: int
    url: str
    #: The same for every try.
    id: str
    body: bytes
    secrets: Sequence[str] = field(repr=False)
    #: Whether addresses are to be filled in.
    with_addresses: bool = False
    #: By which the process holds the endpoint.
    lease: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a request. `problem` is empty when it went well, else `status`, `redirect` or a fetch's reason."""

    problem: str = ""
    status: int | None = None
    #: The beginning of what the receiver said, masked.
    detail: str = ""
    milliseconds: int = 0
    #: Seconds that the receiver asks for.
    retry_after: float | None = None

    @property
    def is_gone(self) -> bool:
        return self.status == GONE

    @property
    def is_about_request(self) -> bool:
        """Whether the receiver refuses this request alone: others need not wait for it."""
        return (
            self.problem == "status"
            and self.status is not None
            and 400 <= self.status < 500
            and self.status not in _OF_ENDPOINT
        )


def gap(failures: int, answer: Answer | None = None) -> float:
    """Return the seconds until the next try after so many failures, a little at random."""
    seconds = min(LONGEST_GAP, FIRST_GAP * 2.0 ** min(failures - 1, 20))
    seconds *= random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing
    if answer is not None and answer.retry_after is not None:
        seconds = max(seconds, min(answer.retry_after, LONGEST_GAP))
    return seconds
