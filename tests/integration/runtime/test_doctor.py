"""The doctor says what it saw, and that it saw nothing when it could not look."""

import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.message
import dns.resolver
import dns.rrset
import pytest
import time_machine
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from clarion.channels.base import CheckResult
from clarion.deliveries.models import Worker
from clarion.runtime import doctor, mail_dns, sender_checks
from clarion.runtime.mail_dns import MailDomain
from clarion.senders.models import Sender
from tests.factories import make_workspace

RECORDS = {
    "good.example.": '"v=spf1 include:mail.example -all"',
    "_dmarc.good.example.": '"v=DMARC1; p=reject"',
    "s1._domainkey.good.example.": '"v=DKIM1; k=ed25519; " "p=AAAA"',
    "twice.example.": '"v=spf1 -all"\n"v=spf1 +all"',
}


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A name server on this machine that knows RECORDS."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                wire, peer = server.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(wire)
            answer = dns.message.make_response(query)
            name = str(query.question[0].name)
            if texts := RECORDS.get(name):
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts.splitlines()))
            server.sendto(answer.to_wire(), peer)

    threading.Thread(target=serve, daemon=True).start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = server.getsockname()[1]
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    yield server
    server.close()


def seen(domain: str, selector: str = "") -> dict[str, str]:
    """Return each record's verdict."""
    return {record.name: record.verdict for record in mail_dns.look_up(MailDomain(domain, selector))}


def test_a_well_kept_domain_is_good(name_server: socket.socket) -> None:
    assert seen("good.example", "s1") == {"SPF": "good", "DMARC": "good", "DKIM": "good"}


def test_missing_and_double_records_are_warned_of(name_server: socket.socket) -> None:
    assert seen("bare.example", "s1") == {"SPF": "warning", "DMARC": "warning", "DKIM": "warning"}
    assert seen("twice.example")["SPF"] == "warning"


def test_without_an_answer_it_says_that_it_could_not_look(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver.nameservers, resolver.port = ["127.0.0.1"], silent.getsockname()[1]
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
        monkeypatch.setattr(mail_dns, "LOOK_UP_SECONDS", 0.2)

        assert seen("good.example") == {"SPF": "unseen", "DMARC": "unseen"}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"from": "Shop <news@Shop.Example>"}, MailDomain("shop.example", "")),
        ({"from_address": "a@b.example", "dkim_selector": "s1"}, MailDomain("b.example", "s1")),
        ({"host": "mail.example"}, None),
    ],
)
def test_the_domain_comes_from_the_from_address(config: dict[str, str], expected: MailDomain | None) -> None:
    assert mail_dns.domain_of(config) == expected


@pytest.mark.django_db
def test_a_healthy_installation_has_nothing_bad() -> None:
    findings = list(doctor.examine())

    assert {"Disk", "Database", "Clock", "Migrations", "Workers"} <= {finding.subject for finding in findings}
    assert doctor.worst(findings) != doctor.Verdict.BAD


@pytest.mark.django_db
def test_each_senders_credentials_are_tried_and_one_that_fails_is_no_end() -> None:
    workspace = make_workspace()
    configs: dict[str, dict[str, Any]] = {
        "Works": {},
        "Nobody there": {"host": "127.0.0.1", "port": 1, "security": "none"},
    }
    for name, config in configs.items():
        channel = "email" if config else "sandbox"
        fields = {**config, "from_address": "shop@example.test"} if config else {}
        Sender.objects.create(workspace=workspace, channel=channel, name=name, config=fields)
    lost = Sender.objects.create(
        workspace=workspace, channel="sandbox", name="Lost", sealed=b"of another key"
    )
    Sender.objects.create(workspace=workspace, channel="sandbox", name="Off", status="PAUSED")

    found = {one.sender.name: one for one in sender_checks.check_all()}

    assert {name: one.verdict for name, one in found.items()} == {
        "Works": "good", "Nobody there": "warning", lost.name: "warning",
    }  # fmt: skip
    assert "another key" not in str(found)
    told = [finding for finding in doctor.examine() if finding.subject.startswith("Sender ")]
    assert [finding.verdict for finding in told].count("warning") == 2
    assert doctor.worst(told) == doctor.Verdict.WARNING


@pytest.mark.django_db
def test_a_provider_that_does_not_answer_in_time_is_called_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    monkeypatch.setattr(
        sender_checks.testing, "check_config", lambda *_: answers.wait(60) and CheckResult(ok=True)
    )
    Sender.objects.create(workspace=make_workspace(), channel="sandbox", name="Slow")

    try:
        assert [one.verdict for one in sender_checks.check_all(seconds=0.05)] == ["unseen"]
    finally:
        answers.set()


def finding(subject: str) -> doctor.Finding:
    return next(one for one in doctor.examine() if one.subject == subject)


@pytest.mark.django_db
class TestWhatIsWrong:
    """Each is named with its cure."""

    def test_a_clock_that_is_apart(self) -> None:
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
            found = finding("Clock")

        assert (found.verdict, "NTP" in found.cure) == (doctor.Verdict.BAD, True)
        assert float(found.seen.split()[0]) == pytest.approx(60, abs=5)

    def test_tables_of_another_version(self) -> None:
        MigrationRecorder.Migration.objects.filter(app="webhooks", name="0001_initial").delete()

        found = finding("Migrations")

        assert (found.verdict, found.seen, found.cure) == (
            doctor.Verdict.BAD, "1 not applied", "Run clarion migrate.",
        )  # fmt: skip

    def test_a_disk_that_is_nearly_full(self, monkeypatch: pytest.MonkeyPatch) -> None:
        usage = shutil._ntuple_diskusage(100 * 1024**3, 99.5 * 1024**3, 1024**3 // 2)  # type: ignore[attr-defined]
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)

        found = finding("Disk")

        assert (found.verdict, found.seen.startswith("512 MB free of 100 GB")) == (
            doctor.Verdict.WARNING,
            True,
        )

    def test_no_sending_process(self) -> None:
        assert finding("Workers").verdict == doctor.Verdict.WARNING
        Worker.objects.create(name="w", host="h", pid=1)
        assert finding("Workers").verdict == doctor.Verdict.GOOD

    def test_a_server_that_is_too_old(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(doctor, "OLDEST_SERVER", 990_000)

        assert finding("Database").verdict == doctor.Verdict.BAD

    def test_a_database_that_does_not_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails() -> None:
            raise OperationalError("connection refused\nis it running?")

        monkeypatch.setattr(connection, "ensure_connection", fails)

        found = list(doctor.examine())[-1]

        assert (found.subject, found.verdict, found.seen) == (
            "Database",
            doctor.Verdict.BAD,
            "connection refused",
        )
