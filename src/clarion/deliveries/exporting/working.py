"""Working an export off: the background job's part, from QUEUED to DONE or FAILED.

A killed job is taken up again and begins its file anew; one that ran to the end twice leaves the same file.
"""

import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clarion.audience import locks
from clarion.deliveries.errors import ExportRefused
from clarion.deliveries.exporting import files, writing
from clarion.deliveries.exporting.audited import record
from clarion.deliveries.models import Export, ExportStatus
from clarion.deliveries.wanted import Wanted
from clarion.workspaces import actors

log = structlog.get_logger(__name__)

#: Second half of the advisory locks' first key: "AUD" and a number for each kind of work.
LOCK = 0x41554433
#: Seconds between two notes of how far it has come.
NOTE_SECONDS = 0.5


class _Gone(Exception):
    """The export was deleted, or somebody else has moved it on."""


def run_export_job(export_id: int) -> None:
    """Make the export's file unless it is gone, ended, or being made by another process."""
    with locks.work_lock(LOCK, export_id) as is_ours:
        if is_ours:
            _run(export_id)


def _run(export_id: int) -> None:
    unfinished = Export.objects.filter(
        pk=export_id, status__in=[ExportStatus.QUEUED, ExportStatus.RUNNING]
    ).select_related("workspace", "run__workspace", "run__campaign")
    export = unfinished.first()
    if export is None:
        return
    name = export.file_path or files.new_name(export.format.lower())
    if not unfinished.update(status=ExportStatus.RUNNING, file_path=name, done_count=0):
        return
    export.file_path = name
    with translation.override(export.workspace.locale):
        try:
            made = _write(export)
        except _Gone:
            files.remove(name)
        except (ExportRefused, OSError) as problem:
            files.remove(name)
            _fail(export, _sentence(problem))
        except DatabaseError:
            raise  # the job runs again
        except Exception:
            files.remove(name)
            _fail(export, _("The program made a mistake; its log says more."))
            raise
        else:
            _finish(export, made)


def _write(export: Export) -> writing.Made:
    noted = 0.0

    def progress(count: int) -> None:
        nonlocal noted
        if (now := time.monotonic()) - noted < NOTE_SECONDS:
            return
        noted = now
        if not Export.objects.filter(pk=export.pk, status=ExportStatus.RUNNING).update(done_count=count):
            raise _Gone

    return writing.write(
        export.run,
        Wanted.read(export.wanted),
        kind=export.format,
        path=files.path_of(export.file_path),
        is_masked=export.is_masked,
        has_bom=export.has_bom,
        progress=progress,
    )


def _sentence(problem: Exception) -> str:
    return (
        str(problem)
        if isinstance(problem, ExportRefused)
        else _("The file could not be written to the disk.")
    )


def _finish(export: Export, made: writing.Made) -> None:
    now = timezone.now()
    with transaction.atomic():
        is_ours = Export.objects.filter(pk=export.pk, status=ExportStatus.RUNNING).update(
            status=ExportStatus.DONE,
            done_count=made.count,
            total_count=made.count,
            file_bytes=made.size,
            finished_at=now,
            expires_at=now + timedelta(days=settings.CLARION_EXPORT_DAYS),
        )
        if is_ours:
            record(
                export,
                by=actors.system(export.workspace),
                verb="export_done",
                changes={"people": (None, made.count), "bytes": (None, made.size)},
            )
    if not is_ours:
        files.remove(export.file_path)
    log.info("export.ended", export_id=export.pk, status="DONE" if is_ours else "GONE", people=made.count)


def _fail(export: Export, failure: str) -> None:
    with transaction.atomic():
        is_ours = Export.objects.filter(pk=export.pk, status=ExportStatus.RUNNING).update(
            status=ExportStatus.FAILED, failure=failure, finished_at=timezone.now(), file_path=""
        )
        if is_ours:
            record(export, by=actors.system(export.workspace), verb="export_failed", reason=failure)
    log.warning("export.failed", export_id=export.pk)
