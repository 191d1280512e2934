"""Through real processes: hours, ends and pushes hold to the second, and nothing is lost by them."""

import itertools
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.acceptance.installation import Installation, running, wait_for
from tests.acceptance.promptness import PROMPT_SECONDS, is_kept, within
from tests.acceptance.sending import Beside, Mailbox

pytestmark = pytest.mark.slow

DAYS = list(range(7))
ALWAYS = [{"days": DAYS, "from": "00:00", "to": "24:00"}]


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


def hours_away(hours: int) -> dict[str, Any]:
    """Return an hour of the day that lies so many hours ahead, in UTC."""
    hour = (datetime.now(UTC).hour + hours) % 24
    return {"days": DAYS, "from": f"{hour:02}:00", "to": f"{(hour + 1) % 24:02}:00"}


def in_state(beside: Beside, run: int, **wanted: Any) -> dict[str, Any]:
    """Return the run's state as soon as it is so."""

    def found() -> dict[str, Any] | None:
        state: dict[str, Any] = beside.do("state", run=run)
        return state if all(state[name] == value for name, value in wanted.items()) else None

    state: dict[str, Any] = wait_for(60, found, f"{wanted}")
    return state


def test_at_its_end_sending_stops_and_the_rest_expires(beside: Beside, mailbox: Mailbox) -> None:
    def late() -> float:
        """Return by how much the last mail was late."""
        mailbox.received()
        made = beside.do("make_timed", count=3_000, config=mailbox.config, ends_in=4, rate_limit=400.0)
        end = in_state(beside, made["run"], done=True)
        times, got = mailbox.times(), mailbox.received()
        assert (end["status"], end["ledger"], end["sent"]) == ("EXPIRED", [], len(got))
        assert set(got.values()) <= {1}
        return times[-1] - made["ends_at"] if times else math.inf  # it may have ended before it began

    assert within(0.2, late)


def test_a_one_off_reaches_its_one_person_once_at_once_or_at_its_time(
    beside: Beside, mailbox: Mailbox
) -> None:
    def late(seconds: float | None, to: str) -> float:
        """Return by how much its mail came later than it was to."""
        mailbox.received()
        asked = time.time() + (seconds or 0)
        one = beside.do("send_one_off", to=to, config=mailbox.config, seconds=seconds)
        end = wait_for(
            60, lambda: (s := beside.do("state_of_campaign", campaign=one)) and s["done"] and s, to
        )
        (came,), got = mailbox.times(), mailbox.received()
        assert (end["status"], end["sent"], end["total"], end["ledger"]) == ("COMPLETED", 1, 1, [])
        assert got == {to: 1}
        assert came > asked - 0.05
        return came - asked

    # Asking includes trying the message out, and who waits for a time is looked for once a second.
    assert within(PROMPT_SECONDS + 1.0, lambda: late(None, "ada@shop.example"))
    assert within(PROMPT_SECONDS + 2.0, lambda: late(3.0, "eve@shop.example"))


def test_outside_its_hours_nothing_leaves_and_other_hours_let_it_go_on_by_itself(
    beside: Beside, mailbox: Mailbox
) -> None:
    def opening() -> float:
        mailbox.received()
        made = beside.do("make_timed", count=300, config=mailbox.config, windows=[hours_away(5)])
        in_state(beside, made["run"], status="PAUSED")
        time.sleep(1.5)
        assert mailbox.count() == 0
        opened_at: float = beside.do("act", campaign=made["campaign"], name="update_campaign", windows=ALWAYS)
        end, first = in_state(beside, made["run"], done=True), mailbox.times()[0]
        assert (end["status"], end["sent"], end["ledger"]) == ("COMPLETED", 300, [])
        assert max(mailbox.received().values()) == 1
        return first - opened_at

    assert within(2 * PROMPT_SECONDS + 1.0, opening)


def test_each_recipients_own_hours_hold_and_cost_the_others_nothing(beside: Beside, mailbox: Mailbox) -> None:
    # Open now in UTC; in Samoa, half a day away, the same clock time is not now.
    now = hours_away(0) | {"to": hours_away(1)["to"]}
    made = beside.do(
        "make_timed", count=2_000, config=mailbox.config, windows=[now], window_is_recipients=True,
        status="PAUSED", pause_cause="PERSON", paused_from="SENDING",
    )  # fmt: skip
    beside.do("set_zones", run=made["run"], odd="UTC", even="Pacific/Apia")
    beside.do("act", campaign=made["campaign"], name="continue_")

    wait_for(60, lambda: beside.do("state", run=made["run"])["sent"] == 1_000, "everybody whose hours it is")
    wait_for(30, lambda: beside.do("waiting", run=made["run"])["count"] == 1_000, "the others")

    assert beside.do("waiting", run=made["run"]) == {"count": 1_000, "handed": 1_000, "deferred": 0}
    got = mailbox.received()
    assert {int(address.split("@")[0].removeprefix("person")) % 2 for address in got} == {1}
    beside.do("act", campaign=made["campaign"], name="cancel")
    end = in_state(beside, made["run"], done=True)
    assert (end["cancelled"], end["ledger"]) == (1_000, [])


def test_who_is_pushed_gets_it_within_a_second_and_once(beside: Beside, mailbox: Mailbox) -> None:
    made = beside.do("make_triggered", config=mailbox.config)
    beside.do("push", campaign=made["campaign"], keys=["first"])
    wait_for(20, lambda: mailbox.count() == 1, "the first, who opens the sender's lane")

    keys = (f"k{n}" for n in itertools.count())

    def wait() -> float:
        before = mailbox.count()
        pushed_at: float = beside.do("push", campaign=made["campaign"], keys=[next(keys), "first"])
        wait_for(10, lambda: mailbox.count() > before, "the mail")
        return mailbox.times()[-1] - pushed_at

    def waits() -> list[float]:
        return sorted(wait() for _ in range(5))

    assert is_kept(waits, lambda seen: seen[2] <= PROMPT_SECONDS and seen[-1] <= 2 * PROMPT_SECONDS)
    got = mailbox.received()
    assert set(got.values()) == {1}
    beside.do("act", campaign=made["campaign"], name="stop")
    end = in_state(beside, made["run"], done=True)
    assert (end["sent"], end["total"], end["ledger"]) == (len(got), len(got), [])
