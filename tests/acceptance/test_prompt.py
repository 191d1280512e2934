"""At full speed, through real processes: pause, cancel, kill switch and another speed hold within a second."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.installation import Installation, running, wait_for
from tests.acceptance.promptness import PROMPT_SECONDS, is_kept, within
from tests.acceptance.sending import Beside, Mailbox

pytestmark = pytest.mark.slow


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


def full_speed(mailbox: Mailbox) -> None:
    """Return when it is under way."""
    before = mailbox.count()
    wait_for(30, lambda: mailbox.count() > before + 500, "full speed")


def until_all_is_back(beside: Beside, run: int) -> None:
    """Return when nothing is on its way any more, and not before whatever is late would have come."""
    time.sleep(1.5)
    wait_for(30, lambda: not beside.do("state", run=run)["in_flight"], "nothing in flight")


def test_a_pause_holds_within_a_second_and_nothing_is_lost_after_it(beside: Beside, mailbox: Mailbox) -> None:
    made = beside.do("make", count=6000, config=mailbox.config)

    def pausing() -> float:
        full_speed(mailbox)
        paused_at: float = beside.do("act", campaign=made["campaign"], name="pause")
        until_all_is_back(beside, made["run"])
        last = mailbox.times()[-1]
        beside.do("act", campaign=made["campaign"], name="continue_")
        return last - paused_at

    assert within(PROMPT_SECONDS, pausing)
    for _ in range(5):
        time.sleep(0.1)
        beside.do("act", campaign=made["campaign"], name="pause")
        beside.do("act", campaign=made["campaign"], name="continue_")
    end = ended(beside, made["run"])

    assert (end["status"], end["sent"], end["total"]) == ("COMPLETED", 6000, 6000)
    got = mailbox.received()
    assert len(got) == 6000
    assert max(got.values()) == 1


def test_a_cancel_holds_within_a_second_and_the_rest_is_cancelled(beside: Beside, mailbox: Mailbox) -> None:
    ends: list[tuple[dict[str, Any], int]] = []

    def cancelling() -> float:
        made = beside.do("make", count=20_000, config=mailbox.config)
        full_speed(mailbox)
        cancelled_at: float = beside.do("act", campaign=made["campaign"], name="cancel")
        end, last = ended(beside, made["run"]), mailbox.times()[-1]
        ends.append((end, sum(mailbox.received().values())))
        return last - cancelled_at

    assert within(PROMPT_SECONDS, cancelling)
    for end, got in ends:
        assert end["status"] == "CANCELLED"
        assert end["sent"] == got
        assert end["cancelled"] == 20_000 - end["sent"] > 0


@pytest.mark.parametrize(("stop", "go"), [("halt", "lift_halt"), ("pause_sender", "activate_sender")])
def test_a_kill_switch_holds_within_a_second_in_two_processes_and_loses_nothing(
    beside: Beside, mailbox: Mailbox, stop: str, go: str
) -> None:
    made = beside.do("make", count=8_000, config=mailbox.config, lanes=2)
    assert beside.do("workers_of", run=made["run"], wait=60) == 2

    def stopping() -> float:
        full_speed(mailbox)
        stopped_at: float = beside.do("switch", campaign=made["campaign"], name=stop)
        until_all_is_back(beside, made["run"])
        last = mailbox.times()[-1]
        assert mailbox.count() < 8_000
        beside.do("switch", campaign=made["campaign"], name=go)
        return last - stopped_at

    assert within(PROMPT_SECONDS, stopping)
    end = ended(beside, made["run"])

    assert (end["status"], end["sent"], end["total"]) == ("COMPLETED", 8_000, 8_000)
    got = mailbox.received()
    assert len(got) == 8_000
    assert max(got.values()) == 1


def test_another_speed_holds_within_a_second(beside: Beside, mailbox: Mailbox) -> None:
    made = beside.do("make", count=30_000, config=mailbox.config)

    def change(rate: float | None) -> float:
        at: float = beside.do(
            "act",
            campaign=made["campaign"],
            name="change_speed",
            rate_limit=rate,
            delay_min=0.0,
            delay_max=0.0,
        )
        return at

    def slowing() -> int:
        change(None)
        full_speed(mailbox)
        slowed_at = change(50.0)
        time.sleep(3.2)
        return sum(slowed_at + PROMPT_SECONDS < at < slowed_at + 3 for at in mailbox.times())

    assert is_kept(slowing, lambda count: 60 <= count <= 110)
    beside.do("act", campaign=made["campaign"], name="cancel")
    ended(beside, made["run"])


def test_two_processes_share_a_run_and_keep_the_senders_limit(
    beside: Beside, mailbox: Mailbox, installation: Installation
) -> None:
    def busiest_second() -> int:
        mailbox.received()
        made = beside.do("make", count=900, config=mailbox.config, lanes=2, limit_second=200)
        workers = beside.do("workers_of", run=made["run"], wait=60)
        end, times = ended(beside, made["run"]), mailbox.times()
        assert end["sent"] == len(times) == 900
        assert workers == 2
        return max(bisect_left(times, start + 1) - number for number, start in enumerate(times))

    assert is_kept(busiest_second, lambda count: count <= 200 * 1.1 + 10)
