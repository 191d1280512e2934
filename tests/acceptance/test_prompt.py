"""At full speed, through real processes: pause, cancel, kill switch and another speed hold within a second."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.installation import Installation, running, wait_for
from tests.acceptance.sending import Beside, Mailbox

pytestmark = pytest.mark.slow

#: What is promised to whoever presses the button.
PROMPT_SECONDS = 1.0


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with running(CLARION_WORKERS="2", CLARION_LOG_LEVEL="warning") as made:
        yield made


@pytest.fixture(scope="module")
def beside(installation: Installation) -> Iterator[Beside]:
    made = Beside(installation)
    yield made
    made.close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox()
    yield made
    made.close()


def ended(beside: Beside, run: int) -> dict[str, Any]:
    """Return the run's state at its end."""

    def done() -> dict[str, Any] | None:
        state: dict[str, Any] = beside.do("state", run=run)
        return state if state["done"] else None

    end: dict[str, Any] = wait_for(60, done, "the run's end")
    assert end["ledger"] == []
    return end


def test_a_pause_holds_within_a_second_and_nothing_is_lost_after_it(beside: Beside, mailbox: Mailbox) -> None:
    made = beside.do("make", count=6000, config=mailbox.config)
    wait_for(30, lambda: mailbox.count() > 500, "full speed")

    paused_at = beside.do("act", campaign=made["campaign"], name="pause")
    time.sleep(1.5)
    last = mailbox.times()[-1]
    for _ in range(5):
        beside.do("act", campaign=made["campaign"], name="continue_")
        time.sleep(0.1)
        beside.do("act", campaign=made["campaign"], name="pause")
    beside.do("act", campaign=made["campaign"], name="continue_")
    end = ended(beside, made["run"])

    assert last - paused_at <= PROMPT_SECONDS
    assert (end["status"], end["sent"], end["total"]) == ("COMPLETED", 6000, 6000)
    got = mailbox.received()
    assert len(got) == 6000
    assert max(got.values()) == 1


def test_a_cancel_holds_within_a_second_and_the_rest_is_cancelled(beside: Beside, mailbox: Mailbox) -> None:
    made = beside.do("make", count=20_000, config=mailbox.config)
    wait_for(30, lambda: mailbox.count() > 500, "full speed")

    cancelled_at = beside.do("act", campaign=made["campaign"], name="cancel")
    end = ended(beside, made["run"])

    assert mailbox.times()[-1] - cancelled_at <= PROMPT_SECONDS
    assert end["status"] == "CANCELLED"
    assert end["sent"] == sum(mailbox.received().values())
    assert end["cancelled"] == 20_000 - end["sent"] > 0


@pytest.mark.parametrize(("stop", "go"), [("halt", "lift_halt"), ("pause_sender", "activate_sender")])
def test_a_kill_switch_holds_within_a_second_in_two_processes_and_loses_nothing(
    beside: Beside, mailbox: Mailbox, stop: str, go: str
) -> None:
    made = beside.do("make", count=8_000, config=mailbox.config, lanes=2)
    assert beside.do("workers_of", run=made["run"], wait=10) == 2
    wait_for(30, lambda: mailbox.count() > 500, "full speed")

    stopped_at = beside.do("switch", campaign=made["campaign"], name=stop)
    time.sleep(2.0)
    last, out = mailbox.times()[-1], mailbox.count()
    beside.do("switch", campaign=made["campaign"], name=go)
    end = ended(beside, made["run"])

    assert last - stopped_at <= PROMPT_SECONDS
    assert out < 8_000
    assert (end["status"], end["sent"], end["total"]) == ("COMPLETED", 8_000, 8_000)
    got = mailbox.received()
    assert len(got) == 8_000
    assert max(got.values()) == 1


def test_another_speed_holds_within_a_second(beside: Beside, mailbox: Mailbox) -> None:
    made = beside.do("make", count=30_000, config=mailbox.config)
    wait_for(30, lambda: mailbox.count() > 500, "full speed")

    slow = {"rate_limit": 50.0, "delay_min": 0.0, "delay_max": 0.0}
    slowed_at = beside.do("act", campaign=made["campaign"], name="change_speed", **slow)
    time.sleep(3.2)
    beside.do("act", campaign=made["campaign"], name="cancel")
    ended(beside, made["run"])

    after = [at for at in mailbox.times() if slowed_at + PROMPT_SECONDS < at < slowed_at + 3]
    assert 60 <= len(after) <= 110


def test_two_processes_share_a_run_and_keep_the_senders_limit(
    beside: Beside, mailbox: Mailbox, installation: Installation
) -> None:
    made = beside.do("make", count=900, config=mailbox.config, lanes=2, limit_second=200)
    workers = beside.do("workers_of", run=made["run"], wait=10)
    end = ended(beside, made["run"])

    times = mailbox.times()
    busiest = max(sum(start <= at < start + 1 for at in times) for start in times)
    assert end["sent"] == 900
    assert workers == 2
    assert busiest <= 200 * 1.1 + 10
