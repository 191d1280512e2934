"""kill -9 of the worker, of PostgreSQL and of everything, at random moments of a campaign at full speed; and of
the process that imports.

Whatever is killed: nobody is forgotten, nobody gets two mails, and what cannot be known is listed as unknown.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
import pytest

from clarion.channels.sandbox.behaviour import SHARES, Behaviour, Shares
from clarion.channels.sandbox.outbox import read
from tests.acceptance.installation import UP, Installation, new_home, running, wait_for
from tests.acceptance.sending import Beside, Mailbox

pytestmark = pytest.mark.slow

RECIPIENTS = int(os.environ.get("CRASH_RECIPIENTS", "20000"))
IMPORTED = 60_000
CASCADED = 4_000
#: What dies, and how often, in each schedule.
SCHEDULES = [
    ["worker"], ["worker", "worker", "worker"], ["postgres"], ["postgres", "worker"], ["everything"],
    ["everything", "worker"], ["worker", "postgres", "worker"], ["postgres", "postgres"],
    ["everything", "everything"], ["worker", "everything", "postgres"],
]  # fmt: skip


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox()
    yield made
    made.close()


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with running(CLARION_RETRY_SECONDS="1", CLARION_LOG_LEVEL="warning") as made:
        yield made


@pytest.fixture(scope="module")
def beside(installation: Installation) -> Iterator[Beside]:
    made = Beside(installation)
    yield made
    made.close()


def kill(installation: Installation, what: str) -> None:
    """kill -9 it; after `everything`, start again as an operator would."""
    if what == "everything":
        for process in installation.processes():
            with suppress(psutil.Error):
                process.kill()
        installation.wait()
        wait_for(10, lambda: not installation.processes(), "killed processes go")
        installation.start(*UP)
        return
    mark = {"postgres": "bin/postgres"}.get(what, f"clarion.cli {what}")
    pid = wait_for(20, lambda: installation.pid_of(mark), f"{what} runs")
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("schedule", SCHEDULES, ids="+".join)
def test_nobody_is_lost_and_nobody_gets_two(
    installation: Installation, beside: Beside, mailbox: Mailbox, schedule: list[str]
) -> None:
    mailbox.received()
    run = beside.do("make", count=RECIPIENTS, config=mailbox.config)["run"]
    kills = sorted(random.uniform(0.03, 0.9) * RECIPIENTS for _ in schedule)

    for what, at in zip(schedule, kills, strict=True):
        wait_for(60, lambda at=at: mailbox.count() >= at, f"{at:.0f} mails")
        kill(installation, what)

    def finished() -> dict[str, Any] | None:
        state: dict[str, Any] | None = beside.try_to("state", run=run)
        return state if state and state["done"] else None

    end = wait_for(90, finished, "the run's end")
    got, unknown = mailbox.received(), set(end["unknown_addresses"])
    everyone = {f"person{i}@example.test" for i in range(1, RECIPIENTS + 1)}
    assert set(got) <= everyone
    assert everyone - set(got) <= unknown, "somebody got no mail and is not listed as unknown"
    assert [who for who, count in got.items() if count > 1] == [], "somebody got two"
    assert end["status"] == "COMPLETED"
    assert end["sent"] + end["unknown"] == end["total"] == RECIPIENTS
    assert end["unknown"] <= mailbox.config["connections"] * len(schedule)
    assert end["ledger"] == []


@pytest.mark.parametrize("schedule", [["worker", "worker"], ["postgres", "everything"]], ids="+".join)
def test_of_a_cascade_nobody_gets_a_channel_twice_and_only_the_refused_get_the_fallback(
    installation: Installation, beside: Beside, mailbox: Mailbox, schedule: list[str]
) -> None:
    mailbox.received()
    outbox = new_home()
    outbox.mkdir(parents=True)
    shares = Shares((0.4,) + (0.0,) * (len(SHARES) - 1))
    everyone = [f"person{i}@example.test" for i in range(1, CASCADED + 1)]
    refused = {one for one in everyone if shares.behaviour(one) is Behaviour.REFUSE}
    campaign = beside.do(
        "make_two_tiers", count=CASCADED, outbox=str(outbox), refuse_share=0.4, config=mailbox.config
    )
    for what, share in zip(schedule, (0.2, 0.6), strict=True):
        wait_for(
            180, lambda share=share: mailbox.count() >= share * len(refused), f"{share:.0%} of the mails"
        )
        kill(installation, what)

    def finished() -> dict[str, Any] | None:
        state: dict[str, Any] | None = beside.try_to("state_of_campaign", campaign=campaign)
        return state if state and state["done"] else None

    end = wait_for(180, finished, "the run's end")
    got, unknown = mailbox.received(), set(end["unknown_addresses"])
    taken = Counter(record["address"] for record, _at in read(outbox))
    assert [who for who, count in (got | taken).items() if count > 1] == [], "somebody got a channel twice"
    assert set(got) <= refused, "somebody got the fallback whom the first channel had taken"
    assert set(everyone) - set(got) - set(taken) <= unknown, "somebody is lost"
    counted = end["sent"] + end["partly"] + end["failed"] + end["unknown"]
    assert counted == end["total"] == CASCADED, {k: v for k, v in end.items() if k != "unknown_addresses"}
    assert end["ledger"] == []


def test_an_import_whose_process_is_killed_is_finished_and_counts_nobody_twice(
    installation: Installation, beside: Beside
) -> None:
    started = beside.do("start_import", rows=IMPORTED)
    wait_for(30, lambda: beside.do("import_state", number=started)["rows"] > 0, "the first rows")
    kill(installation, "jobs")

    def finished() -> dict[str, Any] | None:
        state: dict[str, Any] = beside.do("import_state", number=started)
        return state if state["status"] == "DONE" else None

    end = wait_for(60, finished, "the import's end")

    assert (end["rows"], end["created"], end["bad"], end["contacts"]) == (IMPORTED, IMPORTED, 0, IMPORTED)
