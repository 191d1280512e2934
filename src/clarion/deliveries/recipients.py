"""The people of a run, page by page: any size, any filter, forwards and backwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from clarion.deliveries import finding, narrowing, queries, scanning
from clarion.deliveries.models import Receipt, Recipient, Run, RunStep
from clarion.deliveries.narrowing import Narrowing
from clarion.deliveries.states import STEPS, Result, Skip, Stage, step_of
from clarion.deliveries.unreached import Missed

#: Rows on a page at most.
LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to a person of a run, as its row tells it."""

    step: int
    channel: str
    stage: Stage
    attempts: int
    claimed_at: datetime | None
    ended_at: datetime | None
    reason: int | None
    code: str
    provider_id: str
    result: Result | None
    result_at: datetime | None
    #: Set while it is pending and waits: until when, and for which reason.
    not_before: datetime | None
    waits_for: int | None
    #: Of a cascade: where it goes; empty when the channel could not reach the person, and of other runs.
    address: str = ""

    @property
    def sent_at(self) -> datetime | None:
        """When the provider took it."""
        return self.ended_at if self.stage is Stage.SENT else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A recipient with what has become of the messages to it."""

    id: int
    contact_id: int | None
    address: str
    variables: Mapping[str, Any]
    stage: Stage
    skip: Skip | None
    messages: Sequence[Message]

    @property
    def name(self) -> str:
        """What the source calls the person; empty when it does not say."""
        return narrowing.name_in(self.variables)

    @property
    def first_message(self) -> Message | None:
        return self.messages[0] if self.messages else None

    @property
    def chief_message(self) -> Message | None:
        """Return the one that a line about the person tells of: the last that was taken, else the last there is."""
        taken = (one for one in reversed(self.messages) if one.stage is Stage.SENT)
        return next(taken, self.messages[-1] if self.messages else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some people of a run in the order of their numbers, and where to go on.

    `next_after` and `previous_before` are for the next call; None at the ends. `is_cut` tells that the time was
    used up before the page was full: there may be more from `next_after` on.
    """

    people: Sequence[Person]
    next_after: int | None = None
    previous_before: int | None = None
    is_cut: bool = False
    #: How many there are in all, where a counter tells.
    count: int | None = None
    #: Sentences about a search that could not look everywhere.
    notes: Sequence[str] = field(default_factory=tuple)


def recipients_page(
    run: Run,
    *,
    stage: Stage | None = None,
    skip: Skip | None = None,
    not_skipped: bool = False,
    result: Result | None = None,
    reason: int | None = None,
    code: str | None = None,
    no_receipt: bool = False,
    not_opened: bool = False,
    missed: Missed | None = None,
    q: str = "",
    is_private: bool = False,
    after: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Page:
    """Return the people of the run that fit, those after or before a recipient's number.

    `reason` and `code` are those of a message's latest attempt; `result` is the last that was heard, but for
    READ and CLICKED: those are of everybody who did, whatever came later. `no_receipt` leaves messages that were
    sent and of which nothing was heard since, `not_opened` those of which nothing tells that they were opened. `q`
    is looked for as `finding.find` says; `is_private` keeps a search from telling who is in the run.
    """
    wanted = Narrowing(
        stage=stage, skip=skip, not_skipped=not_skipped, result=result, reason=reason, code=code, no_receipt=no_receipt,
        not_opened=not_opened,
        missed=missed,
    )  # fmt: skip
    limit = max(1, min(limit, LARGEST_PAGE))
    backwards = before is not None
    steps = queries.lean_steps(run)
    found = finding.find(run, steps, q, is_private=is_private) if q.strip() else None
    result_ = scanning.search(
        narrowing.ways(run, steps, wanted, found),
        run_id=run.pk,
        start=before if backwards else after,
        backwards=backwards,
        wanted=limit + 1,
        budget=scanning.BUDGET_SECONDS,
    )
    ids = sorted(result_.ids[:limit])
    has_more = len(result_.ids) > limit
    is_cut = not has_more and result_.reached is not None
    edge = (ids[0] if backwards else ids[-1]) if has_more else result_.reached
    page = Page(
        people=people(run, steps, ids),
        next_after=(ids[-1] if ids else (before or 1) - 1) if backwards else edge,
        previous_before=edge if backwards else ((ids[0] if ids else after + 1) if after else None),
        is_cut=is_cut,
        count=None if found else wanted.count(run),
        notes=found.notes if found else (),
    )
    return page


def people(run: Run, steps: Sequence[RunStep], ids: Sequence[int]) -> list[Person]:
    """Return these recipients with their messages, in the order of their numbers. Two queries."""
    if not ids:
        return []
    messages = _messages(run, steps, ids)
    rows = Recipient.objects.filter(run_id=run.pk, id__in=list(ids)).order_by("id")
    return [
        Person(
            id=row.id,
            contact_id=row.contact_id,
            address=row.address,
            variables=row.variables,
            stage=stage_of(row, messages.get(row.id, ()), is_cascade=run.is_cascade),
            skip=Skip(row.skip) if row.skip is not None else None,
            messages=messages.get(row.id, ()),
        )
        for row in rows
    ]


def delivered_at(run: Run, found: Sequence[Person]) -> dict[int, datetime]:
    """Return when each person's first delivered message was, by the receipts, by numbers. One query."""
    keys = [one.id * STEPS + message.step for one in found for message in one.messages]
    rows = Receipt.objects.filter(run_id=run.pk, delivery_id__in=keys, result=Result.DELIVERED)
    moments: dict[int, datetime] = {}
    for delivery, at in rows.order_by("-at").values_list("delivery_id", "at"):
        moments[delivery // STEPS] = at
    return moments


def stage_of(recipient: Recipient, messages: Sequence[Message], *, is_cascade: bool = False) -> Stage:
    """Return how far a person has come: one message tells it alone, of several the recipient's row does."""
    if recipient.skip is not None:
        return Stage.SKIPPED
    if not is_cascade and len(messages) == 1:
        return messages[0].stage
    if recipient.stage == Stage.PENDING and any(one.stage is Stage.IN_FLIGHT for one in messages):
        return Stage.IN_FLIGHT
    return Stage(recipient.stage)


_MESSAGES = """
select d.id, d.stage, d.attempts, d.claimed_at, d.ended_at, d.reason, d.code, d.provider_id, d.result, d.result_at,
       w.not_before, w.reason, d.address
  from deliveries_delivery d
  left join deliveries_waiting w on w.run_id = d.run_id and w.delivery_id = d.id
 where d.run_id = %s and d.id = any(%s)
 order by d.id
"""


def _messages(run: Run, steps: Sequence[RunStep], ids: Sequence[int]) -> dict[int, list[Message]]:
    channels = {step.step: step.channel for step in steps}
    keys = [one * STEPS + step for one in ids for step in channels]
    found: dict[int, list[Message]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_MESSAGES, [run.pk, keys])
        for row in cursor.fetchall():
            found.setdefault(row[0] // STEPS, []).append(_message(row, channels))
    return found


def _message(row: Sequence[Any], channels: Mapping[int, str]) -> Message:
    step = step_of(row[0])
    return Message(
        step=step,
        channel=channels[step],
        stage=Stage(row[1]),
        attempts=row[2],
        claimed_at=row[3],
        ended_at=row[4],
        reason=row[5],
        code=row[6] or "",
        provider_id=row[7] or "",
        result=Result(row[8]) if row[8] is not None else None,
        result_at=row[9],
        not_before=row[10],
        waits_for=row[11],
        address=row[12] or "",
    )
