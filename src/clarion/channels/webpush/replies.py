"""What a push service's answer means (RFC 8030, 5; RFC 8292, 4.2; and what the browsers' services add)."""

from clarion.channels.http import HttpReply
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

#: Seconds to hold back when the service says that it is too fast and not for how long.
THROTTLED_SECONDS = 10.0


def outcome_of(reply: HttpReply) -> Outcome:
    """Return what an answer says."""
    status, code = reply.status, str(reply.status)
    detail = reply.text()[:200].strip()
    if status in (200, 201, 202, 204):
        # 201 is the standard's; Mozilla's and Microsoft's services have answered with others.
        location = reply.headers.get("location", "")
        return Accepted(provider_id=location.rpartition("/")[2][-120:], code=code)
    if status in (404, 410):
        return Refused(reason=Reason.ADDRESS_EXPIRED, scope=Scope.RECIPIENT, code=code, detail=detail)
    if status in (401, 403):
        return _refused_key(code, detail)
    if status == 413:
        return Refused(reason=Reason.MESSAGE_TOO_LARGE, scope=Scope.MESSAGE, code=code, detail=detail)
    if status == 429:
        after = reply.retry_after() or THROTTLED_SECONDS
        return Deferred(reason=Reason.THROTTLED, scope=Scope.MESSAGE, after=after, code=code, detail=detail)
    if status in (502, 504):
        return Unknown(reason=Reason.CONNECTION_LOST, code=code, detail=detail)
    if status >= 500:
        # One service of several: the others' browsers must not wait for it.
        wanted = reply.retry_after()
        return Deferred(
            reason=Reason.PROVIDER_DOWN, scope=Scope.MESSAGE, after=wanted, code=code, detail=detail
        )
    return Refused(reason=Reason.MESSAGE_REFUSED, scope=Scope.MESSAGE, code=code, detail=detail)


def _refused_key(code: str, detail: str) -> Refused:
    """A token that is not believed is the sender's fault; one of another key is this subscription's.

    Whoever changes a sender's key pair loses the browsers that subscribed with the old one, and no others.
    """
    words = detail.lower()
    if "do not correspond" in words or "mismatch" in words or "applicationserverkey" in words:
        return Refused(reason=Reason.RECIPIENT_REFUSED, scope=Scope.RECIPIENT, code=code, detail=detail)
    return Refused(reason=Reason.CREDENTIALS_REFUSED, scope=Scope.SENDER, code=code, detail=detail)
