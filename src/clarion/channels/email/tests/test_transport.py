"""The SMTP client against servers that behave, and that know more or less of the protocol."""

import asyncio

import pytest

from clarion.channels.email.tests.making import make_message, make_transport
from clarion.channels.email.tests.sending import send_to, without
from clarion.channels.email.tests.server import DROP, HANG, Server
from clarion.channels.testing import PATIENCE_SECONDS, HandOvers, until
from clarion.engine.outcomes import Accepted, Deferred, Reason, Refused, Scope, Unknown

pytestmark = pytest.mark.anyio


class TestAcceptance:
    async def test_a_message_arrives_whole_and_its_queue_id_is_kept(self) -> None:
        outcome, server, _ = await send_to()

        assert outcome == Accepted(provider_id="4fXyz12345", code="250 2.0.0")
        (received,) = server.received
        assert received.sender == "shop@example.test"
        assert received.recipients == ["ana@example.test"]
        assert b"Subject: Hello Ana\r\n" in received.octets
        assert "BODY=8BITMIME" in received.mail_line
        assert f"SIZE={len(received.octets) + 3}" in received.mail_line

    async def test_connections_are_reused(self) -> None:
        async with Server().running() as server:
            transport = make_transport(server.port)
            for _ in range(5):
                assert isinstance(await transport.send(make_message(), HandOvers()), Accepted)
            await transport.aclose()

        assert server.connections == 1
        assert server.commands().count("EHLO") == 1
        assert server.commands()[-1] == "QUIT"

    async def test_no_more_connections_are_opened_than_configured(self) -> None:
        async with Server().running() as server:
            transport = make_transport(server.port, connections=3)
            outcomes = await asyncio.gather(*(transport.send(make_message(), HandOvers()) for _ in range(30)))
            await transport.aclose()

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert server.connections == 3
        assert len(server.received) == 30

    async def test_a_connection_is_replaced_after_its_share_of_messages(self) -> None:
        async with Server().running() as server:
            transport = make_transport(server.port, connections=1, messages_per_connection=2)
            for _ in range(5):
                assert isinstance(await transport.send(make_message(), HandOvers()), Accepted)
            await transport.aclose()

        assert server.connections == 3

    async def test_an_idle_connection_is_closed_politely(self) -> None:
        async with Server().running() as server:
            transport = make_transport(server.port, idle_timeout=0.1)
            await transport.send(make_message(), HandOvers())
            await until(lambda: "QUIT" in server.commands())
            assert isinstance(await transport.send(make_message(), HandOvers()), Accepted)
            await transport.aclose()

        assert server.connections == 2

    async def test_a_connection_that_the_server_closed_while_idle_costs_nothing(self) -> None:
        server = Server()
        server.answers = {"MAIL": lambda _: DROP if server.commands().count("MAIL") == 2 else "250 2.1.0 Ok"}
        async with server.running():
            transport = make_transport(server.port)
            outcomes = [await transport.send(make_message(), HandOvers()) for _ in range(3)]
            await transport.aclose()

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert server.connections == 2

    async def test_a_421_for_having_been_idle_costs_nothing(self) -> None:
        server = Server()
        server.answers = {
            "MAIL": lambda _: "421 4.4.2 idle" if server.commands().count("MAIL") == 2 else "250 2.1.0 Ok"
        }
        async with server.running():
            transport = make_transport(server.port)
            outcomes = [await transport.send(make_message(), HandOvers()) for _ in range(3)]
            await transport.aclose()

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)

    @pytest.mark.parametrize(
        ("step", "kind"), [("DATA", Deferred), ("END", Unknown)], ids=["before", "after"]
    )
    async def test_closing_settles_a_message_under_way(self, step: str, kind: type) -> None:
        async with Server(answers={step: HANG}).running() as server:
            transport = make_transport(server.port)
            sending = asyncio.ensure_future(transport.send(make_message(), HandOvers()))
            await until(lambda: server.hangs_at == step)
            await transport.aclose()
            outcome = await asyncio.wait_for(sending, PATIENCE_SECONDS)

        assert isinstance(outcome, kind)


class TestExtensions:
    async def test_without_pipelining_each_command_waits_for_its_answer(self) -> None:
        outcome, server, _ = await send_to(server=Server(extensions=without("PIPELINING")))

        assert isinstance(outcome, Accepted)
        assert server.commands()[:4] == ["EHLO", "MAIL", "RCPT", "DATA"]

    async def test_without_pipelining_a_refused_recipient_ends_it_before_data(self) -> None:
        outcome, server, hand_over = await send_to(
            server=Server(extensions=without("PIPELINING"), answers={"RCPT": "550 5.1.1 unknown"})
        )

        assert isinstance(outcome, Refused)
        assert "DATA" not in server.commands()
        assert hand_over.count == 0

    async def test_without_8bitmime_the_message_goes_out_in_ascii(self) -> None:
        server = Server(extensions=without("8BITMIME", "SMTPUTF8"))
        async with server.running():
            transport = make_transport(server.port)
            message = make_message(name="Änne Größe 漢字")
            assert isinstance(await transport.send(message, HandOvers()), Accepted)
            await transport.aclose()

        (received,) = server.received
        assert received.octets.isascii()
        assert b"quoted-printable" in received.octets
        assert "BODY" not in received.mail_line

    async def test_without_ehlo_it_falls_back_to_helo(self) -> None:
        outcome, server, _ = await send_to({"EHLO": "502 5.5.1 not implemented"})

        assert isinstance(outcome, Accepted)
        assert server.commands()[:2] == ["EHLO", "HELO"]
        assert "SIZE" not in server.received[0].mail_line

    async def test_an_international_recipient_goes_where_smtputf8_is_known(self) -> None:
        outcome, server, _ = await send_to(address="änne@example.test")

        assert isinstance(outcome, Accepted)
        assert server.received[0].mail_line.endswith("SMTPUTF8")
        assert server.received[0].recipients == ["änne@example.test"]

    async def test_an_international_recipient_is_refused_where_smtputf8_is_not_known(self) -> None:
        outcome, server, hand_over = await send_to(
            server=Server(extensions=without("SMTPUTF8")), address="änne@example.test"
        )

        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.scope) == (Reason.FEATURE_UNSUPPORTED, Scope.RECIPIENT)
        assert "MAIL" not in server.commands()
        assert hand_over.count == 0

    async def test_a_message_over_the_servers_size_is_not_tried(self) -> None:
        outcome, server, _ = await send_to(server=Server(extensions=("PIPELINING", "SIZE 500")))

        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.scope) == (Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE)
        assert "MAIL" not in server.commands()

    async def test_notifications_carry_our_id_when_asked_for(self) -> None:
        outcome, server, _ = await send_to(dsn=True)

        assert isinstance(outcome, Accepted)
        assert " RET=HDRS ENVID=7.42." in server.received[0].mail_line
        assert any(line.endswith("NOTIFY=FAILURE,DELAY") for _, line in server.lines)
