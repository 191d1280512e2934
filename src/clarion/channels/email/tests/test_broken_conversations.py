"""The SMTP client against servers that break off, talk nonsense or say nothing."""

import asyncio
from base64 import b64encode

import pytest

from clarion.channels.email.tests.making import make_message, make_transport
from clarion.channels.email.tests.sending import send_to, without
from clarion.channels.email.tests.server import DROP, GOOD, HANG, Answer, Do, Server
from clarion.channels.testing import PATIENCE_SECONDS, HandOvers
from clarion.engine.outcomes import Accepted, Deferred, Reason, Refused, Scope, Unknown

pytestmark = pytest.mark.anyio


class TestBrokenConversations:
    @pytest.mark.parametrize(
        ("answers", "reason", "scope"),
        [
            ({"GREETING": "421 4.3.2 closing"}, Reason.PROVIDER_DOWN, Scope.PROVIDER),
            ({"GREETING": DROP}, Reason.CONNECTION_FAILED, Scope.PROVIDER),
            ({"GREETING": Do(b"HTTP/1.1 400 Bad Request\r\n")}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"GREETING": Do(b"2" * 10_000)}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"GREETING": Do(b"220-more\r\n" * 10_000)}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"GREETING": Do(b"220-one\r\n250 two\r\n")}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"GREETING": Do(b"220 hello\r\n\x00\xff\x00\r\n")}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"EHLO": "421 4.7.0 too many connections"}, Reason.THROTTLED, Scope.PROVIDER),
            ({"EHLO": DROP}, Reason.CONNECTION_FAILED, Scope.PROVIDER),
            ({"MAIL": "421 4.3.2 shutting down"}, Reason.PROVIDER_DOWN, Scope.PROVIDER),
            ({"RCPT": "421 4.3.2 shutting down"}, Reason.PROVIDER_DOWN, Scope.PROVIDER),
            ({"MAIL": DROP}, Reason.CONNECTION_FAILED, Scope.MESSAGE),
            ({"RCPT": DROP}, Reason.CONNECTION_FAILED, Scope.MESSAGE),
            ({"DATA": DROP}, Reason.CONNECTION_FAILED, Scope.MESSAGE),
            ({"DATA": "451 4.3.0 later"}, Reason.PROVIDER_BUSY, Scope.MESSAGE),
            ({"DATA": "250 what?"}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"MAIL": "354 what?"}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
        ],
    )
    async def test_what_ends_before_the_body_is_deferred_and_not_handed_over(
        self, answers: dict[str, Answer], reason: Reason, scope: Scope
    ) -> None:
        outcome, server, hand_over = await send_to(answers)

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (reason, scope)
        assert hand_over.count == 0
        assert server.received == []

    async def test_a_451_after_the_final_dot_is_deferred(self) -> None:
        outcome, _, hand_over = await send_to({"END": "451 4.3.0 queue file write error"})

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.PROVIDER_BUSY, Scope.MESSAGE)
        assert hand_over.count == 1

    async def test_a_421_after_the_final_dot_is_deferred_and_ends_the_connection(self) -> None:
        async with Server(answers={"END": "421 4.3.2 going down"}).running() as server:
            transport = make_transport(server.port)
            outcome = await transport.send(make_message(), HandOvers())
            server.answers = {}
            after = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert isinstance(outcome, Deferred)
        assert outcome.scope is Scope.PROVIDER
        assert isinstance(after, Accepted)
        assert server.connections == 2

    async def test_garbage_after_the_final_dot_leaves_the_message_unknown(self) -> None:
        outcome, _, _ = await send_to({"END": Do(b"ok, thanks\r\n")})

        assert outcome == Unknown(reason=Reason.PROTOCOL_ERROR, detail="the answer is not SMTP")

    async def test_an_acceptance_before_the_body_is_not_believed(self) -> None:
        outcome, _, _ = await send_to({"DATA": Do(b"354 go on\r\n250 2.0.0 Ok: queued as 4fXyz12345\r\n")})

        assert isinstance(outcome, Unknown)
        assert outcome.reason is Reason.PROTOCOL_ERROR

    async def test_a_refusal_before_the_end_of_the_body_is_believed_and_the_connection_dropped(self) -> None:
        async with Server(answers={"DATA": Do(b"354 go on\r\n552 5.3.4 too big\r\n")}).running() as server:
            transport = make_transport(server.port)
            outcome = await transport.send(make_message(), HandOvers())
            server.answers = {}
            after = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.MESSAGE_TOO_LARGE
        assert isinstance(after, Accepted)
        assert server.connections == 2

    async def test_a_recipient_refused_in_a_pipeline_hands_nothing_over_even_if_data_is_answered_354(
        self,
    ) -> None:
        answers: dict[str, Answer] = {
            "RCPT": "550 5.1.1 unknown user",
            "DATA": "354 go on",
            "END": "554 5.5.1 nobody",
        }
        async with Server(answers=answers).running() as server:
            transport = make_transport(server.port, connections=1)
            hand_over = HandOvers()
            outcome = await transport.send(make_message(), hand_over)
            server.answers = {}
            after = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.scope) == (Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT)
        assert hand_over.count == 0
        assert isinstance(after, Accepted)
        assert server.connections == 1
        assert "RSET" in server.commands()

    async def test_a_server_that_refuses_the_sender_and_takes_all_else_gets_nothing(self) -> None:
        outcome, server, hand_over = await send_to({"MAIL": Do(b"550 5.7.1 not from you\r\n")})

        assert isinstance(outcome, Refused)
        assert outcome.scope is Scope.SENDER
        assert (hand_over.count, server.received) == (0, [])

    async def test_a_connection_whose_reset_fails_is_not_used_again(self) -> None:
        answers: dict[str, Answer] = {
            "RCPT": lambda line: "550 5.1.1 unknown" if "nobody" in line else "250 2.1.5 Ok",
            "RSET": "500 no",
        }
        async with Server(answers=answers).running() as server:
            transport = make_transport(server.port, connections=1)
            await transport.send(make_message(address="nobody@example.test"), HandOvers())
            after = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert isinstance(after, Accepted)
        assert server.connections == 2

    async def test_nobody_listening_is_the_providers_failure(self) -> None:
        async with Server().running() as server:
            port = server.port
        outcome = await make_transport(port).send(make_message(), HandOvers())

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.CONNECTION_FAILED, Scope.PROVIDER)

    async def test_a_host_that_does_not_exist_is_the_providers_failure(self) -> None:
        outcome = await make_transport(25, host="does-not-exist.invalid").send(make_message(), HandOvers())

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.CONNECTION_FAILED, Scope.PROVIDER)

    async def test_one_connection_too_many_makes_do_with_those_there_are(self) -> None:
        server = Server()
        server.answers = {
            "GREETING": lambda _: "220 hi" if server.connections <= 2 else "421 4.7.0 too many connections"
        }
        async with server.running():
            transport = make_transport(server.port, connections=5)
            outcomes = []
            for _ in range(4):
                outcomes += await asyncio.gather(
                    *(transport.send(make_message(), HandOvers()) for _ in range(5))
                )
            await transport.aclose()

        assert sum(isinstance(outcome, Accepted) for outcome in outcomes) >= 17
        assert all(isinstance(outcome, Accepted | Deferred) for outcome in outcomes)


class TestSlowness:
    @pytest.mark.parametrize(
        ("answers", "scope"),
        [
            ({"GREETING": HANG}, Scope.PROVIDER),
            ({"EHLO": Do(b"250-half", hangs=True)}, Scope.PROVIDER),
            ({"MAIL": HANG}, Scope.MESSAGE),
            ({"DATA": HANG}, Scope.MESSAGE),
        ],
        ids=["greeting", "half an answer", "MAIL", "DATA"],
    )
    async def test_silence_before_the_body_is_deferred(
        self, answers: dict[str, Answer], scope: Scope
    ) -> None:
        outcome, _, hand_over = await send_to(answers, command_timeout=0.6)

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.TIMED_OUT, scope)
        assert hand_over.count == 0

    async def test_silence_after_the_final_dot_leaves_the_message_unknown(self) -> None:
        outcome, _, _ = await send_to({"END": HANG}, data_timeout=0.2)

        assert outcome == Unknown(reason=Reason.TIMED_OUT, detail="no answer in time")

    async def test_a_slow_server_is_waited_for(self) -> None:
        late: dict[str, Answer] = {
            step: Do(f"{GOOD[step]}\r\n".encode(), after=0.25)
            for step in ("GREETING", "MAIL", "RCPT", "DATA")
        }
        async with Server(answers=late, extensions=without("PIPELINING")).running() as server:
            # Each answer has so long, and all together take as long.
            transport = make_transport(server.port, command_timeout=1.0)
            outcome = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert isinstance(outcome, Accepted)

    async def test_a_large_body_whose_end_was_never_written_is_certainly_not_taken(self) -> None:
        server = Server(reads_at_most=300_000)
        async with server.running():
            transport = make_transport(server.port, data_timeout=0.5)
            hand_over = HandOvers()
            file = {"filename": "big.bin", "content_b64": b64encode(bytes(6_900_000)).decode()}
            message = make_message(attachments=[file])
            outcome = await asyncio.wait_for(transport.send(message, hand_over), PATIENCE_SECONDS)
            await transport.aclose()

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.TIMED_OUT
        assert hand_over.count == 1

    async def test_a_large_body_arrives_whole(self) -> None:
        async with Server().running() as server:
            transport = make_transport(server.port)
            text = "".join(f".line {number} of the long text\n" for number in range(50_000))
            outcome = await asyncio.wait_for(
                transport.send(make_message(text=text, html=""), HandOvers()), PATIENCE_SECONDS
            )
            await transport.aclose()

        assert isinstance(outcome, Accepted)
        assert server.received[0].octets.endswith(text.replace("\n", "\r\n").encode())
