"""Mail through real servers: smtp-sink, and a private Postfix with a real bounce."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from clarion.channels.email import CHANNEL, receipts
from clarion.channels.email.tests.making import KEY, make_claim, make_composer, make_config, make_transport
from clarion.channels.email.tests.server import Server
from clarion.channels.events import ReceiptKind
from clarion.channels.testing import HandOvers
from clarion.engine.outcomes import Accepted, Deferred, Reason, Refused, Scope
from clarion.lib.mailbox import Mailbox, MailboxUnreadable
from tests.servers import mail

pytestmark = [pytest.mark.server, pytest.mark.anyio]


class TestSmtpSink:
    async def test_a_thousand_mails_go_over_ten_connections(self) -> None:
        composer = make_composer()
        with mail.smtp_sink() as port:
            transport = make_transport(port)
            outcomes = await asyncio.gather(
                *(
                    transport.send(composer.compose(make_claim(delivery_id=number)), HandOvers())
                    for number in range(1000)
                )
            )
            await transport.aclose()

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)

    @pytest.mark.parametrize(
        ("options", "kind", "reason"),
        [
            (("-f", "RCPT", "-B", "552 5.2.2 mailbox full"), Refused, Reason.MAILBOX_FULL),
            (("-r", "RCPT"), Deferred, Reason.PROVIDER_BUSY),
            (("-r", "."), Deferred, Reason.PROVIDER_BUSY),
            (("-p",), Accepted, None),
            (("-e",), Accepted, None),
            (("-8",), Accepted, None),
        ],
        ids=["hard", "soft", "soft after the dot", "no PIPELINING", "no ESMTP", "no 8BITMIME"],
    )
    async def test_its_answers_are_understood(
        self, options: tuple[str, ...], kind: type, reason: Reason | None
    ) -> None:
        with mail.smtp_sink(*options) as port:
            transport = make_transport(port)
            outcome = await transport.send(make_composer().compose(make_claim()), HandOvers())
            await transport.aclose()

        assert isinstance(outcome, kind)
        assert getattr(outcome, "reason", None) is reason


class TestPostfix:
    async def test_a_bounce_comes_back_to_its_delivery(self) -> None:
        config = make_config(verp=True, verp_domain="bounces.example.test", dsn=True)
        async with Server().running() as mailbox:
            with mail.smtp_sink("-f", "RCPT", "-B", "550 5.1.1 no such user") as far:
                maps = f"{{bounces.example.test = smtp:[127.0.0.1]:{mailbox.port}}}"
                settings = {
                    "relayhost": f"[127.0.0.1]:{far}",
                    "transport_maps": f"inline:{{ {maps} }}",
                }
                with mail.postfix(settings=settings) as port:
                    transport = make_transport(port, verp=True, verp_domain="bounces.example.test", dsn=True)
                    message = make_composer(settings=config).compose(make_claim())
                    outcome = await transport.send(message, HandOvers())
                    async with asyncio.timeout(30):
                        while not mailbox.received:
                            await asyncio.sleep(0.05)
                    await transport.aclose()

        assert isinstance(outcome, Accepted)
        assert outcome.provider_id
        (returned,) = mailbox.received
        for envelope_to in (returned.recipients[0], ""):  # by the return path, and by what the report holds
            (event,) = receipts.parse(returned.octets, key=KEY, envelope_to=envelope_to)
            assert (event.run_id, event.delivery_id) == (7, 42)
            assert (event.kind, event.code) == (ReceiptKind.BOUNCED_HARD, "5.1.1")
            assert event.address == "ana@example.test"

    async def test_a_bounce_is_read_out_of_its_mailbox_once(self) -> None:
        config = make_config(verp=True, verp_domain="bounces.example.test", dsn=True)
        returned: list[bytes] = []

        def take(octets: bytes) -> int:
            returned.append(octets)
            return len(receipts.parse(octets, key=KEY))

        with (
            mail.dovecot() as boxes,
            mail.smtp_sink("-f", "RCPT", "-B", "550 5.1.1 no such user") as far,
        ):
            maps = f"{{bounces.example.test = lmtp:[127.0.0.1]:{boxes.lmtp}}}"
            settings = {"relayhost": f"[127.0.0.1]:{far}", "transport_maps": f"inline:{{ {maps} }}"}
            place = Mailbox.of(f"imap://bounce%40bounces.example.test@127.0.0.1:{boxes.imap}")
            with mail.postfix(settings=settings) as port:
                transport = make_transport(port, verp=True, verp_domain="bounces.example.test", dsn=True)
                composer = make_composer(settings=config)
                for number in (42, 43):
                    await transport.send(composer.compose(make_claim(delivery_id=number)), HandOvers())
                await transport.aclose()
                counts = [0, 0]
                async with asyncio.timeout(mail.START_SECONDS):
                    while counts[0] < 2:
                        found = await asyncio.to_thread(place.read, boxes.password, take)
                        counts = [counts[0] + found[0], counts[1] + found[1]]
                        await asyncio.sleep(0.05)
            again = place.read(boxes.password, take)
            with pytest.raises(MailboxUnreadable, match="refused to let us in"):
                place.read("another", take)
            with pytest.raises(MailboxUnreadable, match="cannot be read"):
                replace(place, folder="Nowhere").read(boxes.password, take)

        assert counts == [2, 2]
        assert again == (0, 0)
        events = [event for octets in returned for event in receipts.parse(octets, key=KEY)]
        assert sorted((one.run_id, one.delivery_id) for one in events) == [(7, 42), (7, 43)]
        assert {(one.kind, one.code) for one in events} == {(ReceiptKind.BOUNCED_HARD, "5.1.1")}

    async def test_an_unknown_user_is_refused_at_once(self) -> None:
        settings = {
            "mydestination": "example.test",
            "local_recipient_maps": "inline:{ {bob = x} }",
            "local_transport": "discard:",
        }
        with mail.postfix(settings=settings) as port:
            transport = make_transport(port)
            composer = make_composer()
            unknown = await transport.send(composer.compose(make_claim()), HandOvers())
            known = await transport.send(
                composer.compose(make_claim(address="bob@example.test")), HandOvers()
            )
            await transport.aclose()

        assert isinstance(unknown, Refused)
        assert (unknown.reason, unknown.scope) == (Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT)
        assert isinstance(known, Accepted)

    async def test_an_encrypted_connection_is_made_and_described(self, tmp_path: Path) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        tmp_path.chmod(0o755)
        for name, blob in (
            ("key.pem", certificate.private_key_pem),
            ("cert.pem", certificate.cert_chain_pems[0]),
            ("ca.pem", authority.cert_pem),
        ):
            blob.write_to_path(tmp_path / name)
        settings = {
            "smtpd_tls_security_level": "may",
            "smtpd_tls_key_file": str(tmp_path / "key.pem"),
            "smtpd_tls_cert_file": str(tmp_path / "cert.pem"),
            "transport_maps": "inline:{ {example.test = discard:} }",
        }
        with mail.postfix(settings=settings) as port:
            config = {
                "host": "127.0.0.1",
                "port": port,
                "security": "starttls",
                "ca_file": str(tmp_path / "ca.pem"),
                "from_address": "shop@example.test",
            }
            result = await CHANNEL.check_credentials(CHANNEL.check_config(config))
            transport = CHANNEL.transport(CHANNEL.check_config(config))
            outcomes = [
                await transport.send(make_composer().compose(make_claim()), HandOvers()) for _ in range(3)
            ]
            await transport.aclose()

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert result.ok
        steps = dict(result.lines)
        assert steps["STARTTLS"].startswith("TLSv1.3, certificate valid until ")
        assert list(steps) == ["resolve", "connect", "EHLO", "STARTTLS", "AUTH"]
