"""`clarion bounce` takes a delivery report about a mail of ours from standard input."""

from contextlib import nullcontext
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import settings

from clarion.audience.models import Suppression
from clarion.channels.email.composer import BOUNCE
from clarion.cli import bootstrap
from clarion.deliveries.models import Delivery, Run, RunStep
from clarion.deliveries.states import Result, Stage
from clarion.lib import keys, tokens
from clarion.runtime import receipts
from tests import imap
from tests.integration.cli.running import clarion
from tests.runs import make_run

pytestmark = pytest.mark.django_db


def report(token: str) -> bytes:
    """Return a failure report of a mail server about the message with that token."""
    parts = [
        ("text/plain", "I'm sorry to have to inform you that your message could not be delivered."),
        (
            "message/delivery-status",
            "Reporting-MTA: dns; mx.example.test\r\n\r\nFinal-Recipient: rfc822; person1@example.test\r\n"
            "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n",
        ),
        ("text/rfc822-headers", f"Message-ID: <{token}@example.test>\r\nSubject: News\r\n"),
    ]
    lines = [
        f"To: bounce+{token}@example.test",
        "From: MAILER-DAEMON@mx.example.test",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "MIME-Version: 1.0",
        "",
    ]
    for kind, body in parts:
        lines += ["--b", f"Content-Type: {kind}", "", body]
    return "\r\n".join([*lines, "--b--", ""]).encode()


def test_a_report_is_kept_and_its_address_suppressed() -> None:
    made = make_run(count=2, channel="email")
    Delivery.objects.filter(run_id=made.run.pk).update(stage=Stage.SENT, attempts=1)
    Run.objects.filter(pk=made.run.pk).update(pending=0, sent=2)
    token = tokens.make(BOUNCE, keys.derive(settings.SECRET_KEY, keys.TOKENS), made.run.pk, 16)

    assert receipts.take_mail(report(token)) == 1

    assert Delivery.objects.get(run_id=made.run.pk, id=16).result == Result.BOUNCED
    assert RunStep.objects.get(run=made.run).bounced == 1
    assert [s.address for s in Suppression.objects.all()] == ["person1@example.test"]


def test_a_forged_report_and_an_ordinary_mail_change_nothing() -> None:
    made = make_run(count=1, channel="email")
    Delivery.objects.filter(run_id=made.run.pk).update(stage=Stage.SENT, attempts=1)
    letter = EmailMessage()
    letter["Subject"] = "Hello"
    letter.set_content("Just a letter.")

    assert receipts.take_mail(report(f"{made.run.pk}.16.{'0' * 20}")) == 0
    assert receipts.take_mail(letter.as_bytes()) == 0

    assert Delivery.objects.get(run_id=made.run.pk, id=16).result is None


def test_a_mailbox_is_read_by_the_command_and_its_reports_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_run(count=2, channel="email")
    Delivery.objects.filter(run_id=made.run.pk).update(stage=Stage.SENT, attempts=1)
    Run.objects.filter(pk=made.run.pk).update(pending=0, sent=2)
    token = tokens.make(BOUNCE, keys.derive(settings.SECRET_KEY, keys.TOKENS), made.run.pk, 32)
    (tmp_path / "password").write_text("s3cret\n")
    monkeypatch.setattr(bootstrap, "database", nullcontext)

    with imap.Server([b"Subject: Hello\r\n\r\nJust a letter.", report(token)]).running() as far:
        place = f"imap://bounce@127.0.0.1:{far.port}/Returned"
        told = clarion("bounce", "--mailbox", place, "--password-file", tmp_path / "password", "--delete")
        without = clarion("bounce", "--mailbox", place)

    assert (told.exit_code, told.stderr) == (0, "2 mails, 1 receipt\n")
    assert far.deleted == {1, 2}
    assert Delivery.objects.get(run_id=made.run.pk, id=32).result == Result.BOUNCED
    assert (without.exit_code, "--password-file" in without.stderr) == (1, True)
