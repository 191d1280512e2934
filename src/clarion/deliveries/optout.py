"""A recipient asks for no more: the address is suppressed, and what is still pending for it is skipped.

Each run is a transaction of its own (docs: one run per statement and transaction). The suppression comes first,
so that whatever happens later nothing new is built for the address; asking again finishes what was cut off.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from clarion.audience import addresses
from clarion.audience import operations as audience
from clarion.audience.models import Contact, Suppression, SuppressionReason
from clarion.channels import registry
from clarion.deliveries import looking, tiers
from clarion.deliveries.models import Delivery, Recipient, Run, RunStep
from clarion.deliveries.states import Result, Skip, Stage, recipient_id, step_of
from clarion.deliveries.telling import reading
from clarion.workspaces.models import Workspace
from clarion.workspaces.wake import wake

#: One of its kind for a delivery: asking twice is one receipt.
EVENT_KEY = "unsubscribed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a link in a message is about: the delivery, and the address on the channel it came by."""

    workspace: Workspace
    run_id: int
    delivery_id: int
    channel: str
    address: str


def find(run_id: int, delivery_id: int) -> Subject | None:
    """Return what the delivery was, or None when the run is no longer kept."""
    run = Run.objects.select_related("workspace").filter(pk=run_id).first()
    step = RunStep.objects.filter(run_id=run_id, step=step_of(delivery_id)).first()
    person = Recipient.objects.filter(run_id=run_id, id=recipient_id(delivery_id)).first()
    if run is None or step is None or person is None:
        return None
    return Subject(
        workspace=run.workspace,
        run_id=run_id,
        delivery_id=delivery_id,
        channel=step.channel,
        address=_address(run, delivery_id) or person.address,
    )


def _address(run: Run, delivery_id: int) -> str | None:
    """Return where a message of a cascade went; None of other runs, in which it is the person's own address."""
    if not run.is_cascade:
        return None
    return Delivery.objects.filter(run_id=run.pk, id=delivery_id).values_list("address", flat=True).first()


def is_out(subject: Subject) -> bool:
    """Tell whether the address gets nothing more on the channel, for whatever reason."""
    return Suppression.objects.filter(
        workspace=subject.workspace, channel=subject.channel, address=subject.address
    ).exists()


def opt_out(run_id: int, delivery_id: int) -> bool:
    """Unsubscribe the recipient of a delivery. Returns False when there is no such delivery. Safe to repeat."""
    subject = find(run_id, delivery_id)
    if subject is None:
        return False
    audience.suppress(
        workspace=subject.workspace,
        channel=subject.channel,
        address=subject.address,
        reason=SuppressionReason.UNSUBSCRIBED,
        origin=f"run {run_id}",
    )
    note(run_id, delivery_id)
    skip_pending(workspace=subject.workspace, channel=subject.channel, address=subject.address)
    return True


def opt_in(run_id: int, delivery_id: int) -> bool:
    """Take back an unsubscription by its own link. Returns whether the address may be written to again.

    Only the recipient's own wish is withdrawn: a bounce, a complaint or a person's entry stays. What was skipped
    meanwhile stays skipped.
    """
    subject = find(run_id, delivery_id)
    if subject is None:
        return False
    audience.withdraw_unsubscription(
        workspace=subject.workspace, channel=subject.channel, address=subject.address
    )
    return not is_out(subject)


def skip_pending(*, workspace: Workspace, channel: str, address: str) -> int:
    """Skip what is still pending for a suppressed address in the workspace's open runs. Returns how many people."""
    steps: dict[int, list[int]] = {}
    open_steps = RunStep.objects.filter(run__workspace=workspace, run__finished_at=None, channel=channel)
    for run_id, step in open_steps.order_by("run_id", "step").values_list("run_id", "step"):
        steps.setdefault(run_id, []).append(step)
    return sum(skip_in_run(run_id, numbers, address) for run_id, numbers in steps.items())


def skip_contact(contact: Contact, channel: str) -> int:
    """Skip what is still pending on a channel for any address of a contact. Returns how many people of runs."""
    kind = registry.get(channel).address_kind
    return sum(
        skip_pending(workspace=contact.workspace, channel=channel, address=address)
        for address in addresses.all_of(contact).get(kind, ())
    )


#: Whoever skips for one address waits for a claim that is under way, and then finds its rows no longer pending. Whoever
#: skips for many holds rows that others want too, so waits for nobody: what is held by others is left as it is.
_WAITING_FOR_OTHERS = {"held": "for update", "free": ""}
_PASSING_OTHERS_BY = {
    "held": "for update skip locked",
    "free": "and not exists (select from deliveries_waiting w where w.run_id = %(run)s and w.delivery_id = d.id)",
}

_OF_ADDRESSES = """
    select r.id * 16 + step from deliveries_recipient r, unnest(%(steps)s::smallint[]) step
    where r.run_id = %(run)s and r.address = any(%(addresses)s::text[]) and r.skip is null
"""

_UNWAIT_ADDRESSES = """
    delete from deliveries_waiting where run_id = %(run)s and delivery_id in (
        select delivery_id from deliveries_waiting
        where run_id = %(run)s and delivery_id in ({these}) order by delivery_id {held})
"""

_SKIP_DELIVERIES = """
    update deliveries_delivery set {changes}
    where run_id = %(run)s and stage = %(pending)s and id in (
        select d.id from deliveries_delivery d
        where d.run_id = %(run)s and d.stage = %(pending)s and d.id in ({these}) {free} order by d.id {held})
    returning id
"""

#: What came to wait while the deliveries were waited for.
_UNWAIT = "delete from deliveries_waiting where run_id = %(run)s and delivery_id = any(%(ids)s)"

#: A person with other messages left is not skipped; with one step that never is so.
_SKIP_PEOPLE = """
    update deliveries_recipient r set stage = %(skipped)s, skip = %(why)s
    where r.run_id = %(run)s and r.id = any(%(people)s) and r.skip is null and not exists (
        select from deliveries_delivery d where d.run_id = %(run)s
            and d.id between r.id * 16 and r.id * 16 + 15 and d.stage <> %(skipped)s)
"""

#: The run's waterfall stays whole: whoever is skipped later is counted under the same reason.
_COUNT = """
    update deliveries_run set pending = pending - %(count)s, skipped = skipped + %(count)s,
        waterfall = waterfall || jsonb_build_object(
            %(reason)s::text, coalesce((waterfall ->> %(reason)s)::int, 0) + %(count)s)
    where id = %(run)s
"""


@transaction.atomic
def skip_in_run(
    run_id: int, steps: Sequence[int], *addresses: str, waits: bool = True, why: Skip = Skip.SUPPRESSED
) -> int:
    """Skip what is still pending for these addresses by these steps of one run. Returns how many people.

    `why` is kept with whoever has nothing else coming. Unless it `waits` for others, what they hold at this moment is
    left as it is: for many addresses at once.
    """
    facts: dict[str, Any] = {
        "run": run_id, "steps": list(steps), "addresses": list(addresses), "pending": Stage.PENDING.value,
        "skipped": Stage.SKIPPED.value, "why": why.value,
    }  # fmt: skip
    words = _WAITING_FOR_OTHERS if waits else _PASSING_OTHERS_BY
    if tiers.is_cascade(run_id):
        return _skip_in_cascade(facts, words)
    words = words | {"these": _OF_ADDRESSES, "changes": _CHANGES}
    with connection.cursor() as cursor:
        ids = _skip(cursor, facts, words)
        if not ids:
            return 0
        people = sorted({recipient_id(one) for one in ids})
        cursor.execute(_SKIP_PEOPLE, facts | {"people": people})
        count = int(cursor.rowcount)
        if count:
            cursor.execute(_COUNT, {"run": run_id, "count": count, "reason": why.name.lower()})
    wake(run_id=run_id)
    return count


def _skip(cursor: Any, facts: dict[str, Any], words: Mapping[str, str]) -> list[int]:
    # What waits comes first, as with whoever claims or closes: they would wait for each other for ever otherwise.
    cursor.execute(_UNWAIT_ADDRESSES.format(**words), facts)
    cursor.execute(_SKIP_DELIVERIES.format(**words), facts)
    ids = [row[0] for row in cursor.fetchall()]
    if ids:
        cursor.execute(_UNWAIT, {"run": facts["run"], "ids": ids})
    return ids


_CHANGES = "stage = %(skipped)s, problem = %(skipped)s"
_CHANGES_CASCADE = _CHANGES + ", code = 'suppressed', ended_at = now()"

_ITS_MESSAGES = """
    select id from deliveries_delivery
    where run_id = %(run)s and address = any(%(addresses)s::text[]) and id & 15 = any(%(steps)s::smallint[])
"""


def _skip_in_cascade(facts: dict[str, Any], words: Mapping[str, str]) -> int:
    """Skip what is pending for addresses on these channels. What follows for their owners is looked at: a fallback."""
    run_id: int = facts["run"]
    with connection.cursor() as cursor:
        cursor.execute(_ITS_MESSAGES, facts)
        wanted = facts | {"ids": [row[0] for row in cursor.fetchall()]}
        words = {**words, "these": "select unnest(%(ids)s::bigint[])", "changes": _CHANGES_CASCADE}
        ids = _skip(cursor, wanted, words)
        if not ids:
            return 0
        people = looking.people_of(ids)
        looking.note(run_id, people)
        tiers.drop(cursor, run_id, Counter(step_of(one) for one in ids))
    wake(run_id=run_id)
    return len(people)


_RECEIPT = """
    insert into deliveries_receipt (run_id, delivery_id, event_key, result, at, code, detail)
    values (%(run)s, %(delivery)s, %(key)s, %(result)s, now(), '', '') on conflict do nothing
"""

_RESULT = """
    update deliveries_delivery set result = %(result)s, result_at = now()
    where run_id = %(run)s and id = %(delivery)s and (result is null or result < %(result)s)
"""

_COUNT_STEP = """
    update deliveries_runstep set unsubscribed = unsubscribed + 1 where run_id = %(run)s and step = %(step)s
"""


@transaction.atomic
def note(run_id: int, delivery_id: int) -> None:
    """Keep on the delivery that its recipient asked for no more, and count it, once."""
    facts: dict[str, Any] = {
        "run": run_id, "delivery": delivery_id, "key": EVENT_KEY, "result": Result.UNSUBSCRIBED.value,
        "step": step_of(delivery_id),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_RECEIPT, facts)
        if cursor.rowcount == 1:
            cursor.execute(_RESULT, facts)
            cursor.execute(_COUNT_STEP, facts)
            reading.note_receipt(run_id, delivery_id, EVENT_KEY, Result.UNSUBSCRIBED, timezone.now())
