"""Background jobs. Each is fenced by its row's state, so that running one twice or again is harmless."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from clarion.workspaces.connections import own_connection

#: A job put off by a stopped worker or a lost database runs again.
_RETRY = RetryStrategy(max_attempts=6, exponential_wait=3)


@app.task(name="deliveries.run_export", queue="deliveries", retry=_RETRY)
def run_export(export_id: int) -> None:
    """Make an export's file."""
    from clarion.deliveries.exporting import working

    with own_connection():
        working.run_export_job(export_id)


@app.task(name="deliveries.refresh_targets", queue="deliveries", retry=_RETRY)
def refresh_targets(refresh_id: int, number: int) -> None:
    """Compare a run of very many people with what its source says now, and apply it when asked."""
    from clarion.deliveries.refreshes import operations

    with own_connection():
        operations.run_refresh_job(refresh_id, number)


@app.periodic(cron="7 * * * *")
@app.task(name="deliveries.expire_exports", queue="deliveries", queueing_lock="deliveries.expire_exports")
def expire_exports(timestamp: int) -> None:
    """Remove exported files whose time is over."""
    from clarion.deliveries.exporting import operations

    with own_connection():
        operations.expire_exports()


@app.periodic(cron="* * * * *")
@app.task(name="deliveries.count_finished", queue="deliveries", queueing_lock="deliveries.count_finished")
def count_finished(timestamp: int) -> None:
    """Note whom runs that are over have written to, for frequency caps."""
    from clarion.deliveries import counting

    with own_connection():
        counting.count_finished(seconds=50)


@app.periodic(cron="* * * * *")
@app.task(name="deliveries.note_reached", queue="deliveries", queueing_lock="deliveries.note_reached")
def note_reached(timestamp: int) -> None:
    """Note whom recurring campaigns that go only to new people have written to."""
    from clarion.deliveries import remembering

    with own_connection():
        remembering.note_finished(seconds=50)


@app.periodic(cron="* * * * *")
@app.task(name="deliveries.tell_of_trouble", queue="deliveries", queueing_lock="deliveries.tell_of_trouble")
def tell_of_trouble(timestamp: int) -> None:
    """Write of what broke to those who administer it."""
    from clarion.deliveries.notices import operations

    with own_connection():
        operations.tell()


@app.periodic(cron="23 * * * *")
@app.task(name="deliveries.drop_old_copies", queue="housekeeping", queueing_lock="deliveries.drop_old_copies")
def drop_old_copies(timestamp: int) -> None:
    """Forget readings of live spreadsheets that no run goes by."""
    from clarion.deliveries import livesheets

    with own_connection():
        livesheets.drop_old_copies()


@app.task(name="deliveries.finish_erasure", queue="housekeeping", retry=_RETRY)
def finish_erasure(erasure_id: int) -> None:
    """Remove an erased person from what was sent; once more later when a message of theirs is on its way."""
    from clarion.deliveries import erasing

    with own_connection():
        if not erasing.finish(erasure_id):
            later = finish_erasure.configure(schedule_in={"seconds": erasing.LATER_SECONDS})
            later.defer(erasure_id=erasure_id)


@app.task(name="deliveries.purge_campaign", queue="housekeeping", retry=_RETRY)
def purge_campaign(campaign_id: int) -> None:
    """Remove the rows of a campaign that an administrator purged."""
    from clarion.deliveries import purging

    with own_connection():
        purging.remove_rows(campaign_id)


@app.task(name="deliveries.list_people", queue="deliveries", retry=_RETRY)
def list_people(run_id: int, wanted: dict[str, str], list_id: int, is_private: bool) -> None:
    """Put many people of a run on a list."""
    from clarion.deliveries import gathering

    with own_connection():
        gathering.list_later(run_id, wanted, list_id, is_private=is_private)


@app.task(name="deliveries.suppress_people", queue="deliveries", retry=_RETRY)
def suppress_people(run_id: int, wanted: dict[str, str], is_private: bool) -> None:
    """Suppress the addresses of many people of a run."""
    from clarion.deliveries import gathering

    with own_connection():
        gathering.suppress_later(run_id, wanted, is_private=is_private)


@app.periodic(cron="47 3 * * *")
@app.task(name="deliveries.forget_people", queue="housekeeping", queueing_lock="deliveries.forget_people")
def forget_people(timestamp: int) -> None:
    """Blank the people of old runs, where their workspace asks for it."""
    from clarion.deliveries import retention

    with own_connection():
        retention.forget_old()


@app.periodic(cron="23 3 * * *")
@app.task(name="deliveries.forget_inbox", queue="housekeeping", queueing_lock="deliveries.forget_inbox")
def forget_inbox(timestamp: int) -> None:
    """Forget what providers call messages, and events without one, when nobody asks for them any more."""
    from clarion.deliveries.inbox import forgetting

    with own_connection():
        forgetting.forget_old()


@app.periodic(cron="*/30 * * * *")
@app.task(
    name="deliveries.refresh_templates", queue="deliveries", queueing_lock="deliveries.refresh_templates"
)
def refresh_templates(timestamp: int) -> None:
    """Ask providers that approve templates what they have, every few hours: their calls may have been missed."""
    from clarion.deliveries import provider_notices

    with own_connection():
        provider_notices.refresh_due()
