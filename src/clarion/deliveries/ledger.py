"""Proving a run's ledger: everything is counted again from its rows and compared with what its counters say."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from clarion.deliveries import cascade_ledger, queries
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.money import checking
from clarion.deliveries.states import Stage
from clarion.workspaces.connections import snapshot

#: Ids named with a finding, for a person to look at.
SAMPLE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is off. `rule` is stable; `ids` are some of the rows concerned."""

    rule: str
    sentence: str
    expected: int
    found: int
    ids: Sequence[int] = ()


@dataclass(slots=True, kw_only=True)
class LedgerReport:
    """What a check of one run came to."""

    run_id: int
    number: int
    campaign: str
    total: int
    #: Persons by stage, as their rows say.
    persons: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        return not self.findings

    def compare(self, rule: str, sentence: str, *, expected: int, found: int) -> None:
        """Note a finding unless both are the same."""
        if expected != found:
            self.findings.append(Finding(rule=rule, sentence=sentence, expected=expected, found=found))

    def none_of(self, rule: str, sentence: str, found: tuple[int, Sequence[int]]) -> None:
        """Note a finding unless there is no such row."""
        count, ids = found
        if count:
            self.findings.append(
                Finding(rule=rule, sentence=sentence, expected=0, found=count, ids=list(ids))
            )


def check(run: Run) -> LedgerReport:
    """Recount the run from its rows; the report lists all that is off.

    It reads one snapshot in a transaction of its own, so that a run that is being sent is judged at one moment;
    inside a caller's transaction it sees what that one sees. It reads every row of the run: a few seconds a
    million.
    """
    began = time.monotonic()
    with snapshot():
        now = Run.objects.select_related("campaign").get(pk=run.pk)
        steps = queries.lean_steps(run)
        report = LedgerReport(
            run_id=now.pk, number=now.number, campaign=str(now.campaign.public_id), total=now.total
        )
        stages = _messages_by_stage(now)
        _check_people(report, now, steps, stages)
        for step in steps:
            _check_step(report, now, step, stages.get(step.step, {}))
        if now.is_cascade:
            cascade_ledger.check_messages(report, now, steps, stages)
        checking.check_steps(report, now, steps)
        _check_places(report, now)
        _check_end(report, now)
    report.seconds = round(time.monotonic() - began, 3)
    return report


def _check_people(
    report: LedgerReport, run: Run, steps: Sequence[RunStep], stages: dict[int, dict[int, int]]
) -> None:
    count, first, last, skipped, odd = _row(
        "select count(*), coalesce(min(id), 1), coalesce(max(id), 0), count(*) filter (where skip is not null),"
        " count(*) filter (where (skip is not null) <> (stage = 6)) from deliveries_recipient where run_id = %s",
        run.pk,
    )
    report.compare(
        "dense", "Recipients are numbered from 1 without gaps.", expected=last - first + 1, found=count
    )
    report.compare("dense", "Recipients are numbered from 1.", expected=1, found=first)
    report.compare("last", "The run knows its last recipient.", expected=last, found=run.last_recipient_id)
    report.compare("skip_told", "Whoever is skipped has a reason, and nobody else.", expected=0, found=odd)
    report.compare("total", "The total is the number of recipients.", expected=count, found=run.total)
    report.compare("persons.skipped", "Skipped people are counted.", expected=skipped, found=run.skipped)
    places = sum(getattr(run, stage.name.lower()) for stage in Stage)
    report.compare("conservation", "Every person is in exactly one place.", expected=run.total, found=places)
    report.persons = {"skipped": skipped}
    if run.is_cascade:
        cascade_ledger.check_people(report, run)
        return
    by_stage = stages.get(steps[0].step, {})
    for stage in Stage:
        if stage in (Stage.SKIPPED, Stage.PARTLY):
            continue
        name = stage.name.lower()
        found = by_stage.get(stage, 0)
        report.persons[name] = found
        report.compare(
            f"persons.{name}",
            f"People whose message is {name.replace('_', ' ')} are counted.",
            expected=found,
            found=getattr(run, name),
        )
    odd = sum(n for step, counts in stages.items() if step != steps[0].step for n in counts.values())
    report.compare("step_known", "Every message belongs to a step of the run.", expected=0, found=odd)


def _check_step(report: LedgerReport, run: Run, step: RunStep, stages: dict[int, int]) -> None:
    where = f"step {step.step}"
    ended = {"accepted": Stage.SENT, "failed": Stage.FAILED, "unknown": Stage.UNKNOWN}
    for name, stage in ended.items():
        report.compare(
            f"messages.{name}",
            f"Messages {name} are counted ({where}).",
            expected=stages.get(stage, 0),
            found=getattr(step, name),
        )
    report.compare(
        "messages.handed",
        f"Messages handed over are those accepted, failed, unknown or put off ({where}).",
        expected=step.accepted + step.failed + step.unknown + step.deferred,
        found=step.handed,
    )
    minutes = dict(
        _rows(
            "select stage, sum(count)::bigint from deliveries_activity where run_id = %s and step = %s group by 1",
            run.pk,
            step.step,
        )
    )
    for name, stage in ended.items():
        report.compare(
            f"activity.{name}",
            f"The minutes add up to the messages {name} ({where}).",
            expected=getattr(step, name),
            found=minutes.get(stage, 0),
        )
    _check_problems(report, run, step, where)


_PROBLEMS = """
select coalesce(p.stage, d.stage), coalesce(p.reason, d.reason), coalesce(d.n, 0), coalesce(p.n, 0) from (
    select stage, reason, coalesce(code, '') as code, count(*) as n from deliveries_delivery
    where run_id = %(run)s and id & 15 = %(step)s and problem in (4, 5) and reason is not null group by 1, 2, 3) d
full join (
    select stage, reason, code, count as n from deliveries_runproblem
    where run_id = %(run)s and step = %(step)s and stage in (4, 5)) p
  on p.stage = d.stage and p.reason = d.reason and p.code = d.code
where coalesce(d.n, 0) <> coalesce(p.n, 0) order by 1, 2
"""


def _check_problems(report: LedgerReport, run: Run, step: RunStep, where: str) -> None:
    for stage, reason, counted, told in _rows(_PROBLEMS, {"run": run.pk, "step": step.step}):
        sentence = f"Messages {Stage(stage).name.lower()} for reason {reason} are counted ({where})."
        report.compare("problems", sentence, expected=counted, found=told)
    (returned,) = _row(
        "select sum(count)::bigint from deliveries_runproblem where run_id = %s and step = %s and stage = 2",
        run.pk,
        step.step,
    )
    if returned is not None:
        sentence = f"Messages that came back are counted by the receipts' codes ({where})."
        report.compare("problems.bounced", sentence, expected=step.bounced, found=returned)
    (deferred,) = _row(
        "select coalesce(sum(count), 0)::bigint from deliveries_runproblem"
        " where run_id = %s and step = %s and stage = 0",
        run.pk,
        step.step,
    )
    report.compare(
        "messages.deferred",
        f"Messages put off are counted by reason ({where}).",
        expected=deferred,
        found=step.deferred,
    )


#: (rule, sentence, FROM and WHERE of rows that must not be there, the id in them).
_FORBIDDEN = [
    (
        "pending_behind_cursor_waits",
        "A pending message behind its step's cursor waits, or nobody would ever send it.",
        "from deliveries_delivery d join deliveries_runstep s on s.run_id = %(run)s and s.step = d.id & 15"
        " where d.run_id = %(run)s and d.stage = 0 and d.id >> 4 <= s.cursor and not exists (select"
        " from deliveries_waiting w where w.run_id = %(run)s and w.delivery_id = d.id)",
        "d.id",
    ),
    (
        "beyond_cursor_untouched",
        "Beyond its step's cursor a message is pending or skipped and does not wait, or it would be sent twice.",
        "from deliveries_delivery d join deliveries_runstep s on s.run_id = %(run)s and s.step = d.id & 15"
        " where d.run_id = %(run)s and d.id >> 4 > s.cursor and (d.stage not in (0, 6) or exists (select"
        " from deliveries_waiting w where w.run_id = %(run)s and w.delivery_id = d.id))",
        "d.id",
    ),
    (
        "waiting_is_pending",
        "Only pending messages wait.",
        "from deliveries_waiting w where w.run_id = %(run)s and not exists (select from deliveries_delivery d"
        " where d.run_id = %(run)s and d.id = w.delivery_id and d.stage = 0 and w.step = d.id & 15)",
        "w.delivery_id",
    ),
    (
        "in_flight_is_claimed",
        "A message in flight belongs to a claim that some process answers for.",
        "from deliveries_delivery d where d.run_id = %(run)s and d.stage = 1 and not exists (select"
        " from deliveries_claim c where c.run_id = %(run)s and c.id = d.claim_id and c.step = d.id & 15"
        " and d.id between c.first_id and c.last_id)",
        "d.id",
    ),
    (
        "problem_is_told",
        "A message that failed, is unknown, cancelled or expired is in the index of problems.",
        "from deliveries_delivery d where d.run_id = %(run)s and d.stage in (4, 5, 7, 8) and d.problem is null",
        "d.id",
    ),
    (
        "message_has_person",
        "Every message is for a recipient who is not skipped, or was skipped with them.",
        "from deliveries_delivery d where d.run_id = %(run)s and not exists (select from deliveries_recipient r"
        " where r.run_id = %(run)s and r.id = d.id >> 4 and (r.skip is null or d.stage = 6))",
        "d.id",
    ),
    (
        "person_has_message",
        "Every recipient who is not skipped has a message.",
        "from deliveries_recipient r where r.run_id = %(run)s and r.skip is null and not exists (select"
        " from deliveries_delivery d where d.run_id = %(run)s and d.id >= r.id << 4 and d.id < (r.id + 1) << 4)",
        "r.id",
    ),
]


def _check_places(report: LedgerReport, run: Run) -> None:
    for rule, sentence, rows, name in _FORBIDDEN:
        found = _row(
            f"select count(*), (array_agg({name} order by {name}))[1:{SAMPLE}] {rows}",
            {"run": run.pk},
        )
        report.none_of(rule, sentence, (found[0], found[1] or []))


def _check_end(report: LedgerReport, run: Run) -> None:
    if run.finished_at is None:
        return
    waiting, claims = _row(
        "select (select count(*) from deliveries_waiting where run_id = %(run)s),"
        " (select count(*) from deliveries_claim where run_id = %(run)s)",
        {"run": run.pk},
    )
    report.compare("finished_is_settled", "Nobody waits in a finished run.", expected=0, found=waiting)
    report.compare("finished_is_settled", "No claim is left of a finished run.", expected=0, found=claims)


def _messages_by_stage(run: Run) -> dict[int, dict[int, int]]:
    found: dict[int, dict[int, int]] = {}
    for step, stage, count in _rows(
        "select id & 15, stage, count(*) from deliveries_delivery where run_id = %s group by 1, 2", run.pk
    ):
        found.setdefault(step, {})[stage] = count
    return found


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters[0] if parameters and isinstance(parameters[0], dict) else parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _row(sql: str, *parameters: Any) -> tuple[Any, ...]:
    return _rows(sql, *parameters)[0]
