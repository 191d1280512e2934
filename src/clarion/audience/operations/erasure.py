"""The end of an erasure: what an erased person has left among uploaded files, and the note that all is done."""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience import uploads
from clarion.audience.models import Erasure, ErasureStatus, Import, Source, SourceKind
from clarion.workspaces import actors, audit

_ROWS = """
update audience_sourcerow set address = '?', data = '{}', problem = %(problem)s
where source_id = %(source)s and address = any(%(addresses)s)
"""


def erase_from_sources(erasure: Erasure, addresses: list[str]) -> tuple[int, int]:
    """Blank the person's rows of files and what was typed, and delete the files. Returns the counts. Repeatable."""
    rows = files = 0
    problem = _("This person was erased.")
    written = [SourceKind.UPLOAD, SourceKind.INPUT]
    for source in Source.objects.filter(workspace_id=erasure.workspace_id, kind__in=written):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ROWS, {"source": source.pk, "addresses": addresses, "problem": problem})
            found = int(cursor.rowcount)
            if found and source.file_path:
                Source.objects.filter(pk=source.pk).update(file_path="")
                transaction.on_commit(lambda path=source.file_path: uploads.remove(path))  # type: ignore[misc]
                files += 1
        rows += found
    return rows, files


def erase_from_reports(erasure: Erasure, addresses: list[str]) -> int:
    """Delete the files of rejected rows that name the person. Returns how many."""
    count = 0
    wanted = [one.lower().encode() for one in addresses]
    reports = Import.objects.filter(workspace_id=erasure.workspace_id, finished_at__isnull=False)
    for one in reports.exclude(report_path=""):
        try:
            with uploads.path_of(one.report_path).open("rb") as file:
                is_named = any(address in line.lower() for line in file for address in wanted)
        except FileNotFoundError:
            continue
        if is_named:
            path = one.report_path
            Import.objects.filter(pk=one.pk).update(report_path="", report_bytes=0)
            uploads.remove(path)
            count += 1
    return count


def end_erasure(erasure: Erasure, counts: dict[str, Any]) -> None:
    """Forget whom it was about, and note what was done."""
    with transaction.atomic():
        ended = Erasure.objects.filter(pk=erasure.pk, status=ErasureStatus.RUNNING).update(
            status=ErasureStatus.DONE, facts={}, counts=counts, finished_at=timezone.now()
        )
        if ended:
            audit.record(
                by=actors.system(erasure.workspace), action="contact.erasure_done", kind="contact",
                object_id=str(erasure.public_id), object_name=_("an erased person"),
                changes={name: (None, count) for name, count in counts.items()},
            )  # fmt: skip
