"""The people of old runs are blanked where their workspace asks for it: what became of messages stays, and not whose.

What was counted stays counted, and so do contacts, lists and suppressions: it is the record of runs that forgets.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from clarion.campaigns.operations import one_off
from clarion.deliveries.exporting import files
from clarion.deliveries.models import Answer, Export, ExportStatus, Run
from clarion.deliveries.states import STEPS, delivery_id
from clarion.workspaces.models import Workspace

log = structlog.get_logger(__name__)

#: Recipients that are blanked in one transaction.
BATCH = 5_000

_OF_PEOPLE = (
    "update deliveries_recipient set address = '', addresses = null, variables = '{}', contact_id = null"
    " where run_id = %(run)s and id between %(first)s and %(last)s",
    # The caller's key may be a person's address, too.
    "update deliveries_push set key = 'erased-' || recipient_id"
    " where run_id = %(run)s and recipient_id between %(first)s and %(last)s and key <> 'erased-' || recipient_id",
)
_OF_DELIVERIES = (
    "update deliveries_delivery set address = null where run_id = %(run)s and address is not null"
    " and id between %(first_delivery)s and %(last_delivery)s",
    # Providers repeat addresses in what they say.
    "update deliveries_attempt set detail = '' where run_id = %(run)s and detail <> ''"
    " and delivery_id between %(first_delivery)s and %(last_delivery)s",
    "update deliveries_receipt set detail = '' where run_id = %(run)s and detail <> ''"
    " and delivery_id between %(first_delivery)s and %(last_delivery)s",
)


def due(now: datetime) -> Iterator[Run]:
    """Return the runs whose time is over and that still know their people, the oldest first.

    A run is over for this once it has ended and its people's activity was noted for segments.
    """
    for workspace in Workspace.objects.filter(retention_days__gt=0).order_by("pk"):
        before = now - timedelta(days=workspace.retention_days)
        yield from Run.objects.filter(
            workspace=workspace, finished_at__lt=before, forgotten_at=None, folded_at__gte=F("finished_at")
        ).order_by("pk")


def forget_old() -> int:
    """Blank the people of every run whose time is over, and return of how many runs. Harmless when repeated."""
    return sum(forget(run.pk) for run in due(timezone.now()))


def forget(run_id: int) -> bool:
    """Blank the people of a run that has ended; return False when it goes on, as by a retry."""
    found = Run.objects.filter(pk=run_id).first()
    if found is None:
        return False
    for first in range(1, found.last_recipient_id + 1, BATCH):
        if not _forget_people(run_id, first, first + BATCH - 1):
            return False
    return _forget_rest(run_id)


def _ended(run_id: int) -> Run | None:
    """Return the run, held so that nobody retries it meanwhile; None when it has not ended."""
    return Run.objects.select_for_update().filter(pk=run_id, finished_at__isnull=False).first()


@transaction.atomic
def _forget_people(run_id: int, first: int, last: int) -> bool:
    if _ended(run_id) is None:
        return False
    facts: dict[str, Any] = {
        "run": run_id, "first": first, "last": last,
        "first_delivery": delivery_id(first, 0), "last_delivery": delivery_id(last, STEPS - 1),
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in (*_OF_DELIVERIES, *_OF_PEOPLE):
            cursor.execute(statement, facts)
    return True


@transaction.atomic
def _forget_rest(run_id: int) -> bool:
    """Blank what is about nobody in particular but may name them: samples of problems, answers, and files."""
    run = _ended(run_id)
    if run is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute("update deliveries_runproblem set sample = '' where run_id = %s", [run_id])
    Answer.objects.filter(run_id=run_id).delete()
    for export in Export.objects.filter(run=run, status=ExportStatus.DONE).exclude(file_path=""):
        Export.objects.filter(pk=export.pk).update(status=ExportStatus.EXPIRED, file_path="")
        transaction.on_commit(partial(files.remove, export.file_path))
    one_off.forget_address(campaign_id=run.campaign_id)
    Run.objects.filter(pk=run_id).update(forgotten_at=timezone.now())
    log.info("retention.forgotten", run=run_id, people=run.total)
    return True
