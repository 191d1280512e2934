"""Background jobs of the API."""

from procrastinate.contrib.django import app

from clarion.workspaces.connections import own_connection


@app.periodic(cron="37 * * * *")
@app.task(name="api.forget_answers", queue="housekeeping", queueing_lock="api.forget_answers")
def forget_answers(timestamp: int) -> None:
    """Forget answers that nobody may ask for again."""
    from clarion.api import operations

    with own_connection():
        operations.forget_answers()
