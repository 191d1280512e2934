"""What Twilio's codes mean for a call. https://www.twilio.com/docs/api/errors, read in November 2026."""

from clarion.channels import twilio_answers
from clarion.channels.http import HttpReply
from clarion.channels.voice.dispositions import Disposition
from clarion.engine.outcomes import Deferred, Reason, Refused, Scope, Unknown

_DEFERRED = {20429: Reason.THROTTLED, 10004: Reason.QUOTA_EXCEEDED, 14107: Reason.THROTTLED}
_REFUSED = {
    20003: (Reason.CREDENTIALS_REFUSED, Scope.SENDER),
    20004: (Reason.CREDENTIALS_REFUSED, Scope.SENDER),
    20005: (Reason.SENDER_BLOCKED, Scope.SENDER),
    10001: (Reason.SENDER_BLOCKED, Scope.SENDER),
    20404: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    21205: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    21210: (Reason.SENDER_REFUSED, Scope.SENDER),
    21212: (Reason.SENDER_REFUSED, Scope.SENDER),
    21213: (Reason.SENDER_REFUSED, Scope.SENDER),
    21201: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    21211: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    21214: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    21217: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    13224: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    21215: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    21216: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    21219: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
}

#: Statuses of a call that is over → what became of it; one that was answered is looked at more closely.
ENDED = {
    "busy": Disposition.BUSY,
    "no-answer": Disposition.NO_ANSWER,
    "canceled": Disposition.NO_ANSWER,
    "failed": Disposition.FAILED,
}
COMPLETED = "completed"
UNDER_WAY = frozenset({"queued", "initiated", "ringing", "in-progress", "answered"})
#: SIP answers (RFC 3261, 21) by which the network says that there is no such number.
NO_SUCH_NUMBER = frozenset({"404", "410", "484", "604"})


def outcome_of(reply: HttpReply) -> Deferred | Refused | Unknown:
    """Return what an answer without a success says of a call that was asked for."""
    return twilio_answers.outcome_of(reply, _DEFERRED, _REFUSED)


def is_machine(answered_by: str) -> bool:
    """Tell whether what answered was no person: a machine at any point of its greeting, or a fax."""
    return answered_by.startswith("machine") or answered_by == "fax"


def disposition_of(status: str, *, answered_by: str, seconds: float, amd: str) -> Disposition:
    """Return what became of a call that is over. `amd` is what was to be done with machines."""
    if status != COMPLETED:
        return ENDED.get(status, Disposition.FAILED)
    if amd != "off" and is_machine(answered_by):
        return Disposition.VOICEMAIL if amd == "leave" else Disposition.MACHINE
    # While it is being found out who answered, nothing is said: whoever hangs up then has heard nothing.
    if seconds < 1 or (amd != "off" and not answered_by):
        return Disposition.ABANDONED
    return Disposition.ANSWERED
