"""Returned mails become events about the right delivery, and forged ones about none."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.channels.base import HookItem, HookRequest
from clarion.channels.email.composer import BOUNCE
from clarion.channels.email.receipts import kind_of, parse
from clarion.channels.email.tests.making import KEY
from clarion.channels.events import ReceiptKind
from clarion.channels.testing_receipts import ParserContract, Payload
from clarion.lib import tokens

TOKEN = tokens.make(BOUNCE, KEY, 7, 42)


def make_dsn(
    *,
    to: str = "postmaster@example.test",
    action: str = "failed",
    status: str = "5.1.1",
    envelope_id: str = "",
    message_id: str = "",
    returned: str = "text/rfc822-headers",
) -> bytes:
    """Return a notification as Postfix writes one."""
    lines = [
        "From: MAILER-DAEMON@mx.example.test (Mail Delivery System)",
        f"To: {to}",
        "Subject: Undelivered Mail Returned to Sender",
        "Date: Sat, 21 Nov 2026 18:00:00 +0100",
        "Message-Id: <20261121170000.4fXyz@mx.example.test>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "I'm sorry to have to inform you that your message could not be delivered.",
        "",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example.test",
        *([f"Original-Envelope-Id: {envelope_id}"] if envelope_id else []),
        "X-Postfix-Queue-ID: 4fXyz",
        "",
        "Final-Recipient: rfc822; ana@example.test",
        "Original-Recipient: rfc822;ana@example.test",
        f"Action: {action}",
        f"Status: {status}",
        "Remote-MTA: dns; mx.far.test",
        "Diagnostic-Code: smtp; 550 5.1.1 <ana@example.test>: Recipient address",
        "    rejected: User unknown",
        "",
        "--b",
        f"Content-Type: {returned}",
        "",
        "From: shop@example.test",
        *([f"Message-ID: <{message_id}>"] if message_id else []),
        "Subject: Hello",
        "",
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()


def make_complaint(*, kind: str = "abuse", message_id: str = "", mail_from: str = "") -> bytes:
    """Return a complaint as RFC 5965 has it."""
    lines = [
        "From: feedback@far.test",
        "To: abuse@example.test",
        "Date: Sat, 21 Nov 2026 17:00:00 +0000",
        "Message-ID: <c1@far.test>",
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
        "MIME-Version: 1.0",
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "This is an abuse report.",
        "--b",
        "Content-Type: message/feedback-report",
        "",
        f"Feedback-Type: {kind}",
        "User-Agent: FarMail/1",
        "Version: 1",
        f"Original-Mail-From: <{mail_from}>",
        "Original-Rcpt-To: <ana@example.test>",
        "--b",
        "Content-Type: message/rfc822",
        "",
        "From: shop@example.test",
        f"Message-ID: <{message_id}>",
        "",
        "Hello",
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()


class TestBounces:
    @pytest.mark.parametrize(
        ("dsn", "envelope_to"),
        [
            (make_dsn(), f"bounce+{TOKEN}@example.test"),
            (make_dsn(), f"bounce+{TOKEN.upper()}@EXAMPLE.TEST"),
            (make_dsn(to=f"<bounce+{TOKEN}@example.test>"), ""),
            (make_dsn(envelope_id=TOKEN), ""),
            (make_dsn(message_id=f"{TOKEN}@example.test"), ""),
            (make_dsn(message_id=f"{TOKEN}@example.test", returned="message/rfc822"), ""),
        ],
        ids=["envelope", "folded case", "To", "envelope id", "returned header", "returned message"],
    )
    def test_a_hard_bounce_finds_its_delivery(self, dsn: bytes, envelope_to: str) -> None:
        (event,) = parse(dsn, key=KEY, envelope_to=envelope_to)

        assert (event.run_id, event.delivery_id) == (7, 42)
        assert (event.kind, event.code) == (ReceiptKind.BOUNCED_HARD, "5.1.1")
        assert event.address == "ana@example.test"
        assert event.detail.endswith("Recipient address rejected: User unknown")
        assert event.occurred_at == datetime(2026, 11, 21, 17, tzinfo=UTC)
        assert event.raw["remote_mta"] == "dns; mx.far.test"

    def test_the_same_report_again_has_the_same_id_and_another_has_not(self) -> None:
        (first,) = parse(make_dsn(), key=KEY)
        (again,) = parse(make_dsn(), key=KEY)
        (other,) = parse(make_dsn(action="delayed", status="4.4.1"), key=KEY)

        assert first.event_id == again.event_id != ""
        assert other.event_id != first.event_id

    def test_a_forged_token_leads_nowhere(self) -> None:
        forged = tokens.make(BOUNCE, b"another key", 7, 42)

        (event,) = parse(
            make_dsn(message_id=f"{forged}@x"), key=KEY, envelope_to=f"bounce+{forged}@example.test"
        )

        assert (event.run_id, event.delivery_id) == (None, None)

    @pytest.mark.parametrize(
        ("action", "status", "kind"),
        [
            ("failed", "5.1.1", ReceiptKind.BOUNCED_HARD),
            ("failed", "5.1.2", ReceiptKind.BOUNCED_HARD),
            ("failed", "5.2.1", ReceiptKind.BOUNCED_HARD),
            ("failed", "5.0.0", ReceiptKind.BOUNCED_HARD),
            ("failed", "5.4.4", ReceiptKind.BOUNCED_HARD),
            ("failed", "5.2.2", ReceiptKind.BOUNCED_SOFT),
            ("failed", "5.3.4", ReceiptKind.BOUNCED_SOFT),
            ("failed", "5.7.1", ReceiptKind.BOUNCED_SOFT),
            ("failed", "4.4.7", ReceiptKind.BOUNCED_SOFT),
            ("failed", "", ReceiptKind.BOUNCED_SOFT),
            ("delayed", "4.4.1", ReceiptKind.DELAYED),
            ("delivered", "2.0.0", ReceiptKind.DELIVERED),
            ("relayed", "2.0.0", ReceiptKind.DELIVERED),
            ("teleported", "2.0.0", ReceiptKind.UNKNOWN),
        ],
    )
    def test_action_and_status_decide_the_kind(self, action: str, status: str, kind: ReceiptKind) -> None:
        assert kind_of(action, status) is kind
        (event,) = parse(make_dsn(action=action, status=status), key=KEY)
        assert event.kind is kind


class TestComplaints:
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("abuse", ReceiptKind.COMPLAINT),
            ("fraud", ReceiptKind.COMPLAINT),
            ("opt-out", ReceiptKind.UNSUBSCRIBED),
            ("not-spam", ReceiptKind.UNKNOWN),
        ],
    )
    def test_a_complaint_finds_its_delivery(self, kind: str, expected: ReceiptKind) -> None:
        (by_id,) = parse(make_complaint(kind=kind, message_id=f"{TOKEN}@example.test"), key=KEY)
        (by_path,) = parse(make_complaint(kind=kind, mail_from=f"bounce+{TOKEN}@example.test"), key=KEY)

        for event in (by_id, by_path):
            assert (event.run_id, event.delivery_id) == (7, 42)
            assert (event.kind, event.code) == (expected, kind)
            assert event.address == "ana@example.test"


class TestAnythingElse:
    @pytest.mark.parametrize(
        "octets",
        [
            b"",
            b"Subject: I am on holiday\r\n\r\nBack soon",
            b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nno parts",
            b'Content-Type: multipart/report; report-type=odd; boundary="b"\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n',
        ],
    )
    def test_other_mail_gives_no_events(self, octets: bytes) -> None:
        assert parse(octets, key=KEY) == []

    @given(junk=st.binary(max_size=400), place=st.integers(0, 1500))
    def test_a_damaged_report_does_no_harm(self, junk: bytes, place: int) -> None:
        dsn = make_dsn(message_id=f"{TOKEN}@example.test")

        for event in parse(dsn[:place] + junk + dsn[place + len(junk) :], key=KEY):
            assert event.run_id in (None, 7)
            assert len(event.detail) <= 200


class TestContract(ParserContract):
    def payloads(self) -> list[Payload]:
        def told(kind: ReceiptKind, code: str, **facts: str) -> Payload:
            mail = make_dsn(envelope_id=TOKEN, **facts)
            events = [{"kind": kind, "code": code, "run_id": 7, "delivery_id": 42}]
            return Payload(request=HookRequest(method="mail", body=mail), events=events)

        return [
            told(ReceiptKind.BOUNCED_HARD, "5.1.1"),
            told(ReceiptKind.BOUNCED_SOFT, "5.2.2", status="5.2.2"),
            told(ReceiptKind.DELAYED, "4.4.1", action="delayed", status="4.4.1"),
            told(ReceiptKind.DELIVERED, "2.0.0", action="delivered", status="2.0.0"),
            told(ReceiptKind.UNKNOWN, "5.0.0", action="vanished", status="5.0.0"),
        ]

    def read(self, request: HookRequest) -> list[HookItem]:
        return list(parse(request.body, key=KEY))
