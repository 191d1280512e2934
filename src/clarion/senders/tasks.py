"""Background jobs of senders. Running one twice or again is harmless."""

from procrastinate.contrib.django import app

from clarion.workspaces.connections import own_connection


@app.periodic(cron="*/5 * * * *")
@app.task(name="senders.deliver_letters", queue="senders", queueing_lock="senders.deliver_letters")
def deliver_letters(timestamp: int) -> None:
    """Hand over letters whose writer ended first or whose server was away, and forget old ones."""
    from clarion.senders.system import operations

    with own_connection():
        operations.deliver_due()
        operations.forget_old()
