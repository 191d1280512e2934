"""Who asks, by a token's secret: one question to the database for as long as nothing about them has changed."""

from __future__ import annotations

import copy
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from clarion.api import operations, problems
from clarion.workspaces import operations as workspaces
from clarion.workspaces import queries
from clarion.workspaces.operations.members import digest_of

if TYPE_CHECKING:
    from clarion.workspaces.models import ApiToken

#: Tokens that a process remembers.
KEPT = 1_000


class _Memory:
    """Tokens as they were read, by the digest of their secret, each with the stamp of its rows at that time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, tuple[str, ApiToken]] = OrderedDict()

    def get(self, digest: bytes, stamp: str) -> ApiToken | None:
        """Return a copy of what was read while the stamp was the same; a request may change its own."""
        with self._lock:
            known = self._kept.get(digest)
            if known is None or known[0] != stamp:
                return None
            self._kept.move_to_end(digest)
        return _copied(known[1])

    def keep(self, digest: bytes, stamp: str, token: ApiToken) -> None:
        """Remember it; whoever was not asked for the longest is forgotten."""
        with self._lock:
            self._kept[digest] = stamp, _copied(token)
            self._kept.move_to_end(digest)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


_memory = _Memory()


def secret_in(authorization: str) -> str:
    """Return the token's secret that the header of that name holds; nothing for none."""
    scheme, _blank, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def unauthorized() -> problems.Problem:
    """Return what whoever has no good token is told."""
    return problems.own("unauthorized", headers={"WWW-Authenticate": 'Bearer realm="clarion"'})


def check(pace: operations.Pace) -> None:
    """Raise Problem where the token has used up its requests of this minute."""
    if pace.is_exceeded:
        raise problems.own("too_many_requests", headers={"Retry-After": str(pace.reset)})


def enter(token: ApiToken) -> None:
    """Note that the token is used. Raises Problem where campaigns are switched off: nothing is there then."""
    if not token.membership.workspace.campaigns_enabled:
        raise problems.own("not_found")
    workspaces.note_use(token)


def admit(secret: str, count: int = 1) -> tuple[ApiToken, operations.Pace] | None:
    """Count requests with this secret, and return its token as it is now, and how it stands; None where there is none.

    What was read before is used again only while the rows of token, membership, account and workspace are the very
    same, which the statement that counts tells: whatever is revoked, suspended or changed holds from then on.
    """
    digest = digest_of(secret)
    counted = operations.count_requests(digest, count)
    if counted is None:
        return None
    stamp, used, reset = counted
    token = _memory.get(digest, stamp)
    if token is None:
        token = queries.token_by_secret(secret)
        if token is None:
            return None
        _memory.keep(digest, stamp, token)
    return token, operations.Pace(limit=token.per_minute, used=used, reset=reset)


def _copied(token: ApiToken) -> ApiToken:
    made = copy.copy(token)
    member = made.membership = copy.copy(token.membership)
    member.user, member.workspace = copy.copy(member.user), copy.copy(member.workspace)
    return made
