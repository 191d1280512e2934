"""Long answers that come in parts: kept until all are there, or until the missing ones have been waited for enough."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from clarion.channels.events import Part, Reply

#: Minutes after the first part until an answer is taken as it is, with a mark for what is missing.
WAIT_MINUTES = 10
MISSING = " […] "

_KEEP = """
insert into deliveries_replypart (sender_id, address, "to", reference, number, count, text, received_at)
select s.id, %s, %s, %s, %s, %s, %s, %s from senders_sender s where s.id = %s
on conflict do nothing
"""

_JOINED = """
select sender_id, address, max("to"), reference, count, array_agg(number order by number),
       array_agg(text order by number), min(received_at)
from deliveries_replypart
group by sender_id, address, reference, count
having count(*) = count or min(received_at) < now() - make_interval(mins => %s)
limit 1000
"""

_FORGET = """
delete from deliveries_replypart where sender_id = %s and address = %s and reference = %s and count = %s
"""


def keep(sender_id: int, event: Reply, received_at: datetime) -> None:
    """Keep a part; one that came before changes nothing."""
    part = event.part
    if part is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            [
                event.address[:320].replace("\x00", ""), event.to[:320].replace("\x00", ""), part.reference,
                part.number, part.count, event.text.replace("\x00", ""), received_at, sender_id,
            ],
        )  # fmt: skip


def joined() -> Iterator[tuple[int, Reply, datetime]]:
    """Yield the answers of which all parts are there, or no more are waited for. Their parts stay; see `forget`."""
    with connection.cursor() as cursor:
        cursor.execute(_JOINED, [WAIT_MINUTES])
        rows = cursor.fetchall()
    for sender_id, address, to, reference, count, numbers, texts, received_at in rows:
        found = dict(zip(numbers, texts, strict=True))
        pieces = [found.get(number, MISSING) for number in range(1, count + 1)]
        yield (
            sender_id,
            Reply(
                address=address, to=to, text="".join(pieces), occurred_at=received_at,
                part=Part(reference=reference, number=1, count=count),
            ),
            received_at,
        )  # fmt: skip


def forget(sender_id: int, event: Reply) -> None:
    """Drop the parts of an answer that `joined` gave."""
    if event.part is not None:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [sender_id, event.address, event.part.reference, event.part.count])
