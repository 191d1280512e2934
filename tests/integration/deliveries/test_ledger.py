"""The ledger's check: silent about a true run, and naming each thing that is off."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from clarion.deliveries import ledger
from clarion.deliveries.models import Activity, Claim, Run, RunProblem, RunStep, Waiting
from clarion.deliveries.states import Stage
from tests import ledgers

KINDS = {
    "skipped": 3,
    "sent": 20,
    "failed": 6,
    "unknown": 3,
    "cancelled": 2,
    "waiting": 5,
    "in_flight": 4,
    "pending": 9,
}


@pytest.fixture
def run(db: None) -> Run:
    people = ledgers.make_people()
    return ledgers.make_run(ledgers.make_campaign(people.alice), **KINDS)


def test_a_true_run_is_right_whatever_it_is_doing(run: Run) -> None:
    report = ledger.check(run)

    assert report.findings == []
    assert (report.is_right, report.total) == (True, 52)
    assert report.persons["pending"] == 14


def test_a_finished_run_is_right(db: None) -> None:
    people = ledgers.make_people()
    run = ledgers.make_run(ledgers.make_campaign(people.alice), finished=True, sent=5, failed=2, unknown=1)

    assert ledger.check(run).findings == []


def sql(statement: str) -> Callable[[Run], object]:
    def act(run: Run) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"run": run.pk})

    return act


BREAKAGES: list[tuple[str, Callable[[Run], object], set[str]]] = [
    (
        "somebody vanished",
        sql("delete from deliveries_recipient where run_id = %(run)s and id = 10"),
        {"dense", "total", "message_has_person"},
    ),
    (
        "a message vanished",
        sql("delete from deliveries_delivery where run_id = %(run)s and id = 160"),
        {"persons.sent", "messages.accepted", "person_has_message"},
    ),
    (
        "a message became another's",
        sql("update deliveries_delivery set stage = 4, problem = 4 where run_id = %(run)s and id = 160"),
        {"persons.sent", "persons.failed", "messages.accepted", "messages.failed"},
    ),
    (
        "a counter of persons is off",
        lambda run: Run.objects.filter(pk=run.pk).update(sent=19, failed=7),
        {"persons.sent", "persons.failed"},
    ),
    (
        "a counter of skipped people is off",
        lambda run: Run.objects.filter(pk=run.pk).update(skipped=2, sent=21),
        {"persons.skipped", "persons.sent"},
    ),
    (
        "a counter of messages is off",
        lambda run: RunStep.objects.filter(run=run).update(accepted=21, handed=35),
        {"messages.accepted", "activity.accepted"},
    ),
    (
        "handed over does not add up",
        lambda run: RunStep.objects.filter(run=run).update(handed=1),
        {"messages.handed"},
    ),
    (
        "put off is off",
        lambda run: RunStep.objects.filter(run=run).update(deferred=4, handed=33),
        {"messages.deferred"},
    ),
    (
        "a minute is off",
        lambda run: Activity.objects.filter(run_id=run.pk, stage=Stage.FAILED).update(count=5),
        {"activity.failed"},
    ),
    (
        "a reason is off",
        lambda run: RunProblem.objects.filter(run=run, stage=Stage.FAILED).update(count=5),
        {"problems"},
    ),
    (
        "a reason is missing",
        lambda run: RunProblem.objects.filter(run=run, stage=Stage.UNKNOWN).delete(),
        {"problems"},
    ),
    (
        "a pending one behind the cursor is forgotten",
        lambda run: Waiting.objects.filter(run_id=run.pk, delivery_id=35 * 16).delete(),
        {"pending_behind_cursor_waits"},
    ),
    (
        "the cursor is too far",
        lambda run: RunStep.objects.filter(run=run).update(cursor=45),
        {"pending_behind_cursor_waits"},
    ),
    (
        "the cursor is too near",
        lambda run: RunStep.objects.filter(run=run).update(cursor=42),
        {"beyond_cursor_untouched"},
    ),
    (
        "somebody beyond the cursor waits",
        lambda run: Waiting.objects.create(
            run_id=run.pk, delivery_id=50 * 16, step=0, not_before=ledgers.BEGAN
        ),
        {"beyond_cursor_untouched"},
    ),
    (
        "a sent one waits",
        lambda run: Waiting.objects.create(
            run_id=run.pk, delivery_id=10 * 16, step=0, not_before=ledgers.BEGAN
        ),
        {"waiting_is_pending"},
    ),
    (
        "one in flight is nobody's",
        lambda run: Claim.objects.filter(run_id=run.pk).update(last_id=41 * 16),
        {"in_flight_is_claimed"},
    ),
    (
        "a problem is hidden",
        sql("update deliveries_delivery set problem = null where run_id = %(run)s and id = 384"),
        {"problem_is_told", "problems"},
    ),
    (
        "somebody skipped is written to",
        sql("insert into deliveries_delivery (run_id, id, stage) values (%(run)s, 16, 2)"),
        {"message_has_person", "persons.sent", "messages.accepted"},
    ),
]


@pytest.mark.parametrize(("act", "rules"), [b[1:] for b in BREAKAGES], ids=[b[0] for b in BREAKAGES])
def test_what_is_off_is_named(run: Run, act: Callable[[Run], object], rules: set[str]) -> None:
    act(run)

    assert {finding.rule for finding in ledger.check(run).findings} == rules


def test_a_finding_names_some_of_the_rows(run: Run) -> None:
    Waiting.objects.filter(run_id=run.pk).delete()

    (finding,) = ledger.check(run).findings

    assert (finding.found, list(finding.ids)) == (5, [n * 16 for n in range(35, 40)])


def test_a_finished_run_with_somebody_waiting_is_off(db: None) -> None:
    people = ledgers.make_people()
    run = ledgers.make_run(ledgers.make_campaign(people.alice), finished=True, sent=5)
    Claim.objects.create(
        worker_id=1, run_id=run.pk, step=0, first_id=16, last_id=32, claimed_at=ledgers.BEGAN
    )

    assert [finding.rule for finding in ledger.check(run).findings] == ["finished_is_settled"]


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_being_sent_is_judged_at_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    people = ledgers.make_people()
    run = ledgers.make_run(ledgers.make_campaign(people.alice), **KINDS)
    count = ledger._messages_by_stage

    def while_it_goes_on(now: Run) -> dict[int, dict[int, int]]:
        def send() -> None:
            ledgers.change("delivery", run, "id = 39 * 16", stage=2)
            Run.objects.filter(pk=run.pk).update(sent=21, pending=13)
            connection.close()

        other = threading.Thread(target=send)
        other.start()
        other.join()
        return count(now)

    monkeypatch.setattr(ledger, "_messages_by_stage", while_it_goes_on)

    assert ledger.check(run).findings == []
