"""Campaigns and runs for tests, with every row and counter of the ledger as the engine leaves them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection
from django.utils import timezone

from clarion.audience.models import Source, SourceKind
from clarion.campaigns.models import Campaign, Step
from clarion.campaigns.states import ENDED, PauseCause, Status
from clarion.deliveries.models import Activity, Claim, Run, RunProblem, RunStep
from clarion.deliveries.states import STEPS, Result, Skip, Stage
from clarion.engine.outcomes import Reason
from clarion.senders.models import Sender
from clarion.workspaces.actors import Actor, of_member
from clarion.workspaces.models import Membership, User, Workspace
from clarion.workspaces.permissions import Role

#: When the first message of a run made here was sent.
BEGAN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Alice (owner), bob (author) and vera (viewer) of one workspace; mallory owns another."""

    workspace: Workspace
    alice: Membership
    bob: Membership
    vera: Membership
    mallory: Membership


def make_people(*, zone: str = "UTC") -> People:
    workspace = Workspace.objects.create(slug=f"acme-{next(_numbers)}", name="Acme", zone=zone)
    elsewhere = Workspace.objects.create(slug=f"elsewhere-{next(_numbers)}", name="Elsewhere")
    return People(
        workspace=workspace,
        alice=make_member(workspace, "alice", Role.OWNER),
        bob=make_member(workspace, "bob", Role.AUTHOR),
        vera=make_member(workspace, "vera", Role.VIEWER),
        mallory=make_member(elsewhere, "mallory", Role.OWNER),
    )


def make_member(workspace: Workspace, name: str, role: Role) -> Membership:
    user = User.objects.create(email=f"{name}-{next(_numbers)}@example.test", name=name.capitalize())
    return Membership.objects.create(user=user, workspace=workspace, role=role)


def actor(member: Membership) -> Actor:
    return of_member(member)


def make_sender(workspace: Workspace, **facts: Any) -> Sender:
    facts = {"channel": "email", "name": f"Shop {next(_numbers)}", "limit_second": 200.0} | facts
    return Sender.objects.create(workspace=workspace, **facts)


def make_campaign(by: Membership, *, status: Status = Status.SENDING, **facts: Any) -> Campaign:
    """Return a mail campaign with a sender, a body and a CSV as its source."""
    now = timezone.now()
    workspace = by.workspace
    values: dict[str, Any] = {
        "name": "Autumn offer",
        "created_by": by.user,
        "started_at": now,
        "pause_cause": PauseCause.PERSON if status is Status.PAUSED else "",
        "finished_at": now if status in ENDED else None,
        "status_reason": "The content cannot be sent." if status is Status.FAILED else "",
        "source": make_source(workspace),
    } | facts
    if status is Status.SCHEDULED:
        values["next_at"] = values.setdefault("starts_at", now + timedelta(hours=1))
    campaign = Campaign.objects.create(workspace=workspace, status=status, **values)
    Step.objects.create(
        campaign=campaign,
        channel="email",
        sender=make_sender(workspace),
        body_source={"subject": "Hello {{ first_name }}"},
        body_content={"subject": "Hello {{ first_name }}", "text": "Only today."},
    )
    return campaign


def make_source(workspace: Workspace) -> Source:
    return Source.objects.create(workspace=workspace, kind=SourceKind.UPLOAD, name="customers.csv")


#: How a run's people are laid out, in the order of their numbers.
ORDER = (
    "skipped",
    "sent",
    "failed",
    "unknown",
    "cancelled",
    "expired",
    "waiting",
    "in_flight",
    "pending",
)
_STAGES = {name: Stage[name.upper()] for name in ORDER if name != "waiting"} | {"waiting": Stage.PENDING}
_PROBLEMS = {Stage.FAILED, Stage.UNKNOWN, Stage.CANCELLED, Stage.EXPIRED}
_REASONS = {
    Stage.FAILED: (Reason.ADDRESS_UNKNOWN, "550 5.1.1", "550 5.1.1 No such user"),
    Stage.UNKNOWN: (Reason.CONNECTION_LOST, "", "The connection broke"),
}


def make_run(campaign: Campaign, *, finished: bool = False, number: int = 1, **people: int) -> Run:
    """Return a run with so many people of each kind of ORDER, numbered in that order, and true counters."""
    run = Run.objects.create(
        workspace=campaign.workspace, campaign=campaign, number=number, built_at=BEGAN, first_sent_at=BEGAN
    )
    step = campaign.steps.get()
    assert step.sender_id is not None
    RunStep.objects.create(
        run=run, step=0, channel=step.channel, sender_id=step.sender_id, content=step.body_content
    )
    first = 1
    for name in ORDER:
        if people.get(name):
            _add(run, name, first, people[name])
            first += people[name]
    total = first - 1
    behind = total - people.get("pending", 0)
    Run.objects.filter(pk=run.pk).update(
        total=total,
        last_recipient_id=total,
        pending=people.get("pending", 0) + people.get("waiting", 0),
        **{n: people.get(n, 0) for n in ORDER if n not in ("pending", "waiting")},
        finished_at=BEGAN + timedelta(hours=1) if finished else None,
        waterfall={"matched": total, "suppressed": people.get("skipped", 0), "recipients": total},
    )
    ended = {name: people.get(name, 0) for name in ("sent", "failed", "unknown")}
    RunStep.objects.filter(run=run).update(
        cursor=behind,
        handed=sum(ended.values()) + people.get("waiting", 0),
        accepted=ended["sent"],
        failed=ended["failed"],
        unknown=ended["unknown"],
        deferred=people.get("waiting", 0),
    )
    run.refresh_from_db()
    return run


def _add(run: Run, name: str, first: int, n: int) -> None:
    stage = _STAGES[name]
    last = first + n - 1
    _people(run, first, last, Skip.SUPPRESSED if name == "skipped" else None)
    if name == "skipped":
        return
    claim = None
    if name == "in_flight":
        claim = Claim.objects.create(
            worker_id=1,
            run_id=run.pk,
            step=0,
            first_id=first * STEPS,
            last_id=last * STEPS,
            claimed_at=BEGAN,
        ).pk
    reason, code, sample = _REASONS.get(stage, (None, None, ""))
    if name == "waiting":
        reason, code, sample = Reason.PROVIDER_BUSY, "451 4.7.1", "451 4.7.1 Try again later"
    _messages(run, first, last, stage, claim, reason, code, tried=name in _TRIED)
    if reason is not None:
        _attempts(run, first, last, stage, reason, code or "", sample)
        RunProblem.objects.create(
            run=run, step=0, stage=stage, reason=reason, code=code or "", count=n, sample=sample
        )
    if name == "waiting":
        _run_sql(
            "insert into deliveries_waiting (run_id, delivery_id, step, not_before, reason)"
            " select %(run)s, i * 16, 0, %(at)s, %(reason)s from generate_series(%(first)s, %(last)s) i",
            run=run.pk, at=BEGAN + timedelta(minutes=10), reason=int(Reason.PROVIDER_BUSY), first=first, last=last,
        )  # fmt: skip
    if name in ("sent", "failed", "unknown"):
        Activity.objects.create(run_id=run.pk, step=0, minute=BEGAN, stage=stage, count=n)


_TRIED = {"sent", "failed", "unknown", "waiting", "in_flight"}


def _people(run: Run, first: int, last: int, skip: Skip | None) -> None:
    _run_sql(
        "insert into deliveries_recipient (run_id, id, address, variables, stage, skip)"
        " select %(run)s, i, 'person' || lpad(i::text, 7, '0') || '@example.test',"
        " jsonb_build_object('first_name', 'Ada', 'last_name', 'Number ' || i), %(stage)s, %(skip)s"
        " from generate_series(%(first)s, %(last)s) i",
        run=run.pk,
        stage=int(Stage.SKIPPED) if skip else 0,
        skip=skip,
        first=first,
        last=last,
    )


def _messages(
    run: Run,
    first: int,
    last: int,
    stage: Stage,
    claim: int | None,
    reason: int | None,
    code: str | None,
    *,
    tried: bool,
) -> None:
    _run_sql(
        "insert into deliveries_delivery (run_id, id, stage, problem, attempts, claim_id, claimed_at, ended_at,"
        " reason, code, provider_id)"
        " select %(run)s, i * 16, %(stage)s, %(problem)s, %(attempts)s, %(claim)s, %(claimed)s, %(ended)s, %(reason)s,"
        " %(code)s, case when %(stage)s = 2 then '4bXy' || lpad(i::text, 7, '0') end"
        " from generate_series(%(first)s, %(last)s) i",
        run=run.pk,
        stage=int(stage),
        problem=int(stage) if stage in _PROBLEMS else None,
        attempts=1 if tried else 0,
        claim=claim or (1 if tried else None),
        claimed=BEGAN if tried else None,
        ended=BEGAN + timedelta(seconds=1) if tried and stage is not Stage.IN_FLIGHT else None,
        reason=reason,
        code="250 2.0.0" if stage is Stage.SENT else code,
        first=first,
        last=last,
    )


def _attempts(run: Run, first: int, last: int, stage: Stage, reason: int, code: str, detail: str) -> None:
    _run_sql(
        "insert into deliveries_attempt"
        " (run_id, delivery_id, number, started_at, ended_at, stage, reason, code, detail)"
        " select %(run)s, i * 16, 1, %(start)s, %(end)s, %(stage)s, %(reason)s, %(code)s, %(detail)s"
        " from generate_series(%(first)s, %(last)s) i",
        run=run.pk, start=BEGAN, end=BEGAN + timedelta(seconds=1), stage=int(stage), reason=int(reason), code=code,
        detail=detail, first=first, last=last,
    )  # fmt: skip


def add_receipts(run: Run, recipients: Sequence[int], result: Result) -> None:
    """Let the provider say something about these people's messages."""
    keys = [one * STEPS for one in recipients]
    at = BEGAN + timedelta(minutes=2)
    _run_sql(
        "insert into deliveries_receipt (run_id, delivery_id, event_key, result, at)"
        " select %(run)s, id, %(key)s || id, %(result)s, %(at)s from unnest(%(ids)s::bigint[]) id",
        run=run.pk, key=uuid.uuid4().hex, result=int(result), at=at, ids=keys,
    )  # fmt: skip
    _run_sql(
        "update deliveries_delivery set result = %(result)s, result_at = %(at)s"
        " where run_id = %(run)s and id = any(%(ids)s)",
        run=run.pk, result=int(result), at=at, ids=keys,
    )  # fmt: skip


def change(table: str, run: Run, where: str, **values: Any) -> int:
    """Write into a big table behind everybody's back; return how many rows changed."""
    assignments = ", ".join(f"{name} = %(v_{name})s" for name in values)
    return _run_sql(
        f"update deliveries_{table} set {assignments} where run_id = %(run)s and {where}",  # noqa: S608
        run=run.pk,
        **{f"v_{name}": value for name, value in values.items()},
    )


def _run_sql(sql: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, _plain(parameters))
        return cursor.rowcount


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {k: int(v) if isinstance(v, int) and not isinstance(v, bool) else v for k, v in parameters.items()}
