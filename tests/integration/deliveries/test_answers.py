"""Answers are kept once, shown on the message they answer, and STOP and START do what they say."""

from datetime import UTC, datetime

import pytest

from clarion.audience import operations as audience
from clarion.audience.models import Suppression
from clarion.audience.stopwords import Meaning
from clarion.deliveries.answers import answer_received
from clarion.deliveries.models import Answer, Delivery, Receipt, Recipient, Run, RunStep
from clarion.deliveries.states import Result, Skip, Stage
from tests.runs import MadeRun, add_run, make_run

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def sent() -> MadeRun:
    """A run whose first person was sent their message; the others wait."""
    made = make_run(count=3, channel="email")
    Delivery.objects.filter(run_id=made.run.pk, id=16).update(stage=Stage.SENT, attempts=1)
    Recipient.objects.filter(run_id=made.run.pk, id=1).update(stage=Stage.SENT)
    Run.objects.filter(pk=made.run.pk).update(pending=2, sent=1)
    RunStep.objects.filter(run=made.run).update(accepted=1, handed=1, cursor=1)
    return made


def answer(made: MadeRun, text: str, *, person: int = 1, **facts: str):
    return answer_received(
        channel="email", sender=made.sender, from_address=f" Person{person}@Example.test ", text=text,
        received_at=NOON, **facts,
    )  # fmt: skip


def test_stop_suppresses_is_shown_on_the_message_and_confirmed_once(sent: MadeRun) -> None:
    told = answer(sent, "STOP!", event_id="m-1")
    again = answer(sent, "STOP!", event_id="m-1")

    assert (told.meaning, told.is_new, told.is_suppressed) == (Meaning.STOP, True, True)
    assert (told.run_id, told.delivery_id) == (sent.run.pk, 16)
    assert "no more messages" in told.confirmation
    assert (again.is_new, again.confirmation) == (False, "")
    row = Suppression.objects.get(workspace=sent.workspace)
    assert (row.address, row.reason) == ("person1@example.test", "UNSUBSCRIBED")
    step = RunStep.objects.get(run=sent.run)
    assert (step.replied, step.unsubscribed) == (1, 1)
    assert Answer.objects.count() == 1
    assert Receipt.objects.get(run_id=sent.run.pk, result=Result.REPLIED).detail == "STOP!"


def test_stop_skips_what_still_waits_in_other_runs(sent: MadeRun) -> None:
    other = add_run(sent.workspace, sent.sender, count=2)

    answer(sent, "baja")

    skipped = Recipient.objects.get(run_id=other.run.pk, id=1)
    assert (skipped.stage, skipped.skip) == (Stage.SKIPPED, Skip.SUPPRESSED)
    assert Run.objects.get(pk=other.run.pk).skipped == 1


def test_start_takes_back_the_own_wish_and_nothing_else(sent: MadeRun) -> None:
    answer(sent, "stop")
    audience.suppress(
        workspace=sent.workspace,
        channel="email",
        address="person2@example.test",
        reason="COMPLAINED",
        origin="",
    )

    back = answer(sent, "start")
    kept = answer(sent, "start", person=2)

    assert (back.meaning, back.is_suppressed) == (Meaning.START, False)
    assert kept.is_suppressed
    assert [one.address for one in Suppression.objects.all()] == ["person2@example.test"]


def test_other_words_are_a_reply_for_people_and_answered_by_nobody(sent: MadeRun) -> None:
    told = answer(sent, "Do you have it in blue?\x00")

    assert (told.meaning, told.confirmation, told.is_suppressed) == (Meaning.NONE, "", False)
    assert Delivery.objects.get(run_id=sent.run.pk, id=16).result == Result.REPLIED
    assert not Suppression.objects.exists()


def test_an_answer_of_somebody_who_was_never_written_to_is_kept_and_stops_too(sent: MadeRun) -> None:
    told = answer(sent, "Стоп", person=99)

    assert (told.run_id, told.delivery_id, told.is_suppressed) == (None, None, True)
    assert Answer.objects.get().meaning == "STOP"


def test_a_message_that_waits_is_not_what_was_answered(sent: MadeRun) -> None:
    assert answer(sent, "hello", person=2).delivery_id is None


def test_an_address_that_is_none_is_refused(sent: MadeRun) -> None:
    with pytest.raises(ValueError, match=r"\."):
        answer_received(channel="email", sender=sent.sender, from_address="nobody", text="stop")
