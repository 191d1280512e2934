"""Background jobs. Each is fenced by its row's state, so that running one twice or again is harmless."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from clarion.workspaces.connections import own_connection

#: A job put off by a stopped worker or a lost database runs again; its row remembers how far it came.
_RETRY = RetryStrategy(max_attempts=6, exponential_wait=3)


@app.task(name="audience.read_source", queue="audience", retry=_RETRY)
def read_source(source_id: int) -> None:
    """Read an uploaded file into SourceRow."""
    from clarion.audience import reading

    with own_connection():
        reading.read_source_job(source_id)


@app.task(name="audience.fix_source", queue="audience", retry=_RETRY)
def fix_source(source_id: int) -> None:
    """Write down who is meant by a source now."""
    from clarion.audience import fixing

    with own_connection():
        fixing.fix_source_job(source_id)


@app.task(name="audience.read_sheet", queue="audience", retry=_RETRY)
def read_sheet(sheet_id: int) -> None:
    """Read a live spreadsheet again."""
    from clarion.audience.livesheets import rereading

    with own_connection():
        rereading.read_sheet_job(sheet_id)


@app.task(name="audience.run_import", queue="audience", retry=_RETRY)
def run_import(import_id: int) -> None:
    """Bring a mapped file's rows into the contacts."""
    from clarion.audience import importing

    with own_connection():
        importing.run_import_job(import_id)


@app.task(name="audience.run_bulk_edit", queue="audience", retry=_RETRY)
def run_bulk_edit(edit_id: int) -> None:
    """Go on with a change to many contacts, or with taking it back."""
    from clarion.audience.models import BulkEdit
    from clarion.audience.operations import bulk

    with own_connection():
        edit = BulkEdit.objects.filter(pk=edit_id).first()
        while edit is not None and bulk.work_on(edit):
            pass


@app.periodic(cron="47 3 * * *")
@app.task(name="audience.forget_old_edits", queue="audience", queueing_lock="audience.forget_old_edits")
def forget_old_edits(timestamp: int) -> None:
    """Remove what old changes to many contacts could be taken back with."""
    from clarion.audience.operations import bulk

    with own_connection():
        bulk.forget_old_edits()


@app.periodic(cron="17 3 * * *")
@app.task(name="audience.sweep_uploads", queue="audience", queueing_lock="audience.sweep_uploads")
def sweep_uploads(timestamp: int) -> None:
    """Delete uploaded files that no row refers to: their transaction was rolled back by a crash."""
    from clarion.audience import reading

    with own_connection():
        reading.sweep_uploads()


@app.periodic(cron="23 * * * *")
@app.task(name="audience.drop_expired", queue="audience", queueing_lock="audience.drop_expired")
def drop_expired(timestamp: int) -> None:
    """Forget browsers whose subscription is over."""
    from clarion.audience import operations

    with own_connection():
        operations.drop_expired(channel="webpush")
