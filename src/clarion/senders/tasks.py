"""Background jobs of senders. Running one twice or again is harmless."""

from django.db import connection
from procrastinate.contrib.django import app


@app.periodic(cron="*/5 * * * *")
@app.task(name="senders.deliver_letters", queue="senders", queueing_lock="senders.deliver_letters")
def deliver_letters(timestamp: int) -> None:
    """Hand over letters whose writer ended first or whose server was away, and forget old ones."""
    from clarion.senders.system import operations

    try:
        operations.deliver_due()
        operations.forget_old()
    finally:
        if not connection.in_atomic_block:
            connection.close()
