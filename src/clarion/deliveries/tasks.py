"""Background jobs. Each is fenced by its row's state, so that running one twice or again is harmless."""

from django.db import connection
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

_RETRY = RetryStrategy(max_attempts=6, exponential_wait=3)


@app.task(name="deliveries.purge_campaign", queue="housekeeping", retry=_RETRY)
def purge_campaign(campaign_id: int) -> None:
    """Remove the rows of a campaign that an administrator purged."""
    from clarion.deliveries import purging

    try:
        purging.remove_rows(campaign_id)
    finally:
        if not connection.in_atomic_block:
            connection.close()
