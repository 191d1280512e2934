"""What the API itself writes: the pace of tokens, and the answers kept for their idempotency keys."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import OperationalError, connection
from django.utils import timezone

from clarion.api.models import KeptAnswer
from clarion.workspaces.models import ApiToken, Membership

#: For how long an answer is kept.
KEPT = timedelta(hours=24)
#: Milliseconds for which a second request with the same key waits for the first one's answer.
PATIENCE_MS = 10_000
_BATCH = 5_000
_COUNT = """
insert into api_tokenpace (token_id, minute, count) values (%s, date_trunc('minute', now()), 1)
on conflict (token_id) do update set minute = excluded.minute,
    count = case when api_tokenpace.minute = excluded.minute then api_tokenpace.count + 1 else 1 end
returning count, ceil(extract(epoch from minute + interval '1 minute' - now()))::int
"""
_CLAIM = """
insert into api_keptanswer (membership_id, key, fingerprint, body, content_type, location, created_at)
values (%s, %s, %s, '', '', '', now()) on conflict (membership_id, key) do nothing returning id
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


def count_request(token: ApiToken) -> Pace:
    """Count a request of the token, in whichever process it came, and return how it stands."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [token.pk])
        used, reset = cursor.fetchone()
    return Pace(limit=token.per_minute, used=used, reset=max(1, reset))


def claim_key(*, member: Membership, key: str, fingerprint: bytes) -> KeptAnswer | None:
    """Take the key for the request of this transaction; return the answer instead that it had before.

    Another request with the key is waited for, since its transaction holds the row. Raises StillUnderWay.
    """
    KeptAnswer.objects.filter(
        membership=member, key=key, created_at__lte=timezone.now() - KEPT, status__isnull=False
    ).delete()
    try:
        with connection.cursor() as cursor:
            cursor.execute("select set_config('lock_timeout', %s, true)", [str(PATIENCE_MS)])
            cursor.execute(_CLAIM, [member.pk, key, fingerprint])
            is_ours = cursor.fetchone() is not None
            cursor.execute("reset lock_timeout")
    except OperationalError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == _LOCK_TIMEOUT:
            raise StillUnderWay from None
        raise
    return None if is_ours else KeptAnswer.objects.get(membership=member, key=key)


def keep_answer(
    *, member: Membership, key: str, status: int, body: bytes, content_type: str, location: str
) -> None:
    """Keep the answer to the request that has the key."""
    KeptAnswer.objects.filter(membership=member, key=key).update(
        status=status, body=body, content_type=content_type, location=location
    )


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
