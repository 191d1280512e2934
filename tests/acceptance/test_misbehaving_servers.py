"""Campaigns from the command line, through a running installation, to SMTP servers that misbehave.

All campaigns run at the same time on one installation; each test looks at one of them.
"""

import json
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import trustme

from clarion.channels.email.tests.server import DROP, EXTENSIONS, GOOD, HANG, Answer, Do, Server
from tests.acceptance.installation import PATIENCE, Installation, prepared_home, wait_for
from tests.acceptance.smtp import Running

pytestmark = pytest.mark.slow

PEOPLE = 40
#: Local part of those who are refused: they are suppressed then, and must not be missed by other campaigns.
REFUSED = "nobody"
#: Seconds after which the sender gives up on an answer, where none comes. The others are given all the time that a busy
#: machine may take: an answer that is late for that reason would make a message unknown.
SHORT = {
    "half open": "&connect_timeout=1&command_timeout=1",
    "silent after the final dot": "&data_timeout=5",
}


def at_first(count: int, bad: Answer, good: str) -> Callable[[str], "str | Do"]:
    """Return an answer that is bad the first so many times."""
    left = iter(range(count))

    def answer(line: str) -> "str | Do":
        chosen = bad if next(left, None) is not None else good
        return chosen(line) if callable(chosen) else chosen

    return answer


def each(nth: int, bad: Answer, good: str) -> Callable[[str], "str | Do"]:
    """Return an answer that is bad every so many times."""
    count = 0

    def answer(line: str) -> "str | Do":
        nonlocal count
        count += 1
        chosen = bad if count % nth == 0 else good
        return chosen(line) if callable(chosen) else chosen

    return answer


def self_signed() -> ssl.SSLContext:
    """Return the context of a server whose certificate nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


SERVERS: dict[str, Callable[[], Server]] = {
    "451 after data": lambda: Server({"END": at_first(PEOPLE, "451 4.3.0 try later", GOOD["END"])}),
    "drops after the final dot": lambda: Server({"END": each(8, Do(drops=True, takes=True), GOOD["END"])}),
    "silent after the final dot": lambda: Server({"END": each(8, Do(hangs=True, takes=True), GOOD["END"])}),
    "421 at the greeting": lambda: Server({"GREETING": at_first(4, "421 4.3.2 not now", GOOD["GREETING"])}),
    "421 in the middle": lambda: Server({"MAIL": each(7, "421 4.3.2 enough for now", GOOD["MAIL"])}),
    "drops in the middle": lambda: Server({"DATA": each(9, DROP, GOOD["DATA"])}),
    "slow": lambda: Server({"END": Do(f"{GOOD['END']}\r\n".encode(), after=0.2, takes=True)}),
    "half open": lambda: Server({"GREETING": at_first(3, HANG, GOOD["GREETING"])}),
    "no pipelining": lambda: Server(extensions=tuple(set(EXTENSIONS) - {"PIPELINING"})),
    "refuses some": lambda: Server({"RCPT": each(4, "550 5.1.1 no such user", GOOD["RCPT"])}),
    "refuses the password": lambda: Server(
        {"AUTH": "535 5.7.8 bad credentials"}, extensions=(*EXTENSIONS, "AUTH PLAIN LOGIN")
    ),
    "STARTTLS with a certificate of nobody": lambda: Server(
        extensions=(*EXTENSIONS, "STARTTLS"), tls=self_signed()
    ),
    "no STARTTLS": lambda: Server(),
    "garbage": lambda: Server({"GREETING": Do(b"\x00\xff HTTP/1.1 400 Bad Request\r\n\r\n")}),
}
#: Campaigns that wait for their provider for ever: they are started, watched, and cancelled.
ENDLESS = {"STARTTLS with a certificate of nobody", "no STARTTLS", "garbage"}


@dataclass
class Ended:
    """What a command said, and what the server holds."""

    code: int
    said: dict[str, Any]
    words: str
    server: Server

    @property
    def received(self) -> Counter[str]:
        return Counter(address for one in self.server.received for address in one.recipients)


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    home = prepared_home()
    made = Installation(home, CLARION_RETRY_SECONDS="1", CLARION_LOG_LEVEL="error")
    made.start(sys.executable, "-m", "clarion.cli", "up")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def files(installation: Installation) -> Path:
    folder = installation.home.parent
    (folder / "mail.html").write_text("<p>Hello {{ name }}, <a href='{{ unsubscribe_url }}'>no more</a></p>")
    for name in ("person", REFUSED):
        lines = [f"{name}{number}@example.test,Person {number}" for number in range(PEOPLE)]
        (folder / f"{name}.csv").write_text("\n".join(["email,name", *lines]))
    return folder


@pytest.fixture(scope="module")
def campaigns(installation: Installation, files: Path) -> Iterator[dict[str, Callable[[], Ended]]]:
    """Start all campaigns at once; each function waits for the end of one."""
    running = Running({name: make() for name, make in SERVERS.items()})
    commands = {
        name: subprocess.Popen(
            [sys.executable, "-m", "clarion.cli", *options(name, server, files)],
            env=installation.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, server in running.servers.items()
    }

    @cache
    def ended(name: str) -> Ended:
        said, words = commands[name].communicate(timeout=150 * PATIENCE)
        assert said, words
        return Ended(commands[name].returncode, json.loads(said), words, running.servers[name])

    yield {name: partial(ended, name) for name in commands}
    for command in commands.values():
        command.kill()
        command.communicate()
    running.close()


def options(name: str, server: Server, files: Path) -> list[str]:
    scheme = "smtp+starttls" if "STARTTLS" in name else "smtp"
    login = "shop:wrong@" if "password" in name else ""
    people = REFUSED if name == "refuses some" else "person"
    url = f"{scheme}://{login}127.0.0.1:{server.port}?connections=5{SHORT.get(name, '')}"
    return [
        *("send", "--name", name, "--sender-url", url),
        *("--from", "Shop <shop@example.test>", "--subject", "Hi {{ name }}", "--html", str(files / "mail.html")),
        *("--csv", str(files / f"{people}.csv"), "--json", *([] if name in ENDLESS else ["--wait"])),
    ]  # fmt: skip


def listed(installation: Installation, campaign: str, status: str) -> list[dict[str, Any]]:
    """Return the deliveries of that status."""
    answer = installation.clarion("deliveries", campaign, "--status", status, "--json")
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


@pytest.mark.parametrize(
    "name",
    [
        "451 after data", "421 at the greeting", "421 in the middle", "drops in the middle", "slow", "half open",
        "no pipelining",
    ],
)  # fmt: skip
def test_everyone_gets_the_mail_once_in_spite_of(
    name: str, campaigns: dict[str, Callable[[], Ended]]
) -> None:
    end = campaigns[name]()

    assert end.said | {"campaign": "", "run": 0, "seconds": 0} == {
        "campaign": "", "run": 0, "status": "completed", "total": PEOPLE, "sent": PEOPLE, "partly": 0, "failed": 0,
        "skipped": 0, "unknown": 0, "pending": 0, "seconds": 0,
    }  # fmt: skip
    assert end.code == 0
    assert end.received == {f"person{number}@example.test": 1 for number in range(PEOPLE)}


@pytest.mark.parametrize("name", ["drops after the final dot", "silent after the final dot"])
def test_a_lost_answer_makes_exactly_those_messages_unknown(
    name: str, campaigns: dict[str, Callable[[], Ended]], installation: Installation
) -> None:
    end = campaigns[name]()

    unknown = listed(installation, end.said["campaign"], "unknown")
    assert (end.code, end.said["status"]) == (0, "completed")
    assert end.said["unknown"] == len(unknown) == PEOPLE // 8
    assert end.said["sent"] == PEOPLE - PEOPLE // 8
    assert max(end.received.values()) == 1
    assert {row["address"] for row in unknown} <= end.received.keys()
    assert {row["attempts"] for row in unknown} == {1}


def test_refused_recipients_fail_and_are_named_with_the_providers_code(
    campaigns: dict[str, Callable[[], Ended]], installation: Installation
) -> None:
    end = campaigns["refuses some"]()

    failed = listed(installation, end.said["campaign"], "failed")
    assert (end.code, end.said["status"], end.said["failed"]) == (0, "completed", PEOPLE // 4)
    assert {(row["reason"], row["code"]) for row in failed} == {("address_unknown", "550 5.1.1")}
    assert not {row["address"] for row in failed} & end.received.keys()
    assert len(end.received) == end.said["sent"] == PEOPLE - PEOPLE // 4


def test_a_refused_password_pauses_the_campaign_with_everybody_pending(
    campaigns: dict[str, Callable[[], Ended]], installation: Installation
) -> None:
    end = campaigns["refuses the password"]()

    assert (end.code, end.said["status"]) == (3, "paused")
    assert (end.said["pending"], end.said["sent"], end.said["failed"]) == (PEOPLE, 0, 0)
    shown = json.loads(installation.clarion("campaign", "show", end.said["campaign"], "--json").stdout)
    assert shown["pause_cause"] == "sender"
    assert "535" in shown["reason"] or "credentials" in shown["reason"]
    refused = installation.clarion("campaign", "continue", end.said["campaign"])
    assert refused.returncode == 3
    assert "--activate-sender" in refused.stderr


@pytest.mark.parametrize("name", sorted(ENDLESS))
def test_an_unusable_server_keeps_everybody_waiting_until_a_person_decides(
    name: str, campaigns: dict[str, Callable[[], Ended]], installation: Installation
) -> None:
    end = campaigns[name]()
    campaign = end.said["campaign"]

    wait_for(20, lambda: end.server.connections >= 3, "several tries")
    shown = json.loads(installation.clarion("run", "show", campaign, "--json").stdout)
    cancelled = installation.clarion("campaign", "cancel", campaign, "--wait", "--json")

    assert end.code == 0
    assert (shown["status"], shown["sent"], shown["failed"], shown["unknown"]) == ("sending", 0, 0, 0)
    assert shown["pending"] + shown["in_flight"] == PEOPLE
    assert cancelled.returncode == 0, cancelled.stderr
    said = json.loads(cancelled.stdout)
    assert (said["status"], said["cancelled"], said["pending"], said["in_flight"]) == (
        "cancelled",
        PEOPLE,
        0,
        0,
    )
    assert not end.server.received


def test_the_ledgers_of_all_of_them_are_right(
    campaigns: dict[str, Callable[[], Ended]], installation: Installation
) -> None:
    for ended in campaigns.values():
        ended()

    answer = installation.clarion("check-ledger", "--json")

    assert answer.returncode == 0, answer.stdout
    assert len(json.loads(answer.stdout)["runs"]) >= len(SERVERS)


class TestDemo:
    """What the first start has made, on the same installation."""

    def campaigns(self, installation: Installation, *options: str) -> list[dict[str, Any]]:
        listed = installation.clarion("campaign", "list", "--workspace", "demo", "--json", *options)
        found: list[dict[str, Any]] = json.loads(listed.stdout)
        return found

    def test_its_first_campaign_was_really_sent(self, installation: Installation) -> None:
        (first,) = (one for one in self.campaigns(installation) if one["name"] == "Spring newsletter")

        told = installation.clarion("campaign", "show", first["campaign"], "--wait", "--json")

        assert told.returncode == 0, told.stderr
        sent = json.loads(told.stdout)
        assert sent["status"] == "completed"
        assert sent["total"] == sent["sent"] + sent["failed"] == 170

    def test_its_draft_can_be_started_paused_continued_and_stopped(self, installation: Installation) -> None:
        (draft,) = self.campaigns(installation, "--status", "draft")

        def does(verb: str, *options: str) -> dict[str, Any]:
            answer = installation.clarion("campaign", verb, draft["campaign"], "--json", *options)
            assert answer.returncode == 0, answer.stderr
            said: dict[str, Any] = json.loads(answer.stdout)
            return said

        started = does("start")
        paused = does("pause", "--wait")
        continued = does("continue")
        stopped = does("stop", "--wait")

        assert started["status"] in ("building", "sending")
        assert (paused["status"], paused["in_flight"]) == ("paused", 0)
        assert continued["status"] in ("building", "sending")
        assert (stopped["status"], stopped["pending"], stopped["in_flight"]) == ("stopped", 0, 0)
        ended = ("sent", "failed", "cancelled", "skipped")
        assert sum(stopped[name] for name in ended) == stopped["total"] == 60
