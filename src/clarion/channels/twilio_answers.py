"""What all of Twilio's APIs answer alike. https://www.twilio.com/docs/api/errors, read in November 2026."""

from collections.abc import Mapping

from clarion.channels.http import HttpReply, outcome_of_status
from clarion.engine.outcomes import Deferred, Reason, Refused, Scope, Unknown

#: Seconds to hold back when the account's queue is full, or it has as many calls as it may.
FULL_SECONDS = 30.0


def outcome_of(
    reply: HttpReply, deferred: Mapping[int, Reason], refused: Mapping[int, tuple[Reason, Scope]]
) -> Deferred | Refused | Unknown:
    """Return what an answer without a success says, by what an API's codes mean."""
    try:
        told = reply.json()
        number = int(told["code"])
        words = " ".join(str(told.get("message", "")).split())[:200]
    except (ValueError, KeyError, TypeError):
        return outcome_of_status(reply)
    code = str(number)
    if number in deferred:
        after = reply.retry_after()
        if after is None and deferred[number] is Reason.QUOTA_EXCEEDED:
            after = FULL_SECONDS
        return Deferred(reason=deferred[number], scope=Scope.SENDER, after=after, code=code, detail=words)
    if number in refused:
        reason, scope = refused[number]
        return Refused(reason=reason, scope=scope, code=code, detail=words)
    return outcome_of_status(reply, code=code, detail=words)
