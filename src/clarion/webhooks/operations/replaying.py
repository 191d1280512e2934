"""Telling again, testing, and forgetting what was told."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.webhooks import events
from clarion.webhooks.models import Batch, BatchStatus, Endpoint
from clarion.webhooks.operations.packing import packed
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Days that requests which went well, and others, are kept; and how many of the former of one endpoint.
KEPT_DAYS, KEPT_OTHERS_DAYS = 3, 7
MOST_KEPT = 2_000

_TRIM = """
delete from webhooks_batch where endpoint_id = %(endpoint)s and status = 'DELIVERED' and id <= (
    select id from webhooks_batch where endpoint_id = %(endpoint)s and status = 'DELIVERED'
    order by id desc offset %(kept)s limit 1)
"""


@transaction.atomic
def replay(*, by: Actor, batch: Batch) -> bool:
    """Tell one request's events again, with the same ids; return whether it was over. Raises NotAllowed."""
    by.require(Permission.MANAGE_MEMBERS)
    over = Batch.objects.filter(pk=batch.pk, endpoint__workspace=by.workspace, is_test=False)
    count = over.exclude(status=BatchStatus.WAITING).update(**_AGAIN)
    if count:
        _record(by, batch.endpoint, count)
    return bool(count)


@transaction.atomic
def replay_failed(*, by: Actor, endpoint: Endpoint, since: datetime | None = None) -> int:
    """Tell again all that failed, of requests made since then; return how many requests. Raises NotAllowed."""
    by.require(Permission.MANAGE_MEMBERS)
    failed = Batch.objects.filter(
        endpoint=endpoint.pk, endpoint__workspace=by.workspace, status=BatchStatus.FAILED, is_test=False
    )
    if since is not None:
        failed = failed.filter(created_at__gte=since)
    count = failed.update(**_AGAIN)
    if count:
        _record(by, endpoint, count)
    return count


_AGAIN = {
    "status": BatchStatus.WAITING, "attempts": 0, "first_tried_at": None, "next_at": None, "done_at": None,
}  # fmt: skip


def queue_test(*, by: Actor, endpoint: Endpoint) -> Batch:
    """Return a request with a test event, for `test_request`. Raises NotAllowed."""
    by.require(Permission.MANAGE_MEMBERS)
    # Not translated: a program reads it.
    said = {"message": "This is a test."}
    event = events.made("test.event", key=f"test:{uuid4().hex}", data=said)
    body = packed(event, at=timezone.now(), workspace=by.workspace.slug)
    held = Endpoint.objects.get(pk=endpoint.pk, workspace=by.workspace)
    return Batch.objects.create(
        endpoint=held, body=body.decode(), count=1, types=["test.event"], is_test=True
    )


def forget_old() -> int:
    """Remove requests from the log whose time is over, and return how many."""
    now = timezone.now()
    told = Batch.objects.filter(status=BatchStatus.DELIVERED, created_at__lt=now - timedelta(days=KEPT_DAYS))
    rest = Batch.objects.filter(created_at__lt=now - timedelta(days=KEPT_OTHERS_DAYS))
    count = told.delete()[0] + rest.delete()[0]
    with connection.cursor() as cursor:
        for endpoint_id in Endpoint.objects.values_list("pk", flat=True):
            cursor.execute(_TRIM, {"endpoint": endpoint_id, "kept": MOST_KEPT})
            count += cursor.rowcount
    return count


def _record(by: Actor, endpoint: Endpoint, count: int) -> None:
    audit.record(
        by=by, action="webhook.replay", kind="webhook", object_id=str(endpoint.public_id),
        object_name=endpoint.description or _("webhook"), changes={"requests": (None, count)},
    )  # fmt: skip
