"""Promises of the transport beyond the contract, against a server that misbehaves."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from clarion.channels.sms import CHANNEL, pdu, replies
from clarion.channels.sms import transport as transports
from clarion.channels.sms.client import open_session
from clarion.channels.sms.config import Config
from clarion.channels.sms.errors import SessionUnusable
from clarion.channels.sms.pdu import Command, Tlv
from clarion.channels.sms.tests import server
from clarion.channels.sms.tests.making import make_config, make_message, make_transport
from clarion.channels.sms.tests.server import PASSWORD, SYSTEM_ID, Server
from clarion.channels.sms.transport import Transport
from clarion.channels.testing import PATIENCE_SECONDS, HandOvers, until
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

pytestmark = pytest.mark.anyio

LONG = "0123456789" * 40  # 400 septets: three parts


async def send(
    transport: Transport, address: str = "+4915112345670", text: str = "Hello", **changes: Any
) -> Outcome:
    message = make_message(address, text, **changes)
    return await asyncio.wait_for(transport.send(message, HandOvers()), PATIENCE_SECONDS)


def ending(digit: str) -> str:
    return f"+491511234567{digit}"


class TestOutcomes:
    @pytest.mark.parametrize(
        ("digit", "kind", "reason"),
        [
            (server.THROTTLES, Deferred, Reason.THROTTLED),
            (server.FULL, Deferred, Reason.PROVIDER_BUSY),
            (server.UNKNOWN_NUMBER, Refused, Reason.ADDRESS_INVALID),
            (server.DROPS, Unknown, Reason.CONNECTION_LOST),
            (server.GARBAGE, Unknown, Reason.CONNECTION_LOST),
            (server.UNBINDS, Unknown, Reason.CONNECTION_LOST),
            (server.NACKS, Refused, Reason.REJECTED),
            (server.HANGS, Unknown, Reason.TIMED_OUT),
        ],
    )
    async def test_what_the_server_does_becomes_an_outcome_and_the_next_message_goes(
        self, digit: str, kind: type, reason: Reason
    ) -> None:
        async with Server().running() as far:
            patience = {"response_timeout": 1.0} if digit == server.HANGS else {}
            transport = make_transport(far.port, **patience)
            outcome = await send(transport, ending(digit))
            after = await send(transport)
            await transport.aclose()

        assert isinstance(outcome, kind)
        assert getattr(outcome, "reason", None) is reason
        assert isinstance(after, Accepted)

    async def test_throttling_costs_no_attempt_and_is_waited_for(self) -> None:
        async with Server().running() as far:
            transport = make_transport(far.port)
            outcome = await send(transport, ending(server.THROTTLES))
            await transport.aclose()

        assert isinstance(outcome, Deferred)
        assert (outcome.scope, outcome.after, outcome.code) == (Scope.PROVIDER, 1.0, "0x58 RTHROTTLED")

    @pytest.mark.parametrize(("state", "most"), [(90, 1000.0), (100, 5000.0)])
    async def test_a_congested_centre_is_given_time_and_what_it_took_is_accepted(
        self, state: int, most: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A thousand times as long, as a busy machine may take seconds for a line.
        longer = tuple((least, seconds * 1000) for least, seconds in replies.CONGESTED_SECONDS)
        monkeypatch.setattr(transports, "CONGESTED_SECONDS", longer)
        async with Server(congestion=state).running() as far:
            transport = make_transport(far.port)
            taken = await send(transport)
            outcome = await send(transport)
            transport._congested_until -= most + 1  # the loop counts in milliseconds
            after = await send(transport)
            await transport.aclose()

        assert isinstance(taken, Accepted)
        assert taken.provider_id == "id-1"
        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.THROTTLED, Scope.PROVIDER)
        assert outcome.after is not None
        assert most / 2 < round(outcome.after, 6) <= most
        assert str(state) in outcome.detail
        assert isinstance(after, Accepted)

    async def test_a_congested_centre_is_given_time_when_it_refuses_too(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transports, "CONGESTED_SECONDS", ((100, 5000.0),))
        async with Server(congestion=100, statuses=[0x14]).running() as far:
            transport = make_transport(far.port)
            full = await send(transport)
            outcome = await send(transport)
            await transport.aclose()

        assert isinstance(full, Deferred)
        assert full.scope is Scope.MESSAGE
        assert isinstance(outcome, Deferred)
        assert outcome.scope is Scope.PROVIDER
        assert outcome.after is not None
        assert outcome.after > 1000
        assert far.received == []

    @pytest.mark.parametrize(
        ("explanation", "detail"),
        [(b"No route\x07 to +49", "No route to +49"), (b"", ""), (b"x" * 256, "x" * 200)],
    )
    async def test_a_refusal_is_kept_in_the_centres_own_words(self, explanation: bytes, detail: str) -> None:
        async with Server(explanation=explanation, statuses=[0x103]).running() as far:
            transport = make_transport(far.port)
            outcome = await send(transport)
            await transport.aclose()

        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.scope) == (Reason.SENDER_UNUSABLE, Scope.SENDER)
        assert (outcome.code, outcome.detail) == ("0x103 RSERTYPDENIED", detail)

    async def test_a_centre_that_is_not_congested_is_not_waited_for(self) -> None:
        async with Server(congestion=89).running() as far:
            transport = make_transport(far.port)
            outcomes = [await send(transport) for _ in range(3)]
            await transport.aclose()

        assert {type(one) for one in outcomes} == {Accepted}

    async def test_nobody_listening_is_the_providers_and_nothing_is_handed_over(self) -> None:
        async with Server().running() as far:
            port = far.port
        transport, hand_over = make_transport(port), HandOvers()

        outcome = await transport.send(make_message(), hand_over)

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope, hand_over.count) == (
            Reason.CONNECTION_FAILED,
            Scope.PROVIDER,
            0,
        )

    @pytest.mark.parametrize(
        ("status", "kind", "reason"),
        [
            (0x0D, Refused, Reason.CREDENTIALS_REFUSED),
            (0x05, Deferred, Reason.PROVIDER_BUSY),
            (0x58, Deferred, Reason.THROTTLED),
            (0x08, Deferred, Reason.PROVIDER_DOWN),
        ],
    )
    async def test_a_refused_bind_is_the_senders_or_waits(
        self, status: int, kind: type, reason: Reason
    ) -> None:
        async with Server(bind_status=status).running() as far:
            transport = make_transport(far.port)
            outcomes = await asyncio.gather(*(send(transport) for _ in range(5)))
            await transport.aclose()

        assert {(type(one), getattr(one, "reason", None)) for one in outcomes} == {(kind, reason)}

    @pytest.mark.parametrize(
        ("changes", "seconds", "reason"),
        [
            ({"greeting": b"220 mail.example.test ESMTP\r\n"}, 30.0, Reason.PROTOCOL_ERROR),
            ({"answers_binds": False}, 0.3, Reason.TIMED_OUT),
        ],
        ids=["another protocol", "silence"],
    )
    async def test_a_server_that_is_none_puts_off(
        self, changes: dict[str, Any], seconds: float, reason: Reason
    ) -> None:
        async with Server(**changes).running() as far:
            transport = make_transport(far.port, response_timeout=seconds)
            outcome = await send(transport)
            await transport.aclose()

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (reason, Scope.PROVIDER)


class TestLongMessages:
    async def test_parts_carry_a_header_with_one_reference_and_their_numbers(self) -> None:
        async with Server().running() as far:
            transport = make_transport(far.port)
            outcome = await send(transport, text=LONG)
            await transport.aclose()

        assert outcome == Accepted(provider_id="id-1", code="0x00 ROK")
        assert [one.text[:6] for one in far.received] == [bytes((5, 0, 3, 7, 3, n)) for n in (1, 2, 3)]
        assert b"".join(one.text[6:] for one in far.received) == LONG.encode()
        assert {one.esm_class for one in far.received} == {0x40}

    async def test_parts_may_be_joined_by_parameters(self) -> None:
        async with Server().running() as far:
            transport = make_transport(far.port)
            await send(transport, text=LONG, long_messages="sar")
            await transport.aclose()

        assert [
            (one.tlvs[Tlv.SAR_MSG_REF_NUM], one.tlvs[Tlv.SAR_TOTAL_SEGMENTS]) for one in far.received
        ] == [(b"\0\7", b"\3")] * 3
        assert [one.tlvs[Tlv.SAR_SEGMENT_SEQNUM] for one in far.received] == [b"\1", b"\2", b"\3"]
        assert b"".join(one.text for one in far.received) == LONG.encode()

    async def test_a_payload_goes_whole(self) -> None:
        async with Server().running() as far:
            transport = make_transport(far.port)
            await send(transport, text="я" * 100, long_messages="payload")
            await transport.aclose()

        (one,) = far.received
        assert (one.text, one.data_coding) == (b"", 8)
        assert one.tlvs[Tlv.MESSAGE_PAYLOAD].decode("utf-16-be") == "я" * 100

    async def test_a_refused_first_part_takes_the_others_along(self) -> None:
        async with Server(statuses=[0x0B]).running() as far:
            transport = make_transport(far.port)
            outcome = await send(transport, text=LONG)
            await transport.aclose()

        assert isinstance(outcome, Refused)
        assert not far.received

    async def test_a_later_part_that_is_throttled_is_handed_over_again(self) -> None:
        async with Server(statuses=[0, 0x58, 0]).running() as far:
            transport, hand_over = make_transport(far.port), HandOvers()
            outcome = await transport.send(make_message(text=LONG), hand_over)
            await transport.aclose()

        assert isinstance(outcome, Accepted)
        assert sorted(one.text[5] for one in far.received) == [1, 2, 3]
        assert hand_over.count == 1

    async def test_half_a_message_is_unknown_and_says_how_much_was_taken(self) -> None:
        async with Server(statuses=[0, 0, 0x65]).running() as far:
            transport = make_transport(far.port)
            outcome = await send(transport, text=LONG)
            await transport.aclose()

        assert isinstance(outcome, Unknown)
        assert (outcome.reason, outcome.detail) == (Reason.MESSAGE_REFUSED, "2 of 3 parts were taken")


class TestSessions:
    async def test_no_more_messages_than_the_window_are_without_an_answer(self) -> None:
        async with Server().running() as far:
            transport = make_transport(far.port, window=3, response_timeout=1.0)
            sending = [asyncio.create_task(send(transport, ending(server.HANGS))) for _ in range(5)]
            await until(lambda: len(far.received) == 3)
            await asyncio.sleep(0.1)
            held = len(far.received)
            outcomes = await asyncio.gather(*sending)
            await transport.aclose()

        assert held == 3
        assert len(far.received) == 5
        assert {getattr(one, "reason", None) for one in outcomes} == {Reason.TIMED_OUT}

    async def test_several_sessions_are_opened_and_a_limit_of_the_provider_is_made_do_with(self) -> None:
        async with Server(most_sessions=2).running() as far:
            transport = make_transport(far.port, connections=3, window=5)
            outcomes = await asyncio.gather(*(send(transport) for _ in range(60)))
            await transport.aclose()

        assert all(isinstance(one, Accepted) for one in outcomes)
        assert len(far.binds) == 2
        assert transport.concurrency == 15

    async def test_a_session_that_broke_while_idle_is_replaced(self) -> None:
        async with Server().running() as far:
            transport = make_transport(far.port)
            await send(transport)
            far.writers[-1].transport.abort()
            await until(lambda: not transport._sessions)
            outcome = await send(transport)
            await transport.aclose()

        assert isinstance(outcome, Accepted)
        assert len(far.binds) == 2

    async def test_silence_is_tested_and_a_dead_link_is_given_up(self) -> None:
        async with Server().running() as far:
            transport = make_transport(far.port, enquire_seconds=0.1, response_timeout=1.0)
            await send(transport)
            await until(lambda: far.enquiries >= 2)
            far.is_silent = True
            await until(lambda: not transport._sessions)
            far.is_silent = False
            outcome = await send(transport)
            await transport.aclose()

        assert isinstance(outcome, Accepted)

    async def test_requests_of_the_server_are_answered_at_once(self) -> None:
        async with Server().running() as far:
            transport = make_transport(far.port, bind="transceiver")
            await send(transport)
            far.ask(Command.ENQUIRE_LINK)
            far.ask(Command.DELIVER_SM, pdu.short_message_body(pdu.ShortMessage(text=b"STOP")))
            far.ask(Command.DATA_SM)
            far.ask(0x00000099)
            await until(lambda: len(far.answers) == 4)
            await transport.aclose()

        assert [(one.command, one.status) for one in far.answers] == [
            (Command.ENQUIRE_LINK_RESP, 0), (Command.DELIVER_SM_RESP, 0x64), (Command.DATA_SM_RESP, 0x64),
            (Command.GENERIC_NACK, 0x03),
        ]  # fmt: skip
        assert far.binds == [Command.BIND_TRANSCEIVER]

    async def test_what_is_delivered_is_kept_when_somebody_takes_it(self) -> None:
        kept: list[bytes] = []

        def keep(command: Command, body: bytes, answer: Callable[[int], None]) -> None:
            kept.append(pdu.read_short_message(body).text)
            answer(0)

        async with Server().running() as far:
            session = await open_session(make_config(port=far.port), None, bind="receiver", on_deliver=keep)
            far.ask(Command.DELIVER_SM, pdu.short_message_body(pdu.ShortMessage(text=b"STOP")))
            far.ask(Command.DELIVER_SM, b"no string ends here")
            await until(lambda: len(far.answers) == 2)
            session.abort()

        assert kept == [b"STOP"]
        assert [one.status for one in far.answers] == [0, 0x02]
        assert far.binds == [Command.BIND_RECEIVER]

    async def test_closing_says_good_bye(self) -> None:
        async with Server().running() as far:
            transport = make_transport(far.port)
            await send(transport)
            await transport.aclose()
            outcome = await send(transport)

        assert far.unbinds == 1
        assert isinstance(outcome, Deferred)


class TestTls:
    async def test_the_certificate_must_be_valid(self, tmp_path: Path) -> None:
        authority = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        async with Server().running(context) as far:
            config = {
                "host": "127.0.0.1", "port": far.port, "security": "tls", "source": "Shop",
                "system_id": SYSTEM_ID.decode(), "password": PASSWORD.decode(),
            }  # fmt: skip
            strange = Transport(Config.of(CHANNEL.check_config(config)))
            refused = await send(strange)
            checked = CHANNEL.check_config(config | {"ca_file": str(tmp_path / "ca.pem")})
            result = await CHANNEL.check_credentials(checked)
            trusted = Transport(Config.of(checked))
            outcome = await send(trusted)
            await trusted.aclose()

        assert isinstance(refused, Deferred)
        assert refused.reason is Reason.TLS_FAILED
        assert isinstance(outcome, Accepted)
        assert result.ok
        assert [step for step, _ in result.lines] == ["connect", "TLS", "bind", "version"]
        assert dict(result.lines)["bind"] == "bound as transmitter to test"
        assert dict(result.lines)["version"] == "SMPP 3.4"


class TestChecking:
    async def test_bad_credentials_are_told(self) -> None:
        async with Server(password=b"another").running() as far:
            result = await CHANNEL.check_credentials(
                CHANNEL.check_config(
                    {
                        "host": "127.0.0.1",
                        "port": far.port,
                        "security": "none",
                        "system_id": "clarion",
                        "password": "x",
                    }
                )
            )
            with pytest.raises(SessionUnusable):
                await open_session(make_config(port=far.port), None)

        assert not result.ok
        assert result.problem == "The provider refused the sender's credentials. (0x0E RINVPASWD)"
