"""Keeping the inbox's tables small: by age, in batches, so that no lock is held for long."""

import structlog
from django.db import connection

log = structlog.get_logger(__name__)

#: Days that a provider's id is kept: receipts come within the message's validity, a few days at most.
ID_DAYS = 21
#: Days that an event without a message is listed.
STRAY_DAYS = 30
BATCH = 20_000

_OLD_IDS = """
delete from deliveries_providermessage where ctid = any(array(
    select ctid from deliveries_providermessage where at < now() - make_interval(days => %s) limit %s))
"""
_OLD_STRAYS = """
delete from deliveries_strayevent where id = any(array(
    select id from deliveries_strayevent where received_at < now() - make_interval(days => %s) limit %s))
"""


def forget_old() -> int:
    """Forget what is old; return how many rows that were. Safe to repeat and to interrupt."""
    count = 0
    for query, days in ((_OLD_IDS, ID_DAYS), (_OLD_STRAYS, STRAY_DAYS)):
        while True:
            with connection.cursor() as cursor:
                cursor.execute(query, [days, BATCH])
                gone = int(cursor.rowcount)
            count += gone
            if gone < BATCH:
                break
    if count:
        log.info("inbox.forgotten", rows=count)
    return count
