"""What a contact was sent, over all runs: the newest first, page by page.

The one question about a person that no run answers. An index on the contact finds its rows in every partition; the
rows of files and of pushed people name no contact, and are found by its addresses, run by run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from clarion.audience import addresses
from clarion.audience.models import Contact, SourceKind
from clarion.audience.queries import ids_of
from clarion.deliveries.models import Delivery, Run, RunStep
from clarion.deliveries.states import STEPS, Result, Skip, Stage, recipient_id, step_of

#: People of runs on a page.
PAGE = 25
#: Where a page begins: below this run and recipient.
Place = tuple[int, int]
_BEGINNING: Place = (2**62, 2**62)

#: Materialised, or the planner reads whole partitions backwards in the hope to meet the contact soon.
_PLACES = """
with known as materialized (
    select run_id, id from deliveries_recipient where contact_id = any(%(contacts)s)
), by_address as (
    select r.run_id, r.id
    from deliveries_run run
    join campaigns_campaign k on k.id = run.campaign_id
    left join audience_source s on s.id = k.source_id
    cross join lateral (
        select p.run_id, p.id from deliveries_recipient p
        where p.run_id = run.id and p.address = any(%(addresses)s) and p.contact_id is null
        union
        select p.run_id, p.id from deliveries_delivery d
        join deliveries_recipient p on p.run_id = run.id and p.id = d.id >> 4 and p.contact_id is null
        where run.is_cascade and d.run_id = run.id and d.address = any(%(addresses)s)
    ) r
    where run.workspace_id = %(workspace)s and run.id <= %(run)s and (s.id is null or s.kind = any(%(kinds)s))
)
select run_id, id from known where (run_id, id) < (%(run)s, %(recipient)s)
union
select run_id, id from by_address where (run_id, id) < (%(run)s, %(recipient)s)
order by run_id desc, id desc limit %(limit)s
"""
#: Kinds of sources whose people all are contacts.
_OF_CONTACTS = {SourceKind.LISTS, SourceKind.SEGMENTS, SourceKind.CONTACTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message of a run to the contact; without a channel for one who was left out, and why."""

    campaign_name: str
    campaign_public_id: str
    run_id: int
    run_number: int
    recipient_id: int
    step: int
    channel: str
    stage: Stage
    skip: Skip | None
    result: Result | None
    #: When its latest attempt ended; of who was left out, when the run began. None while it waits.
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A page of messages, and the place at which the next one begins."""

    messages: Sequence[Sent]
    older: Place | None


def messages_to(contact: Contact, *, after: Place | None = None, limit: int = PAGE) -> History:
    """Return the messages of the newest runs that the contact was in, below the place `after`."""
    places = places_of(contact, after=after or _BEGINNING, limit=limit + 1)
    shown = places[:limit]
    runs = Run.objects.select_related("campaign").filter(workspace_id=contact.workspace_id)
    known = runs.in_bulk({run_id for run_id, _id in shown})
    channels: dict[int, dict[int, str]] = {}
    for run_id, step, channel in RunStep.objects.filter(run__in=known).values_list(
        "run_id", "step", "channel"
    ):
        channels.setdefault(run_id, {})[step] = channel
    found: list[Sent] = []
    for run_id, person in shown:
        if (run := known.get(run_id)) is not None:
            found += _messages(run, person, channels.get(run_id, {}))
    return History(messages=found, older=shown[-1] if len(places) > limit else None)


def all_messages(contact: Contact) -> Iterator[Sent]:
    """Yield every message, the newest first."""
    place: Place | None = None
    while True:
        page = messages_to(contact, after=place, limit=200)
        yield from page.messages
        place = page.older
        if place is None:
            return


def places_of(contact: Contact, *, after: Place, limit: int) -> list[Place]:
    """Return (run, recipient) of the contact's rows below `after`, the newest first."""
    every = [one for kind in addresses.all_of(contact).values() for one in kind]
    return places(contact.workspace_id, ids_of(contact), every, after=after, limit=limit)


def places(
    workspace_id: int, contacts: Sequence[int], known: Sequence[str], *, after: Place = _BEGINNING, limit: int
) -> list[Place]:
    """Return (run, recipient) of the rows of these contacts, and of those of no contact with these addresses."""
    with connection.cursor() as cursor:
        kinds = [kind.value for kind in SourceKind if kind not in _OF_CONTACTS]
        facts: dict[str, Any] = {
            "contacts": list(contacts), "addresses": list(known), "workspace": workspace_id, "kinds": kinds,
            "run": after[0], "recipient": after[1], "limit": limit,
        }  # fmt: skip
        cursor.execute(_PLACES, facts)
        return [(run_id, person) for run_id, person in cursor.fetchall()]


_PERSON = "select stage, skip from deliveries_recipient where run_id = %s and id = %s"


def _messages(run: Run, person: int, channels: dict[int, str]) -> list[Sent]:
    facts: dict[str, Any] = {
        "campaign_name": run.campaign.name, "campaign_public_id": str(run.campaign.public_id),
        "run_id": run.pk, "run_number": run.number, "recipient_id": person,
    }  # fmt: skip
    rows = Delivery.objects.filter(run_id=run.pk, id__gte=person * STEPS, id__lt=(person + 1) * STEPS)
    found = [
        Sent(
            **facts, step=step_of(row.id), channel=channels.get(step_of(row.id), ""), stage=Stage(row.stage),
            skip=None, result=Result(row.result) if row.result is not None else None, at=row.ended_at,
        )
        for row in rows.order_by("id")
        if recipient_id(row.id) == person
    ]  # fmt: skip
    if found:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_PERSON, [run.pk, person])
        stage, skip = cursor.fetchone()
    return [
        Sent(
            **facts, step=0, channel="", stage=Stage(stage), skip=Skip(skip) if skip is not None else None,
            result=None, at=run.created_at,
        )
    ]  # fmt: skip
