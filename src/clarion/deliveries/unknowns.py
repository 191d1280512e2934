"""Settling messages of which nobody can say whether the provider took them: a person does."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import looking, tiers
from clarion.deliveries.errors import UnknownsRefused
from clarion.deliveries.models import Run
from clarion.deliveries.money import operations as paying
from clarion.deliveries.states import STEPS
from clarion.webhooks import publishing
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake


class Choice(models.TextChoices):
    """What a person found out, or decides to risk."""

    #: The provider has taken them: they count as sent.
    SENT = "sent", gettext_lazy("Mark as sent")
    #: The provider has not taken them, or a second copy is the lesser evil.
    AGAIN = "again", gettext_lazy("Send again")


#: States in which a run still sends, or will.
_SENDS = frozenset({Status.SENDING, Status.PAUSED})

_WAS = """
was as (
    select id, reason, coalesce(code, '') as code, date_trunc('minute', ended_at) as minute from deliveries_delivery
    where run_id = %(run)s and problem = 5 {which} order by id for update
)"""
#: Of who was erased there is no address any more.
_WAS_REACHABLE = _WAS.replace(
    "{which}",
    "and exists (select from deliveries_recipient r where r.run_id = %(run)s and r.id = deliveries_delivery.id >> 4"
    " and r.address <> '') {which}",
)
_COUNTED = "select id & 15, reason, code, minute, count(*)::int, array_agg(id) from was group by 1, 2, 3, 4"
_CHANGE = {
    Choice.SENT: f"""
with {_WAS}, changed as (
    update deliveries_delivery d set stage = 2, problem = null, reason = null
    from was where d.run_id = %(run)s and d.id = was.id
) {_COUNTED}""",
    Choice.AGAIN: f"""
with {_WAS_REACHABLE}, changed as (
    update deliveries_delivery d set stage = 0, problem = null
    from was where d.run_id = %(run)s and d.id = was.id
), waits as (
    insert into deliveries_waiting (run_id, delivery_id, step, not_before, reason)
    select %(run)s, id, id & 15, now(), null from was
) {_COUNTED}""",
}
_FEWER_PROBLEMS = """
update deliveries_runproblem set count = count - %(count)s
 where run_id = %(run)s and step = %(step)s and stage = 5 and reason = %(reason)s and code = %(code)s
"""
_FEWER_THAT_MINUTE = """
update deliveries_activity set count = count - %(count)s
 where run_id = %(run)s and step = %(step)s and minute = %(minute)s and stage = 5
"""
_MORE_THAT_MINUTE = """
insert into deliveries_activity (run_id, step, minute, stage, count)
values (%(run)s, %(step)s, %(minute)s, 2, %(count)s)
on conflict (run_id, step, minute, stage) do update set count = deliveries_activity.count + excluded.count
"""
_STEP = {
    Choice.SENT: """
update deliveries_runstep set unknown = unknown - %(count)s, accepted = accepted + %(count)s
 where run_id = %(run)s and step = %(step)s""",
    Choice.AGAIN: """
update deliveries_runstep set unknown = unknown - %(count)s, handed = handed - %(count)s
 where run_id = %(run)s and step = %(step)s""",
}
#: The second changes no row when the run has ended meanwhile.
_RUN = {
    Choice.SENT: """
update deliveries_run set unknown = unknown - %(count)s, sent = sent + %(count)s where id = %(run)s""",
    Choice.AGAIN: """
update deliveries_run set unknown = unknown - %(count)s, pending = pending + %(count)s
 where id = %(run)s and finished_at is null and closing_stage is null""",
}


@transaction.atomic
def settle_unknown(
    run: Run,
    *,
    by: Actor,
    choice: Choice,
    ids: Sequence[int] | None = None,
    deliveries: Sequence[int] | None = None,
    reason: int | None = None,
    code: str | None = None,
) -> int:
    """Settle the run's unknown messages and return how many those were.

    `ids` are recipients' numbers, `deliveries` messages' own; without them it is everybody, or those with that reason
    and provider's code.
    Whoever is not unknown any more is left alone. Raises NotAllowed, and UnknownsRefused when messages are to be
    sent again by a run that does not send any more.
    """
    by.require(Permission.LAUNCH)
    campaign = Campaign.objects.get(pk=run.campaign_id, workspace=by.workspace)
    if choice is Choice.AGAIN and campaign.status not in _SENDS:
        raise UnknownsRefused(_NOT_AGAIN)
    with connection.cursor() as cursor:
        if ids is not None:
            deliveries = [one * STEPS + step for one in ids for step in range(STEPS)]
        rows = _change(cursor, run, choice, deliveries, reason, code)
        count: int = sum(row[4] for row in rows)
        if not count:
            return 0
        publishing.watch(
            cursor, run.pk, [one for row in rows for one in row[5]], is_over=choice is Choice.SENT
        )
        # In the order in which the engine locks them, so that neither waits for the other for ever.
        for row in sorted(rows, key=lambda row: (row[0], row[1] or 0, row[2], row[3])):
            _count_reason(cursor, run, choice, row)
        for step in sorted({row[0] for row in rows}):
            some = sum(row[4] for row in rows if row[0] == step)
            cursor.execute(_STEP[choice], {"run": run.pk, "step": step, "count": some})
            mine = [one for row in rows if row[0] == step for one in row[5]]
            paying.settle_unknown(cursor, run.pk, step, mine, is_sent=choice is Choice.SENT)
        if tiers.is_cascade(run.pk):
            _count_people(cursor, run, choice, [one for row in rows for one in row[5]])
        else:
            cursor.execute(_RUN[choice], {"run": run.pk, "count": count})
            if cursor.rowcount != 1:
                raise UnknownsRefused(_NOT_AGAIN)
    _record(campaign, by, choice, run, count)
    if choice is Choice.AGAIN:
        wake(run_id=run.pk)
    return count


_NOT_AGAIN = gettext_lazy(
    "This campaign does not send any more, so nothing can be sent again in it. Start a new campaign for these people."
)


def may_send_again(campaign: Campaign, run: Run) -> bool:
    """Whether unknown messages of the run may be sent again now."""
    return campaign.status in _SENDS and run.finished_at is None and run.closing_stage is None


def _change(
    cursor: Any, run: Run, choice: Choice, ids: Sequence[int] | None, reason: int | None, code: str | None
) -> list[Any]:
    """Change the messages; return (step, reason, code, minute, how many, which) of those that were."""
    facts: dict[str, Any] = {"run": run.pk, "reason": reason, "code": code}
    which = ""
    if ids is not None:
        which += " and id = any(%(ids)s)"
        facts["ids"] = list(ids)
    if reason is not None:
        which += " and reason = %(reason)s"
    if code is not None:
        which += " and coalesce(code, '') = %(code)s"
    cursor.execute(_CHANGE[choice].replace("{which}", which), facts)
    rows: list[Any] = cursor.fetchall()
    return rows


def _count_reason(cursor: Any, run: Run, choice: Choice, row: Sequence[Any]) -> None:
    step, reason, code, minute, count, _ids = row
    values = {"run": run.pk, "step": step, "reason": reason, "code": code, "minute": minute, "count": count}
    cursor.execute(_FEWER_PROBLEMS, values)
    cursor.execute(_FEWER_THAT_MINUTE, values)
    if choice is Choice.SENT:
        cursor.execute(_MORE_THAT_MINUTE, values)


def _count_people(cursor: Any, run: Run, choice: Choice, deliveries: Sequence[int]) -> None:
    """Count the people of a cascade anew, by what their messages say now. Raises UnknownsRefused as the others do."""
    people = looking.people_of(deliveries)
    looking.hold(cursor, run.pk, people)
    if choice is Choice.AGAIN:
        cursor.execute(_IS_OPEN, {"run": run.pk})
        if cursor.fetchone() is None:
            raise UnknownsRefused(_NOT_AGAIN)
    looking.restage(cursor, run.pk, people)


_IS_OPEN = """
select 1 from deliveries_run where id = %(run)s and finished_at is null and closing_stage is null for no key update
"""


def _record(campaign: Campaign, by: Actor, choice: Choice, run: Run, count: int) -> None:
    audit.record(
        by=by,
        action="campaign.settle_unknown",
        kind="campaign",
        object_id=str(campaign.public_id),
        object_name=campaign.name,
        changes={"run": (None, run.number), "unknown": ("unknown", choice.value), "messages": (None, count)},
    )
