"""Background jobs of the API."""

from django.db import connection
from procrastinate.contrib.django import app


@app.periodic(cron="37 * * * *")
@app.task(name="api.forget_answers", queue="housekeeping", queueing_lock="api.forget_answers")
def forget_answers(timestamp: int) -> None:
    """Forget answers that nobody may ask for again."""
    from clarion.api import operations

    try:
        operations.forget_answers()
    finally:
        if not connection.in_atomic_block:
            connection.close()
