"""A workspace as large as one likes, to see and measure how the pages behave: campaigns, people and messages by SQL.

Its counters are true and `clarion check-ledger` finds nothing off, but nothing was ever sent: the rows are made up,
the same every time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from clarion.audience.models import List, Source, SourceKind
from clarion.campaigns.models import Campaign, Launch, Step
from clarion.campaigns.states import ENDED, PauseCause, Status
from clarion.deliveries import partitions
from clarion.deliveries.models import Activity, Run, RunProblem, RunStep
from clarion.deliveries.states import Result, Skip, Stage
from clarion.engine.outcomes import Reason
from clarion.senders import operations as senders
from clarion.senders.models import Sender
from clarion.workspaces import actors, operations
from clarion.workspaces.models import User, Workspace

NAME = "Large demo"
CHANNEL = "sandbox"
_SENDERS = ("Shop", "News", "Service", "Billing")
_TOPICS = (
    "Spring",
    "Summer",
    "Autumn",
    "Winter",
    "Birthday",
    "Renewal",
    "Black Friday",
    "Welcome",
    "Survey",
    "Points",
)
_KINDS = ("newsletter", "offer", "reminder", "invitation", "update")
_TAGS = ("retail", "de", "fr", "loyalty", "urgent", "q4")
#: Of a hundred campaigns so many are in each state; the rest is completed.
_STATES = (
    (Status.DRAFT, 6), (Status.READY, 1), (Status.SCHEDULED, 2), (Status.PAUSED, 1), (Status.STOPPED, 2),
    (Status.CANCELLED, 4), (Status.FAILED, 3), (Status.EXPIRED, 2),
)  # fmt: skip
_UNSENT = frozenset({Status.DRAFT, Status.READY, Status.SCHEDULED})
_CODES = {Stage.FAILED: (Reason.ADDRESS_UNKNOWN, "550 5.1.1"), Stage.UNKNOWN: (Reason.CONNECTION_LOST, "")}
#: Messages that went out in a minute, and in how many minutes at most a run is over.
_PER_MINUTE = 2_000
_MOST_MINUTES = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is made. The messages are spread over the sent campaigns, few of them large and many small."""

    campaigns: int = 1_000
    deliveries: int = 10_000_000
    contacts: int = 100_000


def load(
    owner: User | None, size: Size, told: Callable[[int, int], None] = lambda done, of: None
) -> Workspace:
    """Make a further workspace of that size, marked as a demo, and return it; `told` hears of each run made."""
    with transaction.atomic():
        workspace = operations.create_workspace(name=NAME, slug=_free_slug(), owner=owner, is_demo=True)
        by = actors.system(workspace)
        made = [senders.create_sender(by=by, channel=CHANNEL, name=name, config={}) for name in _SENDERS]
        source = _people(workspace, size.contacts)
        runs = _campaigns(workspace, owner, made, source, size)
    for number in sorted({run.pk // partitions.RUNS_PER_PARTITION for run, _people in runs}):
        partitions.ensure_for(number * partitions.RUNS_PER_PARTITION)
    for done, (run, people) in enumerate(runs, start=1):
        _fill(run, people)
        told(done, len(runs))
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    return workspace


def _free_slug() -> str:
    taken = set(Workspace.objects.filter(slug__startswith="large").values_list("slug", flat=True))
    return next(slug for slug in ("large", *(f"large-{n}" for n in range(2, 1000))) if slug not in taken)


def _people(workspace: Workspace, count: int) -> Source:
    """Make contacts and a list with all of them; their addresses reach nobody (RFC 2606)."""
    newsletter = List.objects.create(workspace=workspace, name="Newsletter", member_count=count)
    with connection.cursor() as cursor:
        cursor.execute(
            "with made as (insert into audience_contact (workspace_id, public_id, email, phone, first_name, last_name,"
            " language, zone, state, tags, attributes, created_at, updated_at)"
            " select %s, gen_random_uuid(), 'person' || i || '@example.com', '', 'Person', i::text, '', '', 'ACTIVE',"
            " '{}', '{}', now(), now() from generate_series(1, %s) i returning id)"
            " insert into audience_listmember (list_id, contact_id, added_at) select %s, id, now() from made",
            [workspace.pk, count, newsletter.pk],
        )
    source = Source.objects.create(workspace=workspace, kind=SourceKind.LISTS, name=newsletter.name)
    source.lists.set([newsletter])
    return source


def _campaigns(
    workspace: Workspace, owner: User | None, made: list[Sender], source: Source, size: Size
) -> list[tuple[Run, int]]:
    """Make the campaigns with their steps, and the runs of those that were sent, with how many people each has."""
    dice = Random("clarion large")  # noqa: S311 - sample data
    now = timezone.now()
    states = [state for state, share in _STATES for _ in range(share)]
    campaigns = []
    for number in range(size.campaigns):
        place = number * 37 % 100
        status = states[place] if place < len(states) else Status.COMPLETED
        campaigns.append(_campaign(workspace, owner, source, status, number, dice, now))
    Campaign.objects.bulk_create(campaigns)
    steps = [
        Step(
            campaign=one, channel=CHANNEL, sender=made[number % len(made)], body_content={"subject": one.name}
        )
        for number, one in enumerate(campaigns)
    ]
    Step.objects.bulk_create(steps)
    sent = [step for step in steps if step.campaign.status not in _UNSENT]
    weights = [1 / (rank + 1) ** 0.7 for rank in range(len(sent))]
    dice.shuffle(weights)
    whole = sum(weights) or 1
    runs = []
    for step, weight in zip(sent, weights, strict=True):
        people = max(1, round(size.deliveries * weight / whole))
        runs.append((_run(step, people), people))
    Run.objects.bulk_create(run for run, _people in runs)
    RunStep.objects.bulk_create(
        RunStep(run=run, step=0, channel=CHANNEL, sender_id=step.sender_id or 0, content=step.body_content)
        for (run, _people), step in zip(runs, sent, strict=True)
    )
    return runs


def _campaign(
    workspace: Workspace,
    owner: User | None,
    source: Source,
    status: Status,
    number: int,
    dice: Random,
    now: datetime,
) -> Campaign:
    created = now - timedelta(minutes=60 + number * 263 + dice.randrange(200))
    started = created + timedelta(minutes=dice.randrange(5, 50)) if status not in _UNSENT else None
    is_scheduled = status is Status.SCHEDULED
    soon = now + timedelta(days=dice.randrange(7, 40)) if is_scheduled else None
    return Campaign(
        workspace=workspace,
        name=f"{dice.choice(_TOPICS)} {dice.choice(_KINDS)} No. {number + 1}",
        tags=sorted(dice.sample(_TAGS, dice.randrange(3))),
        status=status,
        status_changed_at=started or created,
        pause_cause=PauseCause.PERSON if status is Status.PAUSED else "",
        paused_from=Status.SENDING if status is Status.PAUSED else "",
        status_reason="The provider refused the sender." if status is Status.FAILED else "",
        source=source,
        launch=Launch.SCHEDULE if is_scheduled else dice.choice([Launch.NOW, Launch.SCHEDULE, Launch.MANUAL]),
        starts_at=soon,
        next_at=soon,
        is_demo=True,
        created_at=created,
        created_by=owner,
        started_at=started,
        finished_at=started + timedelta(minutes=30) if started and status in ENDED else None,
    )


def _run(step: Step, people: int) -> Run:
    campaign = step.campaign
    began = campaign.started_at
    assert began is not None  # noqa: S101 - tells the type checker
    minutes = max(1, min(_MOST_MINUTES, people // _PER_MINUTE))
    return Run(
        workspace_id=campaign.workspace_id,
        campaign=campaign,
        number=1,
        plan={"name": campaign.name},
        created_at=began,
        built_at=began,
        first_sent_at=began,
        last_sent_at=began + timedelta(minutes=minutes),
    )


#: A run's people and messages: every fiftieth is suppressed; beyond the cursor nobody was written to yet.
_ROWS = """
with person as (
    insert into deliveries_recipient (run_id, id, contact_id, address, variables, stage, skip)
    select %(run)s, i, null, 'person' || i || '@example.com', '{"first_name": "Person"}',
           case when i %% 50 = 0 then %(skipped)s else 0 end,
           case when i %% 50 = 0 then %(suppressed)s end
    from generate_series(1, %(people)s::bigint) i
), message as (
    insert into deliveries_delivery (run_id, id, stage, problem, attempts, claimed_at, ended_at, reason, code,
                                     provider_id, result, result_at)
    select %(run)s, i * 16, stage, nullif(nullif(stage, 0), 2), (stage <> 0)::int, at, at,
           case stage when 4 then %(no_address)s when 5 then %(lost)s end,
           case stage when 4 then '550 5.1.1' when 2 then '250 2.0.0' end,
           case stage when 2 then 'sb-' || i end, result, case when result is not null then at + interval '1 minute' end
    from (
        select i, stage, case when stage <> 0 then %(began)s::timestamptz + i * %(step)s::interval end as at,
               case when stage <> 2 then null when luck < 8 then %(bounced)s
                    when luck < 20 then %(replied)s when luck < 80 then %(clicked)s
                    when luck < %(read)s then %(seen)s
                    when luck < 950 then %(delivered)s end as result
        from (
            select i, (i * 104729 + %(run)s) %% 1000 as luck,
                   case when i > %(cursor)s then 0
                        when (i * 7919 + %(run)s) %% 1000 < %(bad)s then %(failed)s
                        when (i * 7919 + %(run)s) %% 1000 = 999 then %(unknown)s
                        else %(sent)s end as stage
            from generate_series(1, %(people)s::bigint) i where i %% 50 <> 0
        ) drawn
    ) placed
    returning id, stage, reason, ended_at, result
), tried as (
    insert into deliveries_attempt (run_id, delivery_id, number, started_at, ended_at, stage, reason, code, detail)
    select %(run)s, id, 1, ended_at, ended_at, stage, reason, case stage when 4 then '550 5.1.1' else '' end,
           case stage when 4 then '550 5.1.1 No such user' else 'The connection broke' end
    from message where stage in (4, 5)
)
select stage, date_trunc('minute', ended_at), coalesce(result, 0), count(*) from message group by 1, 2, 3
"""
_CODES_IN_ROWS = {
    "skipped": Stage.SKIPPED, "failed": Stage.FAILED, "unknown": Stage.UNKNOWN, "sent": Stage.SENT,
    "suppressed": Skip.SUPPRESSED, "no_address": Reason.ADDRESS_UNKNOWN, "lost": Reason.CONNECTION_LOST,
    "bounced": Result.BOUNCED, "replied": Result.REPLIED, "clicked": Result.CLICKED, "seen": Result.READ,
    "delivered": Result.DELIVERED,
}  # fmt: skip


@transaction.atomic
def _fill(run: Run, people: int) -> None:
    """Make the run's rows, and set its counters from what was made."""
    cursor_at = people // 3 if run.campaign.status == Status.PAUSED else people
    minutes = max(1, min(_MOST_MINUTES, people // _PER_MINUTE))
    with connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit = off")
        values: dict[str, Any] = {name: int(code) for name, code in _CODES_IN_ROWS.items()}
        values |= {
                "run": run.pk, "people": people, "cursor": cursor_at, "began": run.first_sent_at,
                "step": timedelta(minutes=minutes) / people, "bad": 5 + run.pk % 30, "read": 200 + run.pk % 300,
            }  # fmt: skip
        cursor.execute(_ROWS, values)
        groups = [(Stage(stage), minute, result, n) for stage, minute, result, n in cursor.fetchall()]
    _count(run, people, cursor_at, groups)


def _count(
    run: Run, people: int, cursor_at: int, groups: list[tuple[Stage, datetime | None, int, int]]
) -> None:
    def of_stage(stage: Stage) -> int:
        return sum(n for one, _minute, _result, n in groups if one is stage)

    def of_results(*results: Result) -> int:
        return sum(n for _stage, _minute, result, n in groups if result in results)

    sent, failed, unknown, pending = (
        of_stage(one) for one in (Stage.SENT, Stage.FAILED, Stage.UNKNOWN, Stage.PENDING)
    )
    rest = people - people // 50 - sent - failed - unknown - pending
    if rest:
        raise ValueError(f"{rest} messages of run {run.pk} are in no known stage")
    Run.objects.filter(pk=run.pk).update(
        total=people, skipped=people // 50, sent=sent, failed=failed, unknown=unknown, pending=pending,
        last_recipient_id=people, built_count=people, source_count=people,
        waterfall={"matched": people, "suppressed": people // 50, "recipients": people},
        finished_at=run.last_sent_at if not pending else None,
    )  # fmt: skip
    seen = (Result.READ, Result.CLICKED, Result.REPLIED)
    RunStep.objects.filter(run=run).update(
        cursor=cursor_at, handed=sent + failed + unknown, accepted=sent, failed=failed, unknown=unknown,
        delivered=of_results(Result.DELIVERED, *seen), read=of_results(*seen),
        clicked=of_results(Result.CLICKED), replied=of_results(Result.REPLIED), bounced=of_results(Result.BOUNCED),
    )  # fmt: skip
    minutes: dict[tuple[datetime, Stage], int] = {}
    for stage, minute, _result, n in groups:
        if minute is not None:
            minutes[minute, stage] = minutes.get((minute, stage), 0) + n
    Activity.objects.bulk_create(
        Activity(run_id=run.pk, step=0, minute=minute, stage=stage, count=n)
        for (minute, stage), n in minutes.items()
    )
    RunProblem.objects.bulk_create(
        RunProblem(run=run, step=0, stage=stage, reason=reason, code=code, count=of_stage(stage))
        for stage, (reason, code) in _CODES.items()
        if of_stage(stage)
    )
