"""How often a password may be tried, so that guessing is slow and nobody is locked out by others.

Three counts, each over fifteen minutes. An address may fail twenty times, whatever account it tries. An account may
be failed ten times from browsers that its owner never used. A browser in which the owner signed in before is counted
by itself (OWASP, "device cookies"): strangers can use up the account's count, but never that of the owner's browsers;
and a passkey, single sign-on and a reset link do not ask any of them.
"""

from __future__ import annotations

from typing import Any

from allauth.core.internal import ratelimit
from django.http import HttpRequest

from clarion.runtime.signin import devices

APP = "allauth.account"
#: By what is counted; allauth's notation.
RATES = {"stranger_failed": "20/15m/ip,10/15m/key", "known_failed": "10/15m/key"}


def consume(request: HttpRequest, email: str) -> Any:
    """Count an attempt; return something to take it back by, or None when there were too many."""
    email = email.strip().lower()
    known = devices.key_for(request, email)
    action, key = ("known_failed", known) if known else ("stranger_failed", email)
    return ratelimit.consume(request, app=APP, action=action, key=key, config=RATES)


def clear(request: HttpRequest, email: str) -> None:
    """Forget what was counted for an account: its owner has just proven to be that."""
    key = email.strip().lower()
    # What an address has failed at stays counted: it may be a stranger's all the same.
    of_account = ",".join(rate for rate in RATES["stranger_failed"].split(",") if rate.endswith("/key"))
    config = {"stranger_failed": of_account}
    ratelimit.clear(request, app=APP, action="stranger_failed", key=key, config=config)
