"""`clarion send` and its companions on their own, without a server: they bring the database and send by themselves."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from clarion.channels.email.tests.server import GOOD, Do, Server
from tests.acceptance.installation import PATIENCE, Installation, prepared_home, wait_for
from tests.acceptance.smtp import Running

pytestmark = pytest.mark.slow

PEOPLE = 2000
KEYS = [
    "campaign", "run", "status", "total", "sent", "partly", "failed", "skipped", "unknown", "pending", "seconds",
]  # fmt: skip


class Shop:
    """A home without a server, a mail server, and the files of a campaign."""

    def __init__(self) -> None:
        home = prepared_home()
        self.installation = Installation(home, CLARION_RETRY_SECONDS="1")
        #: After so many mails the server takes its time: whatever is to be stopped is stopped before the last one.
        self.slow_after = PEOPLE
        self.mail = Server({"END": self._answer})
        self._running = Running({"mail": self.mail})
        self.folder = home.parent
        (self.folder / "mail.html").write_text(
            "<p>Hello {{ name }}</p><a href='{{ unsubscribe_url }}'>no more</a>"
        )
        self.log = (self.folder / "commands.log").open("w+")

    def _answer(self, _line: str) -> str | Do:
        if len(self.mail.received) >= self.slow_after:
            return Do(f"{GOOD['END']}\r\n".encode(), after=0.1)
        return GOOD["END"]

    def csv(self, count: int) -> Path:
        path = self.folder / f"{count}.csv"
        lines = [f"person{number}@example.test,Person {number}" for number in range(count)]
        path.write_text("\n".join(["email,name", *lines]))
        return path

    def options(self, count: int, *more: str) -> list[str]:
        return [
            *("send", "--name", "Spring", "--sender-url", f"smtp://127.0.0.1:{self.mail.port}", "--json", "--wait"),
            *("--from", "Shop <shop@example.test>", "--subject", "Hi {{ name }}"),
            *("--html", str(self.folder / "mail.html"), "--csv", str(self.csv(count)), *more),
        ]  # fmt: skip

    def begin(self, *options: str) -> "subprocess.Popen[str]":
        """Start a command and return at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "clarion.cli", *options],
            env=self.installation.environment,
            stdout=subprocess.PIPE,
            # A file: the database outlives a killed command and would keep a pipe open.
            stderr=self.log,
            text=True,
        )

    def run(self, *options: str) -> dict[str, Any]:
        """Run a command to its good end and return what it says."""
        done = self.installation.clarion(*options, seconds=60 * PATIENCE)
        assert done.returncode == 0, done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def received(self) -> Counter[str]:
        return Counter(address for one in self.mail.received for address in one.recipients)

    def until_received(self, count: int) -> None:
        wait_for(90, lambda: len(self.mail.received) >= count, f"{count} mails")

    def close(self) -> None:
        self.installation.remove()
        self._running.close()
        self.log.close()


@pytest.fixture(scope="module")
def shops() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.close()


@pytest.fixture
def shop(shops: Shop) -> Shop:
    shops.mail.received.clear()
    shops.slow_after = PEOPLE
    return shops


def test_sends_to_everybody_once_and_prints_one_object_with_exactly_these_keys(shop: Shop) -> None:
    said = shop.run(*shop.options(30))

    assert list(said) == KEYS
    assert (said["status"], said["total"], said["sent"], said["pending"]) == ("completed", 30, 30, 0)
    assert shop.received() == {f"person{number}@example.test": 1 for number in range(30)}
    assert not shop.installation.processes()


@pytest.mark.parametrize("victims", [["command"], ["command", "worker"]], ids=" and ".join)
def test_a_killed_command_is_continued_and_nobody_is_lost_or_gets_two(shop: Shop, victims: list[str]) -> None:
    shop.slow_after = 300
    command = shop.begin(*shop.options(PEOPLE, "--rate", "800"))
    shop.until_received(300)
    worker = next(one for one in psutil.Process(command.pid).children() if "--lent" in one.cmdline())

    command.kill()
    if "worker" in victims:
        worker.kill()
    command.communicate(timeout=20 * PATIENCE)
    with suppress(psutil.NoSuchProcess):
        worker.wait(30 * PATIENCE)
    assert len(shop.mail.received) < PEOPLE
    shop.slow_after = PEOPLE
    campaign = json.loads(shop.installation.clarion("campaign", "list", "--json").stdout)[0]
    said = shop.run("campaign", "continue", campaign["campaign"], "--json")

    assert campaign["status"] == "sending"
    listed = shop.installation.clarion("deliveries", said["campaign"], "--status", "unknown", "--json")
    unknown = {json.loads(line)["address"] for line in listed.stdout.splitlines()}
    assert (said["status"], said["sent"] + said["unknown"], said["total"]) == ("completed", PEOPLE, PEOPLE)
    assert len(unknown) == said["unknown"] <= (10 if "worker" in victims else 0)
    received = shop.received()
    assert max(received.values()) == 1
    everybody = {f"person{number}@example.test" for number in range(PEOPLE)}
    assert everybody - received.keys() <= unknown
    assert shop.installation.clarion("check-ledger").returncode == 0


def test_a_killed_database_is_started_again_and_the_campaign_goes_on(shop: Shop) -> None:
    command = shop.begin(*shop.options(PEOPLE, "--rate", "800"))
    shop.until_received(300)

    database = next(
        one for one in shop.installation.processes() if "-D" in one.cmdline() and one.name() == "postgres"
    )
    database.kill()
    said = json.loads(command.communicate(timeout=90 * PATIENCE)[0])

    assert (command.returncode, said["status"], said["sent"] + said["unknown"]) == (0, "completed", PEOPLE)
    assert said["unknown"] == 0
    assert set(shop.received().values()) == {1}


def test_an_interrupted_command_pauses_the_campaign_which_can_be_continued(shop: Shop) -> None:
    shop.slow_after = 100
    command = shop.begin(*shop.options(PEOPLE, "--rate", "800"))
    shop.until_received(100)

    os.kill(command.pid, signal.SIGINT)
    paused = json.loads(command.communicate(timeout=60 * PATIENCE)[0])
    held = len(shop.mail.received)
    shop.slow_after = PEOPLE
    shown = shop.run("campaign", "show", paused["campaign"], "--json")
    done = shop.run("campaign", "continue", paused["campaign"][:8], "--json")

    assert (command.returncode, paused["status"], paused["unknown"]) == (130, "paused", 0)
    assert paused["sent"] == held < PEOPLE
    assert (shown["pause_cause"], shown["reason"]) == ("person", "Interrupted at the command line.")
    assert (done["status"], done["sent"]) == ("completed", PEOPLE)
    assert set(shop.received().values()) == {1}


def test_bad_input_is_listed_whole_and_nothing_is_started(shop: Shop) -> None:
    (shop.folder / "wrong.html").write_text("<p>{{ first_name }</p>")
    (shop.folder / "names.csv").write_text("who,what\nAda,x\nBen,y")
    answer = shop.installation.clarion(
        *("send", "--sender-url", "http://mail", "--from", "nobody", "--rate", "0"),
        *("--html", str(shop.folder / "wrong.html"), "--csv", str(shop.folder / "names.csv")),
    )

    assert answer.returncode == 2
    assert answer.stdout == ""
    for option in ("--name", "--rate", "--sender-url", "--from", "--html: line 1", "--subject"):
        assert f"- {option}" in answer.stderr
    assert "No column holds addresses. The file has: who, what." in answer.stderr
    assert not shop.mail.received


def test_what_the_state_does_not_allow_is_refused_with_a_sentence(shop: Shop) -> None:
    said = shop.run(*shop.options(1))

    refused = shop.installation.clarion("campaign", "pause", said["campaign"])
    unknown = shop.installation.clarion("campaign", "pause", "00000000")

    assert refused.returncode == 3
    assert refused.stderr.startswith("The campaign Spring is completed: only one that is ")
    assert unknown.returncode == 2
