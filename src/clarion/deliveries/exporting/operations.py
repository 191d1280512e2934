"""Asking for an export, fetching it, taking it away; and the end of those that nobody took away.

All are keyword-only, run in one transaction and leave an audit event on the campaign's trail.
"""

from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.deliveries import tasks
from clarion.deliveries.errors import ExportRefused
from clarion.deliveries.exporting import files, writing
from clarion.deliveries.exporting.audited import facts_of, record, record_for
from clarion.deliveries.models import Export, ExportFormat, ExportStatus, Run
from clarion.deliveries.wanted import Wanted
from clarion.workspaces import actors
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Of one workspace, queued or running at once.
MOST_AT_ONCE = 20


@transaction.atomic
def create_export(*, run: Run, wanted: Wanted, kind: str, by: Actor, has_bom: bool = True) -> Export:
    """Have a file of the wanted people made by a background job and return the export, QUEUED.

    It is masked for whoever may not see whole addresses. Raises NotAllowed and ExportRefused.
    """
    by.require(Permission.EXPORT)
    if kind not in ExportFormat.values or run.workspace_id != by.workspace.pk:
        raise ExportRefused(_("There is no such format."))
    at_once = Export.objects.filter(
        workspace=by.workspace, status__in=[ExportStatus.QUEUED, ExportStatus.RUNNING]
    ).count()
    if at_once >= MOST_AT_ONCE:
        raise ExportRefused(_("Too many exports are under way already; wait for one of them."))
    export = Export.objects.create(
        workspace=by.workspace,
        run=run,
        format=kind,
        wanted=wanted.query(),
        is_masked=by.member is not None and not by.member.may(Permission.VIEW_PII),
        has_bom=has_bom,
        total_count=writing.expected(run, wanted),
        created_by=by.user,
    )
    record(export, by=by, verb="export")
    tasks.run_export.defer(export_id=export.pk)
    return export


@transaction.atomic
def delete_export(*, export: Export, by: Actor) -> None:
    """Take the export away, with its file; one that is under way stops within a second."""
    by.require(Permission.EXPORT)
    found = Export.objects.select_for_update().filter(pk=export.pk, workspace=by.workspace).first()
    if found is None:
        return
    record(found, by=by, verb="export_delete", changes={"status": (found.status, None)})
    path = found.file_path
    found.delete()
    transaction.on_commit(partial(files.remove, path))


@transaction.atomic
def record_download(*, export: Export, by: Actor) -> None:
    """Note that somebody fetches the file. Raises NotAllowed, also for a whole file to who may see masked ones only."""
    by.require(Permission.EXPORT)
    if not export.is_masked:
        by.require(Permission.VIEW_PII)
    record(export, by=by, verb="export_download", changes={"people": (None, export.done_count)})


@transaction.atomic
def record_file(*, run: Run, wanted: Wanted, kind: str, count: int, by: Actor) -> None:
    """Note that a file was made outside of CLARION_HOME, by the command line."""
    by.require(Permission.EXPORT)
    changes = facts_of(run.number, kind, wanted) | {"people": (None, count)}
    record_for(run.campaign, by=by, verb="export_file", changes=changes)


def expire_exports() -> int:
    """Remove the files whose time is over, and what crashes left; return how many exports have expired."""
    due = list(
        Export.objects.filter(status=ExportStatus.DONE, expires_at__lte=timezone.now())
        .select_related("workspace", "run__campaign")
        .order_by("pk")[:1000]
    )
    count = sum(_expire(export) for export in due)
    files.remove_strays(set(Export.objects.exclude(file_path="").values_list("file_path", flat=True)))
    return count


@transaction.atomic
def _expire(export: Export) -> bool:
    expired = Export.objects.filter(pk=export.pk, status=ExportStatus.DONE).update(
        status=ExportStatus.EXPIRED, file_path=""
    )
    if expired:
        record(export, by=actors.system(export.workspace), verb="export_expire")
        transaction.on_commit(partial(files.remove, export.file_path))
    return bool(expired)
