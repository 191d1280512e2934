"""Background jobs. Running one twice or again is harmless."""

from django.db import connection
from procrastinate.contrib.django import app


@app.periodic(cron="*/10 * * * *")
@app.task(name="webhooks.forget_old", queue="housekeeping", queueing_lock="webhooks.forget_old")
def forget_old(timestamp: int) -> None:
    """Remove requests from the logs whose time is over."""
    from clarion.webhooks import operations

    try:
        operations.forget_old()
    finally:
        if not connection.in_atomic_block:
            connection.close()
