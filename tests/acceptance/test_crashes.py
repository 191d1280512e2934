"""kill -9 of the worker, of PostgreSQL and of everything, at random moments of a campaign at full speed.

Whatever is killed: nobody is forgotten, nobody gets two mails, and what cannot be known is listed as unknown.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.acceptance.installation import Installation, new_home, wait_for

pytestmark = pytest.mark.slow

UP = (sys.executable, "-m", "clarion.cli", "up")
RECIPIENTS = int(os.environ.get("CRASH_RECIPIENTS", "20000"))
#: Messages that can be in the air at once: the sender's connections.
CONNECTIONS = 10
#: What dies, and how often, in each schedule.
SCHEDULES = [
    ["worker"], ["worker", "worker", "worker"], ["postgres"], ["postgres", "worker"], ["everything"],
    ["everything", "worker"], ["worker", "postgres", "worker"], ["postgres", "postgres"],
    ["everything", "everything"], ["worker", "everything", "postgres"],
]  # fmt: skip

MAKE = """
import os, sys, json
os.environ["DJANGO_SETTINGS_MODULE"] = "clarion.settings"
import django; django.setup()
from tests.runs import make_run
made = make_run(count=int(sys.argv[1]), channel="email", config=json.loads(sys.argv[2]),
                content={"subject": "Hi {{ first_name }}", "html": "<p>Hi {{ first_name }}</p>", "text": "Hi"})
print(made.run.pk)
"""
STATE = """
import os, sys, json
os.environ["DJANGO_SETTINGS_MODULE"] = "clarion.settings"
import django; django.setup()
from clarion.deliveries import ledger
from clarion.deliveries.models import Run, Delivery, Recipient
from clarion.deliveries.states import Stage
run = Run.objects.select_related("campaign").get(pk=int(sys.argv[1]))
names = ("total", "pending", "in_flight", "sent", "failed", "unknown", "skipped", "cancelled")
state = {n: getattr(run, n) for n in names} | {"status": run.campaign.status, "done": bool(run.finished_at)}
if run.finished_at:
    ids = [d // 16 for d in Delivery.objects.filter(run_id=run.pk, stage=Stage.UNKNOWN).values_list("id", flat=True)]
    state["unknown_addresses"] = list(Recipient.objects.filter(run_id=run.pk, id__in=ids).values_list("address", flat=True))
    state["ledger"] = [str(p) for p in ledger.check(run).findings]
print(json.dumps(state))
"""


class Mailbox:
    """The recording SMTP server."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        port_file, self._mails = folder / "port", folder / "mails"
        self._mails.touch()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.mailbox", str(port_file), str(self._mails), "0.002"]
        )
        self.port = int(wait_for(20, lambda: port_file.exists() and port_file.read_text(), "the mailbox"))
        self._read = 0

    def received(self) -> Counter[str]:
        """Return how many mails each recipient got since the last call."""
        with self._mails.open() as lines:
            lines.seek(self._read)
            found = Counter(line.split()[0] for line in lines.readlines())
            self._read = lines.tell()
        return found

    def count(self) -> int:
        """Return how many mails came since `received` was last called."""
        with self._mails.open("rb") as lines:
            lines.seek(self._read)
            return lines.read().count(b"\n")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    home = new_home()
    made = Mailbox(home)
    yield made
    made.close()


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    home = new_home()
    home.parent.chmod(0o711)
    made = Installation(home, CLARION_RETRY_SECONDS="1", CLARION_LOG_LEVEL="warning")
    made.start(*UP)
    yield made
    made.remove()


def python(installation: Installation, code: str, *arguments: str) -> str:
    """Run a program beside the installation and return what it prints."""
    for _ in range(20):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=installation.environment, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return done.stdout
        time.sleep(0.5)  # the database may be down just now
    raise AssertionError(done.stderr)


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
    mark = {"worker": "clarion.cli worker", "postgres": "bin/postgres"}[what]
    pid = wait_for(20, lambda: installation.pid_of(mark), f"{what} runs")
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("schedule", SCHEDULES, ids="+".join)
def test_nobody_is_lost_and_nobody_gets_two(
    installation: Installation, mailbox: Mailbox, schedule: list[str]
) -> None:
    mailbox.received()
    config = {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "from_address": "shop@example.test",
              "connections": CONNECTIONS}  # fmt: skip
    run = python(installation, MAKE, str(RECIPIENTS), json.dumps(config)).strip()
    kills = sorted(random.uniform(0.03, 0.9) * RECIPIENTS for _ in schedule)

    for what, at in zip(schedule, kills, strict=True):
        wait_for(60, lambda at=at: mailbox.count() >= at, f"{at:.0f} mails")
        kill(installation, what)

    def finished() -> dict[str, Any] | None:
        state: dict[str, Any] = json.loads(python(installation, STATE, run))
        return state if state["done"] else None

    end = wait_for(90, finished, "the run's end")
    got = mailbox.received()
    unknown = set(end["unknown_addresses"])
    print(schedule, {k: v for k, v in end.items() if k != "unknown_addresses"}, len(unknown))
    everyone = {f"person{i}@example.test" for i in range(1, RECIPIENTS + 1)}
    assert set(got) <= everyone
    assert everyone - set(got) <= unknown, "somebody got no mail and is not listed as unknown"
    assert [who for who, count in got.items() if count > 1] == [], "somebody got two"
    assert end["status"] == "COMPLETED"
    assert end["sent"] + end["unknown"] == end["total"] == RECIPIENTS
    assert end["unknown"] <= CONNECTIONS * len(schedule)
    assert end["ledger"] == []
