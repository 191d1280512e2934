"""Whatever a server does and whenever it does it, no outcome contradicts what the server has taken."""

import asyncio
import random
from collections import Counter

import pytest

from clarion.channels.email.tests.making import make_claim, make_composer, make_transport
from clarion.channels.email.tests.server import DROP, EXTENSIONS, GOOD, HANG, Answer, Do, Server
from clarion.channels.testing import PATIENCE_SECONDS, HandOvers
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Refused, Unknown

pytestmark = pytest.mark.anyio

MESSAGES = 120

#: What may happen instead of the good answer, by step.
MISHAPS: dict[str, list[Answer]] = {
    "GREETING": ["421 4.3.2 not now", DROP, Do(b"garbage\r\n")],
    "MAIL": ["451 4.3.0 later", "550 5.7.1 not you", "421 4.3.2 bye", DROP, HANG],
    "RCPT": ["450 4.2.0 later", "550 5.1.1 unknown", "421 4.3.2 bye", DROP],
    "DATA": ["451 4.3.0 later", "554 5.7.1 no", DROP, HANG, Do(b"garbage\r\n")],
    "END": [
        "451 4.3.0 later",
        "554 5.7.1 spam",
        "421 4.3.2 bye",
        DROP,
        HANG,
        Do(b"garbage\r\n"),
        Do(drops=True, takes=True),
        Do(hangs=True, takes=True),
        Do(b"25", drops=True, takes=True),
        Do(b"garbage\r\n", takes=True),
    ],
    "RSET": ["500 what?", DROP],
}


def misbehaving(dice: random.Random, *, share: float, extensions: tuple[str, ...]) -> Server:
    """Return a server that does something wrong in this share of its answers."""

    def answer(step: str) -> Answer:
        def choose(line: str) -> "str | Do":
            mishap = dice.choice(MISHAPS[step]) if dice.random() < share else GOOD[step]
            assert isinstance(mishap, str | Do)
            return mishap

        return choose

    return Server(answers={step: answer(step) for step in MISHAPS}, extensions=extensions)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("is_pipelining", [True, False], ids=["pipelining", "step by step"])
async def test_outcomes_agree_with_what_the_server_has_taken(seed: int, is_pipelining: bool) -> None:
    dice = random.Random(seed)
    extensions = EXTENSIONS if is_pipelining else EXTENSIONS[1:]
    composer = make_composer(text="{{ name }}", html="")
    outcomes: dict[int, Outcome] = {}
    hand_overs = {number: HandOvers() for number in range(MESSAGES)}
    async with misbehaving(dice, share=0.08, extensions=extensions).running() as server:
        transport = make_transport(
            server.port, connections=8, command_timeout=0.5, data_timeout=0.5, messages_per_connection=20
        )
        numbers = iter(range(MESSAGES))

        async def work() -> None:
            for number in numbers:
                message = composer.compose(make_claim(delivery_id=number))
                sending = asyncio.ensure_future(transport.send(message, hand_overs[number]))
                outcomes[number] = await asyncio.wait_for(sending, PATIENCE_SECONDS)

        await asyncio.gather(*(work() for _ in range(transport.concurrency)))
        await transport.aclose()

    taken = Counter(
        int(received.octets.split(b"Message-ID: <7.")[1].split(b".")[0]) for received in server.received
    )
    assert len(outcomes) == MESSAGES
    for number, outcome in outcomes.items():
        if isinstance(outcome, Accepted):
            assert taken[number] == 1
        elif isinstance(outcome, Deferred | Refused):
            assert taken[number] == 0
        assert taken[number] <= 1
        assert hand_overs[number].count == 1 or not isinstance(outcome, Accepted | Unknown)
        assert hand_overs[number].count <= 1
    kinds = Counter(map(type, outcomes.values()))
    assert kinds[Accepted] > MESSAGES / 2
    assert kinds[Unknown] < MESSAGES / 4
