"""What becomes of a call, in one closed list, and what follows from each."""

import math
from dataclasses import dataclass
from enum import StrEnum

from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope


class Disposition(StrEnum):
    """How a call ended. Values are stored as the codes of deliveries, so they do not change."""

    #: A person answered, and the message was played to them.
    ANSWERED = "answered"
    #: A person answered and was put through to the queue or extension.
    CONNECTED = "connected"
    #: A machine answered, and the message was left on it.
    VOICEMAIL = "voicemail"
    #: A machine answered and was hung up on.
    MACHINE = "machine"
    BUSY = "busy"
    NO_ANSWER = "no answer"
    #: By the person or their network.
    REJECTED = "rejected"
    INVALID = "invalid number"
    CONGESTION = "congestion"
    FAILED = "failed"
    #: It was answered, and over before the message began.
    ABANDONED = "abandoned"


#: In words, for whoever reads the delivery.
SENTENCES: dict[str, str] = {
    Disposition.ANSWERED: "A person answered, and the message was played.",
    Disposition.CONNECTED: "A person answered and was put through.",
    Disposition.VOICEMAIL: "An answering machine took the call, and the message was left on it.",
    Disposition.MACHINE: "An answering machine took the call and was hung up on.",
    Disposition.BUSY: "The line was busy.",
    Disposition.NO_ANSWER: "Nobody answered.",
    Disposition.REJECTED: "The call was rejected.",
    Disposition.INVALID: "There is no such number.",
    Disposition.CONGESTION: "The network had no line free.",
    Disposition.FAILED: "The call could not be put through.",
    Disposition.ABANDONED: "The call was answered, and was over before the message began.",
}
#: Dispositions after which the message has been given.
REACHED = frozenset({Disposition.ANSWERED, Disposition.CONNECTED, Disposition.VOICEMAIL})

_REASONS = {
    Disposition.BUSY: Reason.LINE_BUSY,
    Disposition.NO_ANSWER: Reason.NO_ANSWER,
    Disposition.REJECTED: Reason.CALL_REJECTED,
    Disposition.INVALID: Reason.ADDRESS_UNKNOWN,
    Disposition.CONGESTION: Reason.CALL_CONGESTED,
    Disposition.FAILED: Reason.CALL_FAILED,
    Disposition.ABANDONED: Reason.CALL_ABANDONED,
    Disposition.MACHINE: Reason.MACHINE_ANSWERED,
}
#: Those that concern the person and not this one call.
_PERSONS = frozenset({Disposition.INVALID, Disposition.REJECTED})

#: Hang-up causes (ITU-T Q.850, as Asterisk numbers them) → what they mean. Any other: the call failed.
_CAUSES = {
    1: Disposition.INVALID, 22: Disposition.INVALID, 28: Disposition.INVALID,
    17: Disposition.BUSY,
    18: Disposition.NO_ANSWER, 19: Disposition.NO_ANSWER, 20: Disposition.NO_ANSWER,
    21: Disposition.REJECTED,
    34: Disposition.CONGESTION, 38: Disposition.CONGESTION, 42: Disposition.CONGESTION, 44: Disposition.CONGESTION,
    47: Disposition.CONGESTION, 58: Disposition.CONGESTION,
}  # fmt: skip
#: What Asterisk's Dial event says, where no cause is told.
_DIALLED = {
    "BUSY": Disposition.BUSY, "CONGESTION": Disposition.CONGESTION, "NOANSWER": Disposition.NO_ANSWER,
    "CANCEL": Disposition.NO_ANSWER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is made again, and after how many seconds, by what became of it."""

    most: int = 0
    busy: float = 60.0
    no_answer: float = 60.0
    congestion: float = 60.0
    failed: float = 60.0

    def after(self, disposition: Disposition) -> float | None:
        """Return the seconds until the next call; None when that is not what a retry mends."""
        waits = {
            Disposition.BUSY: self.busy,
            Disposition.NO_ANSWER: self.no_answer,
            Disposition.CONGESTION: self.congestion,
            Disposition.FAILED: self.failed,
        }
        return waits.get(disposition)


def of_cause(cause: int, dialled: str = "") -> Disposition:
    """Return what became of a call that nobody answered, by its hang-up cause and Asterisk's Dial status."""
    if cause in _CAUSES:
        return _CAUSES[cause]
    if cause in (0, 16, 127):
        return _DIALLED.get(dialled, Disposition.FAILED)
    return Disposition.FAILED


def outcome_of(
    disposition: Disposition,
    *,
    attempt: int,
    retries: Retries,
    provider_id: str = "",
    detail: str = "",
    seconds: float = 0.0,
) -> Outcome:
    """Return what the engine is told of a call that is over. `attempt` counts from 1 over all of a delivery's calls.

    What may be mended by calling again is deferred for exactly the wait that the content asks for, as long as
    it has calls left; sending the delivery anew by hand gives it all of them again. `seconds` is how long the line was
    open, for who is charged by it.
    """
    code = disposition.value
    if disposition in REACHED:
        return Accepted(provider_id=provider_id, code=code, units=math.ceil(seconds))
    reason = _REASONS[disposition]
    wait = retries.after(disposition)
    if wait is not None and (attempt - 1) % (retries.most + 1) < retries.most:
        return Deferred(reason=reason, after=wait, exact=True, code=code, detail=detail)
    scope = Scope.RECIPIENT if disposition in _PERSONS else Scope.MESSAGE
    return Refused(reason=reason, scope=scope, code=code, detail=detail)
