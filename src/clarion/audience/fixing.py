"""Writing down who is meant by lists, segments or all contacts at one moment: "the audience fixed now"."""

import structlog
from django.db import connection, transaction

from clarion.audience import locks
from clarion.audience.models import Source, SourceMember, SourceStatus
from clarion.audience.queries import narrowing

log = structlog.get_logger(__name__)


def fix_source_job(source_id: int) -> None:
    """Write down the source's people unless it is gone, done, or another process is at it."""
    source = Source.objects.select_related("workspace").filter(pk=source_id).first()
    if source is None:
        return
    with locks.work_lock(locks.FIXING, source_id) as is_ours:
        if is_ours:
            fix(source)


def fix(source: Source) -> Source:
    """Write down who is meant now, once: the source is READY then. Returns it afresh."""
    with transaction.atomic():
        row = Source.objects.select_for_update().get(pk=source.pk)
        if row.status == SourceStatus.WAITING and row.fixed_at is not None:
            only = narrowing.meant(row, row.fixed_at)
            with connection.cursor() as cursor:
                cursor.execute(
                    "insert into audience_sourcemember (source_id, contact_id)"  # noqa: S608
                    " select %(source)s, c.id from audience_contact c"
                    f" where c.workspace_id = %(workspace)s and {only.sql} order by c.id",
                    only.parameters | {"source": row.pk, "workspace": row.workspace_id},
                )
                count = cursor.rowcount
            Source.objects.filter(pk=row.pk).update(status=SourceStatus.READY, row_count=count)
            log.info("source.fixed", source_id=row.pk, people=count)
    with connection.cursor() as cursor:
        cursor.execute(f"analyze {SourceMember._meta.db_table}")
    source.refresh_from_db()
    return source
