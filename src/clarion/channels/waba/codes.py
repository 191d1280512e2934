"""What the error codes of the Cloud API mean for a message and for the sender.

https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes, of 15 May 2026, read in
November 2026. Meta asks to go by the code and not by its title. A code comes in the answer to a message, or later
in a status “failed”, or in both ways; what the second means is in `receipts`.
"""

from clarion.channels.http import HttpReply, outcome_of_status
from clarion.engine.outcomes import Deferred, Reason, Refused, Scope, Unknown

PAGE = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"

#: Code → why, whom it concerns, seconds to wait at least (None leaves it to our own growing gaps).
DEFERRED: dict[int, tuple[Reason, Scope, float | None]] = {
    # The API does not know what went wrong, or is down or overloaded.
    1: (Reason.PROVIDER_BUSY, Scope.MESSAGE, None),
    2: (Reason.PROVIDER_DOWN, Scope.PROVIDER, None),
    # The app, or the business account, asks too often.
    4: (Reason.THROTTLED, Scope.SENDER, 60.0),
    80007: (Reason.THROTTLED, Scope.SENDER, 60.0),
    # More messages a second than the number's throughput.
    130429: (Reason.THROTTLED, Scope.SENDER, 2.0),
    # Unknown fault; a service is not there; the number is being moved to a higher throughput.
    131000: (Reason.PROVIDER_BUSY, Scope.MESSAGE, None),
    131016: (Reason.PROVIDER_DOWN, Scope.PROVIDER, None),
    131057: (Reason.PROVIDER_DOWN, Scope.SENDER, 300.0),
    133004: (Reason.PROVIDER_DOWN, Scope.PROVIDER, None),
    # Too many messages of the number were blocked or reported as spam: what it may send is cut.
    131048: (Reason.QUOTA_EXCEEDED, Scope.SENDER, 3600.0),
    # Too many messages to this one person in a short time.
    131056: (Reason.THROTTLED, Scope.MESSAGE, 60.0),
    # A flow in the template is slowed down.
    132069: (Reason.THROTTLED, Scope.MESSAGE, 600.0),
}

#: Not delivered, so that the person gets no more marketing than they engage with. Meta asks not to send it again at
#: once but after ever longer times: seconds after the first attempt, the second, and so on.
ECOSYSTEM = 131049
ECOSYSTEM_GAPS = tuple(hours * 3600.0 for hours in (6, 12, 24, 48, 96))

REFUSED: dict[int, tuple[Reason, Scope]] = {
    # The access token: no user for it, expired, lacking a permission. 200 to 299 are permissions too.
    0: (Reason.CREDENTIALS_REFUSED, Scope.SENDER),
    190: (Reason.CREDENTIALS_REFUSED, Scope.SENDER),
    3: (Reason.SENDER_REFUSED, Scope.SENDER),
    10: (Reason.SENDER_REFUSED, Scope.SENDER),
    131005: (Reason.SENDER_REFUSED, Scope.SENDER),
    # The number was deleted; is not registered; its registration or its name is not in order.
    33: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    131037: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    131045: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    133010: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    # The account is restricted for breaking a policy; locked; cannot pay.
    368: (Reason.SENDER_BLOCKED, Scope.SENDER),
    131031: (Reason.SENDER_BLOCKED, Scope.SENDER),
    131042: (Reason.SENDER_BLOCKED, Scope.SENDER),
    # The business may not write to people of this country; the person is in an experiment without marketing.
    130497: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    130472: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    # To oneself.
    131021: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    # Cannot be delivered: not on WhatsApp, an old app, or its terms not accepted. Which of these is not told.
    131026: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    # A number for trying out writes only to numbers that were named.
    131030: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    # More than 24 hours since the person wrote: only templates may go.
    131047: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    # The person has stopped marketing messages of this business.
    131050: (Reason.RECIPIENT_BLOCKED, Scope.RECIPIENT),
    # What was asked: a wrong, missing or bad parameter; a kind that is not there; media that cannot be fetched.
    100: (Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    131008: (Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    131009: (Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    131051: (Reason.FEATURE_UNSUPPORTED, Scope.MESSAGE),
    131052: (Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    131053: (Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    # The values: too long, of another form than approved, with line breaks.
    132005: (Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE),
    132012: (Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    132018: (Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    # The template: another number of values than approved; not there in this language or not approved; against a
    # policy; paused for its quality; paused too often and disabled; with a flow that is blocked.
    132000: (Reason.TEMPLATE_UNUSABLE, Scope.CAMPAIGN),
    132001: (Reason.TEMPLATE_UNUSABLE, Scope.CAMPAIGN),
    132007: (Reason.TEMPLATE_UNUSABLE, Scope.CAMPAIGN),
    132015: (Reason.TEMPLATE_UNUSABLE, Scope.CAMPAIGN),
    132016: (Reason.TEMPLATE_UNUSABLE, Scope.CAMPAIGN),
    132068: (Reason.TEMPLATE_UNUSABLE, Scope.CAMPAIGN),
}


def outcome_of(reply: HttpReply, *, attempt: int = 1) -> Deferred | Refused | Unknown:
    """Return what an answer without a success says about the attempt with that number."""
    number, words = told(reply)
    if number is None:
        return outcome_of_status(reply, detail=words)
    code = str(number)
    if number == ECOSYSTEM:
        gap = ECOSYSTEM_GAPS[min(attempt, len(ECOSYSTEM_GAPS)) - 1]
        return Deferred(reason=Reason.PROVIDER_BUSY, scope=Scope.MESSAGE, after=gap, code=code, detail=words)
    if number in DEFERRED:
        reason, scope, seconds = DEFERRED[number]
        asked = reply.retry_after()
        after = max(asked, seconds or 0.0) if asked is not None else seconds
        return Deferred(reason=reason, scope=scope, after=after, code=code, detail=words)
    if 200 <= number <= 299:
        return Refused(reason=Reason.SENDER_REFUSED, scope=Scope.SENDER, code=code, detail=words)
    if number in REFUSED:
        reason, scope = REFUSED[number]
        return Refused(reason=reason, scope=scope, code=code, detail=words)
    return outcome_of_status(reply, code=code, detail=words)


def told(reply: HttpReply) -> tuple[int | None, str]:
    """Return the code and the words of an error: {"error": {"code", "message", "error_data": {"details"}}}."""
    try:
        error = reply.json()["error"]
        number = int(error["code"])
    except (ValueError, KeyError, TypeError):
        return None, ""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else ""
    words = " ".join(str(details or error.get("message") or "").split())
    return number, words[:200]
