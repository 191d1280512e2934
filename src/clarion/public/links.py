"""What a link in a message opens, and what all pages behind such links have in common.

The token in the address is the right to act, so there is no session, no cookie and no CSRF token; whoever can forge the
request holds the link already. A link that we did not make is answered the same, whatever is wrong with it.
"""

import time
from collections import OrderedDict
from functools import wraps
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from clarion.deliveries import optout
from clarion.lib import keys, tokens

#: The kind of the tokens that channels put into their links.
KIND = "unsubscribe"
#: So many requests by one link in so many seconds, in each process; who asks more often waits.
MOST_REQUESTS = 60
WITHIN_SECONDS = 600.0
#: Links that are remembered; the ones used least lately are forgotten first.
_REMEMBERED = 10_000


class View(Protocol):
    """A page behind a link."""

    def __call__(self, request: HttpRequest, token: str) -> HttpResponse: ...


def private(view: View) -> View:
    """Keep the page out of search engines, and its address out of other sites' logs."""

    @wraps(view)
    def answer(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return answer


def subject_of(token: str) -> optout.Subject | None:
    """Return what a link is about; None when we did not make it, or its run is no longer kept."""
    found = tokens.read(KIND, keys.derive(settings.SECRET_KEY, keys.TOKENS), token)
    if found is None or len(found) != 2:
        return None
    run_id, delivery_id = found
    return optout.find(run_id, delivery_id)


def speak(language: str) -> None:
    """Answer in this language where the program speaks it; else in the one that the browser asked for."""
    offered = {code for code, _name in settings.LANGUAGES}
    for code in (language.lower(), language.lower().partition("-")[0]):
        if code in offered:
            translation.activate(code)
            return


class Throttle:
    """Counts requests by link in spans of time, in the memory of one process.

    Not by the sender's address: behind a reverse proxy all have one.
    """

    def __init__(self, *, most: int, seconds: float, remembered: int = _REMEMBERED) -> None:
        self._most, self._seconds, self._remembered = most, seconds, remembered
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def is_over(self, token: str, now: float | None = None) -> bool:
        """Count a request; return whether it is one too many."""
        moment = time.monotonic() if now is None else now
        began, count = self._seen.pop(token, (moment, 0))
        if moment - began >= self._seconds:
            began, count = moment, 0
        self._seen[token] = (began, count + 1)
        while len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return count + 1 > self._most


THROTTLE = Throttle(most=MOST_REQUESTS, seconds=WITHIN_SECONDS)
