"""What an answer of Viber's means for the message and for the sender.

Viber answers every request with HTTP 200; what became of it is the `status` in the body (business messages 11.3,
error codes).
"""

from clarion.channels.http import HttpReply, outcome_of_status
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

#: status → (its name, reason, scope of the refusal).
REFUSALS: dict[int, tuple[str, Reason, Scope]] = {
    2: ("SRVC_BAD_SERVICE_ID", Reason.SENDER_UNUSABLE, Scope.SENDER),
    3: ("SRVC_BAD_DATA", Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    4: ("SRVC_BLOCKED_MESSAGE_TYPE", Reason.SENDER_REFUSED, Scope.SENDER),
    5: ("SRVC_BAD_MESSAGE_TYPE", Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    6: ("SRVC_BAD_PARAMETERS", Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    8: ("SRVC_USER_BLOCKED", Reason.RECIPIENT_BLOCKED, Scope.RECIPIENT),
    9: ("SRVC_NOT_VIBER_USER", Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT),
    # A newer phone may take the next message, so the address is not suppressed.
    10: ("SRVC_NO_SUITABLE_DEVICE", Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    11: ("SRVC_UNAUTHORIZED_IP", Reason.CREDENTIALS_REFUSED, Scope.SENDER),
    12: ("SRVC_ALREADY_SENT", Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    13: ("SRVC_NOT_PERMITTED", Reason.SENDER_BLOCKED, Scope.SENDER),
    14: ("SRVC_BILLING_FAILURE", Reason.QUOTA_EXCEEDED, Scope.SENDER),
    17: ("SRVC_NO_MORE_MESSAGES", Reason.QUOTA_EXCEEDED, Scope.SENDER),
    18: ("SRVC_BAD_LABEL", Reason.SENDER_UNUSABLE, Scope.SENDER),
    20: ("SRVC_INVALID_TTL", Reason.SENDER_UNUSABLE, Scope.SENDER),
    21: ("SRVC_WAIT_FOR_USER_RESPONSE", Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    27: ("SRVC_INVALID_PHONE_NUMBER", Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    43: ("SRVC_SERVICE_BLOCKED", Reason.SENDER_BLOCKED, Scope.SENDER),
    401: ("SRVC_UNAUTHORIZED_IP", Reason.CREDENTIALS_REFUSED, Scope.SENDER),
}
_INTERNAL_FAILURE, _TIMEOUT = 1, 7
#: Characters of a message token that are kept.
_MAX_TOKEN = 120


def outcome_of(reply: HttpReply) -> Outcome:
    """Return what an answer to a message says."""
    try:
        told = reply.json()
        status = int(told["status"])
    except (ValueError, KeyError, TypeError):
        if not reply.is_success:
            return outcome_of_status(reply)
        # It may have been taken; whoever answered did not say so in Viber's language.
        return Unknown(reason=Reason.PROTOCOL_ERROR, code=f"HTTP {reply.status}")
    code = str(status)[:20]
    if status == 0:
        return Accepted(provider_id=str(told.get("message_token", ""))[:_MAX_TOKEN], code=code)
    if status == _INTERNAL_FAILURE:
        return Deferred(
            reason=Reason.PROVIDER_DOWN, scope=Scope.PROVIDER, code=code, detail="SRVC_INTERNAL_FAILURE"
        )
    if status == _TIMEOUT:
        # Viber waited for its own machines in vain: the message may be on its way.
        return Unknown(reason=Reason.TIMED_OUT, code=code, detail="SRVC_TIMEOUT")
    name, reason, scope = REFUSALS.get(status, ("", Reason.REJECTED, Scope.MESSAGE))
    return Refused(reason=reason, scope=scope, code=code, detail=name or _words(told))


def _words(told: dict[str, object]) -> str:
    return " ".join(str(told.get("status_message") or told.get("error") or "").split())[:200]
