"""What the API itself writes: the pace of tokens, and the answers kept for their idempotency keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection
from django.utils import timezone

from clarion.api.models import KeptAnswer
from clarion.workspaces.models import Membership

#: For how long an answer is kept.
KEPT = timedelta(hours=24)
#: Milliseconds for which a second request with the same key waits for the first one's answer.
PATIENCE_MS = 10_000
_BATCH = 5_000
#: Seconds of a token's pace.
_WINDOW = 60
#: In place of the status of an answer that is not kept.
MADE_ANEW = 0
#: A stamp tells whether the rows of token, membership, account and workspace are the same as before: a row's place
#: and the transaction that wrote it change with it.
_COUNT = """
with token as (
    select t.id, concat_ws(' ', t.xmin, t.ctid, m.xmin, m.ctid, u.xmin, u.ctid, w.xmin, w.ctid) as stamp
    from workspaces_apitoken t
    join workspaces_membership m on m.id = t.membership_id and m.suspended_at is null
    join workspaces_user u on u.id = m.user_id and u.is_active
    join workspaces_workspace w on w.id = m.workspace_id
    where t.digest = %(digest)s and (t.expires_at is null or t.expires_at > now())
), counted as (
    insert into api_tokenpace (token_id, minute, count)
    select id, date_trunc('minute', now()), %(count)s from token
    on conflict (token_id) do update set minute = excluded.minute,
        count = case when api_tokenpace.minute = excluded.minute then api_tokenpace.count else 0 end + excluded.count
    returning count, ceil(extract(epoch from minute + interval '1 minute' - now()))::int as reset
)
select token.stamp, counted.count, counted.reset from token, counted
"""
#: Also a key whose answer is too old to be given again is taken.
_CLAIM = """
insert into api_keptanswer (membership_id, key, fingerprint, body, content_type, location, created_at)
select member, key, print, '', '', '', now()
from unnest(%(members)s::bigint[], %(keys)s::text[], %(prints)s::bytea[]) u(member, key, print)
order by member, key on conflict (membership_id, key) do update
set fingerprint = excluded.fingerprint, status = null, body = '', content_type = '', location = '', created_at = now()
where api_keptanswer.created_at <= now() - %(kept)s::interval and api_keptanswer.status is not null
returning membership_id, key
"""
_KEEP = """
update api_keptanswer a set status = u.status, body = u.body, content_type = u.content_type, location = u.location
from unnest(%(members)s::bigint[], %(keys)s::text[], %(statuses)s::smallint[], %(bodies)s::bytea[], %(types)s::text[],
            %(locations)s::text[]) u(member, key, status, body, content_type, location)
where a.membership_id = u.member and a.key = u.key
"""
#: SQLSTATE of a wait for a lock that took too long.
_LOCK_TIMEOUT = "55P03"


class StillUnderWay(Exception):
    """A request with the same idempotency key has no answer yet."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a token stands in the present minute. `reset` is in seconds."""

    limit: int
    used: int
    reset: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def is_exceeded(self) -> bool:
        return self.used > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """What an answer tells of it (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Policy": f'"token";q={self.limit};w={_WINDOW}',
            "RateLimit": f'"token";r={self.left};t={self.reset}',
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """A request that takes an idempotency key."""

    member_id: int
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer to a request that has a key."""

    member_id: int
    key: str
    status: int
    body: bytes
    content_type: str
    location: str = ""


def count_requests(digest: bytes, count: int = 1) -> tuple[str, int, int] | None:
    """Count requests of the token with this digest of its secret, in whichever process they came.

    Return the stamp of who asks, how many there were in this minute, and the seconds that are left of it; None where
    no good token has it, and nothing is counted.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"digest": digest, "count": count})
        found = cursor.fetchone()
    return None if found is None else (found[0], found[1], max(1, found[2]))


def claim_key(*, member: Membership, key: str, fingerprint: bytes) -> KeptAnswer | None:
    """Take the key for the request of this transaction; return the answer instead that it had before.

    Another request with the key is waited for, since its transaction holds the row. Raises StillUnderWay.
    """
    return next(iter(claim_keys([Claim(member.pk, key, fingerprint)]).values()), None)


def claim_keys(
    claims: Sequence[Claim], *, patience_ms: int = PATIENCE_MS
) -> dict[tuple[int, str], KeptAnswer]:
    """Take different keys for requests of this transaction; return the answers that some of them had before.

    The answers are told by member and key. Another request with one of the keys is waited for, since its transaction
    holds the row. Raises StillUnderWay when that takes too long.
    """
    facts: dict[str, Any] = {
        "members": [one.member_id for one in claims], "keys": [one.key for one in claims],
        "prints": [one.fingerprint for one in claims], "kept": f"{KEPT.total_seconds()} s",
    }  # fmt: skip
    try:
        with connection.cursor() as cursor:
            cursor.execute("select set_config('lock_timeout', %s, true)", [str(patience_ms)])
            cursor.execute(_CLAIM, facts)
            ours = set(cursor.fetchall())
            cursor.execute("reset lock_timeout")
    except OperationalError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == _LOCK_TIMEOUT:
            raise StillUnderWay from None
        raise
    taken = [one for one in claims if (one.member_id, one.key) not in ours]
    if not taken:
        return {}
    found = KeptAnswer.objects.filter(
        membership__in={one.member_id for one in taken}, key__in=[one.key for one in taken]
    )
    wanted = {(one.member_id, one.key) for one in taken}
    return {(one.membership_id, one.key): one for one in found if (one.membership_id, one.key) in wanted}


def keep_answers(kept: Sequence[Kept]) -> None:
    """Keep the answers to requests that have a key."""
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {
                "members": [one.member_id for one in kept], "keys": [one.key for one in kept],
                "statuses": [one.status for one in kept], "bodies": [one.body for one in kept],
                "types": [one.content_type for one in kept], "locations": [one.location for one in kept],
            },
        )  # fmt: skip


def keep_use(*, member: Membership, key: str) -> None:
    """Keep that the key was used, and nothing of the answer: it is made anew for whoever asks again."""
    KeptAnswer.objects.filter(membership=member, key=key).update(status=MADE_ANEW)


def release_key(*, member: Membership, key: str) -> None:
    """Let the key be used again: the request was refused, so nothing was done."""
    KeptAnswer.objects.filter(membership=member, key=key).delete()


def forget_answers() -> int:
    """Remove answers that are older than a day, and return how many."""
    gone = 0
    while True:
        old = KeptAnswer.objects.filter(created_at__lte=timezone.now() - KEPT).order_by("created_at")
        count, _each = KeptAnswer.objects.filter(
            pk__in=list(old.values_list("pk", flat=True)[:_BATCH])
        ).delete()
        gone += count
        if count < _BATCH:
            return gone
