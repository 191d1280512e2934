"""`clarion campaign why` and `speed`, `clarion halt`, `lift` and `sender`: what they print, do and refuse."""

import json

import pytest

from clarion.deliveries.models import Worker
from clarion.senders.models import SenderStatus
from clarion.workspaces.models import AuditEvent
from tests.integration.cli.running import clarion
from tests.runs import MadeRun, add_run, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> MadeRun:
    Worker.objects.create(name="w", host="h", pid=1)
    return make_run(count=3)


def id_of(made: MadeRun) -> str:
    return str(made.campaign.public_id)


def test_why_tells_each_cause_with_its_number_and_the_command_that_helps(made: MadeRun) -> None:
    clarion("sender", "pause", "Sender", "--reason", "Wrong prices.")

    words = clarion("campaign", "why", id_of(made)[:8]).stdout
    told = json.loads(clarion("campaign", "why", id_of(made), "--json").stdout)

    assert "3  The sender “Sender” is paused" in words
    assert "Wrong prices." in words
    assert f"$ clarion sender resume {str(made.sender.public_id)[:8]}" in words
    assert told["pending"] == sum(cause["count"] for cause in told["causes"]) == 3
    assert told["causes"][0]["kind"] == "sender_paused"
    assert told["causes"][0]["remedies"] == [{"do": "open_sender", "object": str(made.sender.public_id)}]


def test_why_says_when_nothing_holds_it(made: MadeRun) -> None:
    clarion("campaign", "cancel", id_of(made))

    assert "Nothing holds it." in clarion("campaign", "why", id_of(made)).stdout
    assert clarion("campaign", "why", "no-such-id").exit_code == 2


def test_halt_and_lift_say_how_much_they_hold_and_leave_a_trail(made: MadeRun) -> None:
    add_run(made.workspace, made.sender, count=2)

    halted = json.loads(
        clarion("halt", "--workspace", made.workspace.slug, "--reason", "Wrong prices.", "--json").stdout
    )
    again = clarion("halt", "--workspace", made.workspace.slug)
    lifted = clarion("lift", "--workspace", made.workspace.slug)

    assert (halted["halted"], halted["messages"], halted["campaigns"]) == (True, 5, 2)
    assert (halted["by"], halted["reason"]) == ("command line", "Wrong prices.")
    assert "5 messages of 2 campaigns held back" in again.stdout
    assert "5 messages of 2 campaigns on their way" in lifted.stdout
    events = AuditEvent.objects.filter(workspace=made.workspace).order_by("number")
    assert [(one.action, one.reason) for one in events] == [
        ("workspace.halt", "Wrong prices."),
        ("workspace.lift_halt", ""),
    ]


def test_a_sender_is_paused_and_resumed_by_its_name_or_id(made: MadeRun) -> None:
    paused = json.loads(clarion("sender", "pause", "Sender", "--json").stdout)
    made.sender.refresh_from_db()
    assert made.sender.status == SenderStatus.PAUSED
    assert (paused["status"], paused["messages"]) == ("paused", 3)

    resumed = clarion("sender", "resume", str(made.sender.public_id)[:8])

    made.sender.refresh_from_db()
    assert made.sender.status == SenderStatus.ACTIVE
    assert "Sender is active." in resumed.stdout


def test_a_sender_that_is_not_there_is_refused_with_those_that_are(made: MadeRun) -> None:
    result = clarion("sender", "pause", "Nobody")

    assert result.exit_code == 2
    assert made.workspace.slug in result.stderr


def test_speed_changes_what_is_said_and_keeps_the_rest(made: MadeRun) -> None:
    assert clarion("campaign", "speed", id_of(made), "--rate", "5", "--delay", "1-3").exit_code == 0
    assert clarion("campaign", "speed", id_of(made), "--rate", "0").exit_code == 0

    made.campaign.refresh_from_db()
    assert (made.campaign.rate_limit, made.campaign.delay_min, made.campaign.delay_max) == (None, 1, 3)
    assert clarion("campaign", "speed", id_of(made), "--delay", "soon").exit_code == 2
    clarion("campaign", "cancel", id_of(made))
    assert clarion("campaign", "speed", id_of(made), "--rate", "5").exit_code == 3
