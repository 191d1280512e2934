"""Background jobs. Running one twice or again is harmless."""

from procrastinate.contrib.django import app

from clarion.workspaces.connections import own_connection


@app.periodic(cron="*/10 * * * *")
@app.task(name="webhooks.forget_old", queue="housekeeping", queueing_lock="webhooks.forget_old")
def forget_old(timestamp: int) -> None:
    """Remove requests from the logs whose time is over."""
    from clarion.webhooks import operations

    with own_connection():
        operations.forget_old()
