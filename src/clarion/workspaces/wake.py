"""The bell that tells sending processes to look again."""

from typing import Any

import orjson
from django.db import connection

#: The PostgreSQL notification channel on which sending processes listen.
WAKE_CHANNEL = "clarion_wake"


def wake(**facts: Any) -> None:
    """Tell the sending processes, at commit, that something they hold may have changed."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [WAKE_CHANNEL, orjson.dumps(facts).decode()])
