"""Which request goes next, and what becomes of it. An endpoint is talked to by one process at a time, under a lease."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from clarion.webhooks import answers, queries, secrets
from clarion.webhooks.answers import PATIENCE_HOURS, Answer, Request
from clarion.webhooks.errors import SecretLost
from clarion.webhooks.models import Batch, BatchStatus, Endpoint, EndpointStatus
from clarion.webhooks.operations.endpoints import host_of
from clarion.workspaces import actors, audit

#: Longer than the longest request, so that nobody else takes the endpoint while one is under way.
LEASE_SECONDS = 60
#: Tries that are kept of a batch.
_KEPT_TRIES = 20

_IS_DUE = """
    select from webhooks_batch b where b.endpoint_id = e.id and b.status = 'WAITING' and not b.is_test
      and (b.next_at is null or b.next_at <= now())
"""
_TAKE = f"""
update webhooks_endpoint
set lease = %(lease)s, lease_until = now() + %(seconds)s * interval '1 second'
where id = (
    select e.id from webhooks_endpoint e
    where e.status = 'ON' and (e.next_at is null or e.next_at <= now()) and e.id <> all(%(busy)s::bigint[])
      and (e.lease_until is null or e.lease_until < now()) and exists ({_IS_DUE})
    order by e.told_at nulls first, e.id limit 1 for update skip locked)
returning id
"""  # noqa: S608 - constants
_HOLD = """
update webhooks_endpoint set lease_until = now() + %(seconds)s * interval '1 second'
where id = %(endpoint)s and lease = %(lease)s and lease_until > now() and status = 'ON'
  and (next_at is null or next_at <= now())
"""
_HEAD = f"""
update webhooks_batch set attempts = attempts + 1, first_tried_at = coalesce(first_tried_at, now())
where id = (
    select b.id from webhooks_batch b
    where b.endpoint_id = %s and {_IS_DUE[_IS_DUE.index("b.status") :]}
    order by b.id limit 1 for update)
returning id
"""  # noqa: S608 - constants


def take(lease: str, *, busy: Sequence[int] = ()) -> Request | None:
    """Return the request that goes next to an endpoint to which nobody talks, and hold it; None when nothing is due.

    `lease` is a text of the caller's own, another each time.
    """
    with connection.cursor() as cursor:
        facts: dict[str, Any] = {"lease": lease, "seconds": LEASE_SECONDS, "busy": list(busy)}
        cursor.execute(_TAKE, facts)
        row = cursor.fetchone()
    return _head(row[0], lease) if row else None


def next_of(request: Request) -> Request | None:
    """Return what goes next to the same endpoint, and hold it on; None when nothing does, and it is let go."""
    with connection.cursor() as cursor:
        facts: dict[str, Any] = {
            "endpoint": request.endpoint_id,
            "lease": request.lease,
            "seconds": LEASE_SECONDS,
        }
        cursor.execute(_HOLD, facts)
        if cursor.rowcount == 1 and (following := _head(request.endpoint_id, request.lease)):
            return following
    release(request)
    return None


def release(request: Request) -> None:
    """Let others talk to the endpoint."""
    Endpoint.objects.filter(pk=request.endpoint_id, lease=request.lease).update(lease="", lease_until=None)


def _head(endpoint_id: int, lease: str) -> Request | None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_HEAD, [endpoint_id])
            row = cursor.fetchone()
        if row is None:
            return None
        batch = Batch.objects.select_related("endpoint__workspace", "endpoint__vouched_by__user").get(
            pk=row[0]
        )
    return _request(batch, lease)


def _request(batch: Batch, lease: str) -> Request:
    endpoint = batch.endpoint
    try:
        known = secrets.current(endpoint)
    except SecretLost:
        known = []
    return Request(
        endpoint_id=endpoint.pk, batch_id=batch.pk, url=endpoint.url, id=str(batch.public_id),
        body=f"[{batch.body}]".encode(), secrets=known, with_addresses=queries.sees_addresses(endpoint),
        lease=lease,
    )  # fmt: skip


def test_request(batch: Batch) -> Request:
    """Return the request of a test event, which goes at once and whatever the endpoint's state is."""
    Batch.objects.filter(pk=batch.pk).update(attempts=1, first_tried_at=timezone.now())
    found = Batch.objects.select_related("endpoint__workspace", "endpoint__vouched_by__user").get(pk=batch.pk)
    return _request(found, "")


@transaction.atomic
def settle(request: Request, answer: Answer) -> None:
    """Keep what came of a request, and decide when it, and the endpoint, is tried again."""
    endpoint = (
        Endpoint.objects.select_for_update(of=("self",))
        .select_related("workspace")
        .filter(pk=request.endpoint_id)
        .first()
    )
    batch = Batch.objects.select_for_update().filter(pk=request.batch_id).first()
    if endpoint is None or batch is None:
        return  # removed meanwhile
    now = timezone.now()
    batch.tries = [
        *batch.tries[1 - _KEPT_TRIES :],
        {
            "at": now.isoformat(), "status": answer.status, "problem": answer.problem,
            "detail": answer.detail[:300], "ms": answer.milliseconds,
        },
    ]  # fmt: skip
    patience = timedelta(hours=PATIENCE_HOURS)
    if not answer.problem:
        batch.status, batch.done_at, batch.next_at = BatchStatus.DELIVERED, now, None
    elif batch.is_test or now - (batch.first_tried_at or now) >= patience:
        batch.status, batch.done_at, batch.next_at = BatchStatus.FAILED, now, None
    elif answer.is_about_request:
        batch.next_at = now + timedelta(seconds=answers.gap(batch.attempts))
    batch.save(update_fields=["tries", "status", "done_at", "next_at"])
    if not batch.is_test:
        _judge(endpoint, answer)


def _judge(endpoint: Endpoint, answer: Answer) -> None:
    """Count the outcome at the endpoint: one that only failed for too long, or is gone, is told nothing more."""
    now = timezone.now()
    if not answer.problem:
        facts: dict[str, Any] = {"failures": 0, "failing_since": None, "next_at": None, "told_at": now}
        Endpoint.objects.filter(pk=endpoint.pk).update(**facts)
        return
    failures, since = endpoint.failures + 1, endpoint.failing_since or now
    facts = {"failures": failures, "failing_since": since}
    if not answer.is_about_request:
        facts["next_at"] = now + timedelta(seconds=answers.gap(failures, answer))
    is_over = answer.is_gone or now - since >= timedelta(hours=PATIENCE_HOURS)
    if is_over and endpoint.status == EndpointStatus.ON:
        with override(endpoint.workspace.locale):
            reason = _disabling(answer)
        facts |= {"status": EndpointStatus.DISABLED, "status_reason": reason, "status_changed_at": now}
        facts["next_at"] = None
        audit.record(
            by=actors.system(endpoint.workspace), action="webhook.disable", kind="webhook",
            object_id=str(endpoint.public_id), object_name=endpoint.description or host_of(endpoint),
            reason=reason, changes={"status": (endpoint.status, EndpointStatus.DISABLED.value)},
        )  # fmt: skip
    Endpoint.objects.filter(pk=endpoint.pk).update(**facts)


def _disabling(answer: Answer) -> str:
    if answer.is_gone:
        return _("The receiver answered 410: it does not want to be told any more.")
    said = str(answer.status) if answer.status is not None else queries.problem_in_words(answer.problem)
    return _("Every request has failed for a day; the last one: %(said)s") % {"said": said}
