"""What a push service's answer means (RFC 8030, 5; RFC 8292, 4.2; and what the browsers' services add)."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time

from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

#: Seconds to hold back when the service says that it is too fast and not for how long.
THROTTLED_SECONDS = 10.0
#: Longest that is waited because a service says so, in seconds.
MOST_SECONDS = 24 * 3600.0


def outcome_of(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Return what an answer says. Names of headers are in any case."""
    named = {name.lower(): value for name, value in headers.items()}
    code = str(status)
    detail = body[:200].decode("utf-8", "replace").strip()
    if status in (200, 201, 202, 204):
        # 201 is the standard's; Mozilla's and Microsoft's services have answered with others.
        location = named.get("location", "")
        return Accepted(provider_id=location.rpartition("/")[2][-120:], code=code)
    if status in (404, 410):
        return Refused(reason=Reason.ADDRESS_EXPIRED, scope=Scope.RECIPIENT, code=code, detail=detail)
    if status in (401, 403):
        return _refused_key(code, detail)
    if status == 413:
        return Refused(reason=Reason.MESSAGE_TOO_LARGE, scope=Scope.MESSAGE, code=code, detail=detail)
    if status == 429:
        after = _retry_after(named.get("retry-after", ""))
        return Deferred(reason=Reason.THROTTLED, scope=Scope.MESSAGE, after=after, code=code, detail=detail)
    if status in (502, 504):
        return Unknown(reason=Reason.CONNECTION_LOST, code=code, detail=detail)
    if status >= 500:
        # One service of several: the others' browsers must not wait for it.
        given = named.get("retry-after", "")
        wanted = _retry_after(given) if given else None
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


def _retry_after(value: str) -> float:
    """Return the seconds that Retry-After asks for (RFC 9110, 10.2.3)."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), MOST_SECONDS)
    try:
        seconds = parsedate_to_datetime(value).timestamp() - time()
    except (TypeError, ValueError):
        return THROTTLED_SECONDS
    return min(max(seconds, 0.0), MOST_SECONDS)
