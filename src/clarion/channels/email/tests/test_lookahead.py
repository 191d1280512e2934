"""The envelope of the next message goes out with the body of this one, and neither pays for what befalls the other."""

import asyncio
from collections.abc import Callable

import pytest

from clarion.channels.email.tests.making import make_message, make_transport
from clarion.channels.email.tests.server import DROP, GOOD, Do, Server
from clarion.channels.testing import PATIENCE_SECONDS, HandOvers
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Scope, Unknown
from clarion.engine.ports import Withdrawn

pytestmark = pytest.mark.anyio

ENVELOPE_TAKEN = b"250 ok\r\n250 ok\r\n354 go on\r\n"


def address(number: int) -> str:
    return f"person{number}@example.test"


async def send_together(
    server: Server, *hand_overs: Callable[[], None], **config: int
) -> list[Outcome | BaseException]:
    """Send one message for each hand-over at the same time over a single connection."""
    async with server.running():
        transport = make_transport(server.port, connections=1, **config)
        sending = [
            asyncio.ensure_future(transport.send(make_message(address=address(number)), hand_over))
            for number, hand_over in enumerate(hand_overs)
        ]
        async with asyncio.timeout(PATIENCE_SECONDS):
            outcomes = await asyncio.gather(*sending, return_exceptions=True)
        await transport.aclose()
    return outcomes


def recipients(server: Server) -> list[str]:
    return sorted(one for received in server.received for one in received.recipients)


async def test_the_next_message_is_begun_before_the_answer_to_this_one() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await reader.readline()
        writer.write(b"250-here\r\n250 PIPELINING\r\n")
        await reader.readuntil(b"DATA\r\n")
        writer.write(ENVELOPE_TAKEN)
        for _ in range(2):
            await reader.readuntil(b"\r\n.\r\n")
            assert (await reader.readuntil(b"DATA\r\n")).startswith(b"MAIL FROM:")
            writer.write(b"250 taken\r\n" + ENVELOPE_TAKEN)
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 taken\r\n")
        await reader.readline()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    transport = make_transport(server.sockets[0].getsockname()[1], connections=1)
    async with asyncio.timeout(PATIENCE_SECONDS):
        outcomes = await asyncio.gather(*(transport.send(make_message(), HandOvers()) for _ in range(3)))
        await transport.aclose()
    server.close()

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)


@pytest.mark.parametrize("mishap", [DROP, "421 4.3.2 bye"], ids=["dropped", "421"])
async def test_a_connection_that_ends_with_a_body_ends_that_message_only(mishap: str | Do) -> None:
    answers = iter([mishap])
    server = Server(answers={"END": lambda _: next(answers, "250 2.0.0 Ok")})
    hand_overs = [HandOvers() for _ in range(4)]

    outcomes = await send_together(server, *hand_overs)

    assert [type(outcome) for outcome in outcomes[1:]] == [Accepted] * 3
    assert isinstance(outcomes[0], Unknown if mishap is DROP else Deferred)
    assert recipients(server) == [address(number) for number in (1, 2, 3)]
    assert [hand_over.count for hand_over in hand_overs] == [1, 1, 1, 1]


async def test_a_body_goes_out_only_when_what_became_of_the_one_before_is_known_to_its_sender() -> None:
    happened: list[tuple[str, int]] = []

    async def send(number: int) -> None:
        await transport.send(make_message(), lambda: happened.append(("begun", number)))
        happened.append(("known", number))

    async with Server().running() as server:
        transport = make_transport(server.port, connections=1)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*map(send, range(20)))
        await transport.aclose()

    assert happened == [(what, number) for number in range(20) for what in ("begun", "known")]


async def test_a_refused_body_and_a_refused_envelope_do_not_stop_the_next() -> None:
    def judge(line: str) -> str:
        return "550 5.1.1 unknown" if "person1@" in line else GOOD["RCPT"]

    bodies = iter(["554 5.7.1 spam"])
    server = Server(answers={"RCPT": judge, "END": lambda _: next(bodies, GOOD["END"])})

    await send_together(server, *(HandOvers() for _ in range(5)))

    assert recipients(server) == [address(number) for number in (2, 3, 4)]
    assert server.connections == 1


async def test_what_is_withdrawn_is_not_sent_and_costs_no_other() -> None:
    server = Server()

    outcomes = await send_together(server, HandOvers(), HandOvers(withdrawn=True), HandOvers(), HandOvers())

    assert [type(outcome) for outcome in outcomes] == [Accepted, Withdrawn, Accepted, Accepted]
    assert recipients(server) == [address(number) for number in (0, 2, 3)]


async def test_who_gives_up_waiting_is_not_sent_to_and_costs_no_other() -> None:
    server = Server()
    hand_overs = [HandOvers() for _ in range(3)]
    sending: list[asyncio.Task[Outcome]] = []

    def give_up(_: str) -> str:
        # Its envelope has come in already, behind this body.
        sending[1].cancel()
        return GOOD["END"]

    server.answers = {"END": give_up}
    async with server.running():
        transport = make_transport(server.port, connections=1)
        for number, hand_over in enumerate(hand_overs):
            message = make_message(address=address(number))
            sending.append(asyncio.ensure_future(transport.send(message, hand_over)))
        async with asyncio.timeout(PATIENCE_SECONDS):
            outcomes = await asyncio.gather(*sending, return_exceptions=True)
        await transport.aclose()

    assert [type(outcome) for outcome in outcomes] == [Accepted, asyncio.CancelledError, Accepted]
    assert recipients(server) == [address(0), address(2)]
    assert [hand_over.count for hand_over in hand_overs] == [1, 0, 1]


async def test_a_connection_begins_no_more_than_its_share_of_messages() -> None:
    server = Server()

    outcomes = await send_together(server, *(HandOvers() for _ in range(5)), messages_per_connection=2)

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert server.connections == 3


async def test_whoever_waits_for_a_server_that_is_gone_is_told_with_the_first() -> None:
    server = Server(answers={"GREETING": DROP})

    outcomes = await send_together(server, *(HandOvers() for _ in range(3)))

    assert all(isinstance(one, Deferred) and one.scope is Scope.PROVIDER for one in outcomes)
    assert server.connections == 1
