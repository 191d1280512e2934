"""What Twilio's error codes mean. https://www.twilio.com/docs/api/errors, read in November 2026."""

from clarion.channels import twilio_answers
from clarion.channels.http import HttpReply
from clarion.engine.outcomes import Deferred, Reason, Refused, Scope, Unknown

_DEFERRED = {
    20429: Reason.THROTTLED,
    14107: Reason.THROTTLED,
    21611: Reason.QUOTA_EXCEEDED,
    30001: Reason.QUOTA_EXCEEDED,
    63018: Reason.THROTTLED,
}
_REFUSED = {
    20003: (Reason.CREDENTIALS_REFUSED, Scope.SENDER),
    20004: (Reason.CREDENTIALS_REFUSED, Scope.SENDER),
    20005: (Reason.SENDER_BLOCKED, Scope.SENDER),
    20404: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    30002: (Reason.SENDER_BLOCKED, Scope.SENDER),
    63038: (Reason.QUOTA_EXCEEDED, Scope.SENDER),
    21212: (Reason.SENDER_REFUSED, Scope.SENDER),
    21603: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    21606: (Reason.SENDER_REFUSED, Scope.SENDER),
    21659: (Reason.SENDER_REFUSED, Scope.SENDER),
    21660: (Reason.SENDER_REFUSED, Scope.SENDER),
    21701: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    21703: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    21705: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    21211: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    21214: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    21217: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    21614: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    21408: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    21608: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    21610: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    21612: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    21602: (Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    21617: (Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE),
    21619: (Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    30007: (Reason.CONTENT_REFUSED, Scope.MESSAGE),
}


def outcome_of(reply: HttpReply) -> Deferred | Refused | Unknown:
    """Return what an answer without a success says."""
    return twilio_answers.outcome_of(reply, _DEFERRED, _REFUSED)
