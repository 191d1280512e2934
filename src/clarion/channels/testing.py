"""The contract kit: what every channel's transport must do, as a test class to inherit.

A channel's test module subclasses `TransportContract`, says how to make a provider that behaves as a `Case`
asks, and gets the tests. It needs pytest with anyio's plugin; nothing in the program imports it.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from enum import Enum, auto
from typing import Any, ClassVar

import pytest

from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown
from clarion.engine.ports import Transport, Withdrawn

#: Seconds until a test gives up waiting for what should have come within one: a machine that is busy with other tests
#: may be ten times slower, and where all is well nothing is waited for.
PATIENCE_SECONDS = 60.0


async def until(
    question: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS, every: float = 0.01
) -> Any:
    """Return the first true answer, while everything else goes on. Fails the test after that time."""
    async with asyncio.timeout(seconds):
        while not (answer := question()):
            await asyncio.sleep(every)
    return answer


class Case(Enum):
    """How the provider is to behave."""

    ACCEPTS = auto()
    #: Too fast, says the provider.
    THROTTLES = auto()
    REFUSES_CREDENTIALS = auto()
    REFUSES_RECIPIENT = auto()
    #: The connection breaks after the message was taken and before it was answered.
    LOSES_CONNECTION = auto()
    #: Takes the message and does not answer for a long time.
    HANGS = auto()


class HandOvers:
    """A `hand_over` that counts its calls, and can refuse like the engine does after a pause."""

    def __init__(self, *, withdrawn: bool = False) -> None:
        self.count = 0
        self._is_withdrawn = withdrawn
        self.happened = asyncio.Event()

    def __call__(self) -> None:
        self.count += 1
        self.happened.set()
        if self._is_withdrawn:
            raise Withdrawn


class TransportContract(ABC):
    """Inherit, implement the two abstract methods, name the class `Test…`."""

    #: Stands in the config of every transport that `provider` makes, as its password or token.
    secret: ClassVar[str] = "s3cret-of-the-contract"  # noqa: S105  # a test's secret
    #: Whether the provider gives ids. SMTP servers mostly do.
    gives_ids: ClassVar[bool] = True
    #: Whether the credentials are told before the first message. Over HTTP they go with each message, which is
    #: therefore handed over before they can be refused.
    signs_in: ClassVar[bool] = True

    @abstractmethod
    def provider(self, case: Case) -> AbstractAsyncContextManager[tuple[Transport, Callable[[], int]]]:
        """Start a provider; give a transport to it and a function that counts the messages it has taken."""

    @abstractmethod
    def message(self, case: Case) -> Message:
        """Return a message, to a recipient that fits the case."""

    async def _send(self, transport: Transport, case: Case, hand_over: Callable[[], None]) -> Outcome:
        return await asyncio.wait_for(transport.send(self.message(case), hand_over), PATIENCE_SECONDS)

    @pytest.mark.anyio
    async def test_an_accepted_message_is_handed_over_once_and_keeps_the_providers_id(self) -> None:
        hand_over = HandOvers()
        async with self.provider(Case.ACCEPTS) as (transport, taken):
            outcome = await self._send(transport, Case.ACCEPTS, hand_over)

            assert isinstance(outcome, Accepted)
            assert bool(outcome.provider_id) == self.gives_ids
            assert (hand_over.count, taken()) == (1, 1)

    @pytest.mark.anyio
    async def test_a_throttled_message_is_deferred(self) -> None:
        async with self.provider(Case.THROTTLES) as (transport, taken):
            outcome = await self._send(transport, Case.THROTTLES, HandOvers())

            assert isinstance(outcome, Deferred)
            assert outcome.reason is Reason.THROTTLED
            assert taken() == 0

    @pytest.mark.anyio
    async def test_bad_credentials_are_the_senders_fault_and_nothing_is_handed_over(self) -> None:
        hand_over = HandOvers()
        async with self.provider(Case.REFUSES_CREDENTIALS) as (transport, taken):
            outcome = await self._send(transport, Case.REFUSES_CREDENTIALS, hand_over)

            assert isinstance(outcome, Refused)
            assert (outcome.scope, outcome.reason) == (Scope.SENDER, Reason.CREDENTIALS_REFUSED)
            assert taken() == 0
            assert hand_over.count == (0 if self.signs_in else 1)

    @pytest.mark.anyio
    async def test_a_bad_recipient_is_the_recipients_fault_and_the_next_message_goes(self) -> None:
        async with self.provider(Case.REFUSES_RECIPIENT) as (transport, taken):
            outcome = await self._send(transport, Case.REFUSES_RECIPIENT, HandOvers())
            after = await self._send(transport, Case.ACCEPTS, HandOvers())

            assert isinstance(outcome, Refused)
            assert outcome.scope is Scope.RECIPIENT
            assert isinstance(after, Accepted)
            assert taken() == 1

    @pytest.mark.anyio
    async def test_a_connection_lost_after_the_body_leaves_the_message_unknown(self) -> None:
        hand_over = HandOvers()
        async with self.provider(Case.LOSES_CONNECTION) as (transport, _):
            outcome = await self._send(transport, Case.LOSES_CONNECTION, hand_over)

            assert isinstance(outcome, Unknown)
            assert hand_over.count == 1

    @pytest.mark.anyio
    async def test_a_withdrawn_message_is_not_written_and_the_next_one_goes(self) -> None:
        async with self.provider(Case.ACCEPTS) as (transport, taken):
            with pytest.raises(Withdrawn):
                await self._send(transport, Case.ACCEPTS, HandOvers(withdrawn=True))
            assert taken() == 0

            outcome = await self._send(transport, Case.ACCEPTS, HandOvers())

            assert isinstance(outcome, Accepted)
            assert taken() == 1

    @pytest.mark.anyio
    async def test_a_cancelled_message_leaves_the_transport_usable(self) -> None:
        hand_over = HandOvers()
        async with self.provider(Case.HANGS) as (transport, _):
            sending = asyncio.create_task(transport.send(self.message(Case.HANGS), hand_over))
            await asyncio.wait_for(hand_over.happened.wait(), PATIENCE_SECONDS)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending

            outcome = await self._send(transport, Case.ACCEPTS, HandOvers())

            assert isinstance(outcome, Accepted)

    @pytest.mark.anyio
    async def test_closing_twice_is_fine(self) -> None:
        async with self.provider(Case.ACCEPTS) as (transport, _):
            await self._send(transport, Case.ACCEPTS, HandOvers())

            await transport.aclose()
            await transport.aclose()

    @pytest.mark.anyio
    @pytest.mark.parametrize("case", [Case.ACCEPTS, Case.REFUSES_CREDENTIALS], ids=lambda case: case.name)
    async def test_no_secret_is_shown_or_logged(self, case: Case, caplog: Any) -> None:
        caplog.set_level(logging.DEBUG)
        async with self.provider(case) as (transport, _):
            outcome = await self._send(transport, case, HandOvers())

            assert self.secret not in repr(outcome)
            assert self.secret not in repr(transport)
            assert self.secret not in repr(vars(transport))
            assert self.secret not in caplog.text
