"""Keeps one session open for what the provider brings, for as long as the sender is there."""

import asyncio
import ssl
from collections.abc import Callable

from clarion.channels.base import Heard
from clarion.channels.sms import receipts
from clarion.channels.sms.client import open_session
from clarion.channels.sms.config import Config
from clarion.channels.sms.errors import SessionUnusable
from clarion.channels.sms.pdu import Command
from clarion.channels.sms.protocol import OnDeliver, Session
from clarion.channels.sms.replies import OK, TRY_LATER
from clarion.engine.outcomes import REASONS, Refused

#: Seconds until a session that could not be had, or ended, is tried again: doubled up to the longest.
FIRST_GAP = 1.0
LONGEST_GAP = 60.0
#: Seconds after a refusal of the credentials.
REFUSED_GAP = 300.0


def taker(config: Config, heard: Heard) -> OnDeliver:
    """Return what a session does with what its provider brings: it is answered once it is kept, and not before."""

    def take(command: Command, body: bytes, answer: Callable[[int], None]) -> None:
        heard([receipts.read(command, body, config)], lambda kept: answer(OK if kept else TRY_LATER))

    return take


class Listener:
    """A `clarion.channels.base.Listener` for SMPP: a receiver, or a transceiver that sends nothing."""

    def __init__(self, config: Config, heard: Heard) -> None:
        self._config, self._take = config, taker(config, heard)
        self._session: Session | None = None
        #: What keeps it from listening, for a person; empty while it listens.
        self.problem = "not connected yet"

    def __repr__(self) -> str:
        return f"Listener({self._config!r})"

    async def run(self) -> None:
        """Listen until cancelled."""
        gap = FIRST_GAP
        try:
            while True:
                began = asyncio.get_running_loop().time()
                refused = await self._listen()
                if asyncio.get_running_loop().time() - began > LONGEST_GAP:
                    gap = FIRST_GAP
                await asyncio.sleep(REFUSED_GAP if refused else gap)
                gap = min(gap * 2, LONGEST_GAP)
        finally:
            if self._session is not None:
                self._session.unbind()
                self._session = None

    async def _listen(self) -> bool:
        """Listen until the session ends; return whether the provider refused the account."""
        try:
            context = self._config.tls_context()
            bind = "receiver" if self._config.bind == "transmitter" else "transceiver"
            session = await open_session(self._config, context, bind=bind, on_deliver=self._take)
        except SessionUnusable as problem:
            outcome = problem.outcome
            said = " ".join(part for part in (outcome.code, outcome.detail) if part)
            self.problem = f"{REASONS[outcome.reason].sentence} {said}".strip()
            return isinstance(outcome, Refused)
        except (OSError, ssl.SSLError):
            self.problem = "The authority file cannot be read."
            return True
        self._session, self.problem = session, ""
        ended = asyncio.Event()
        session.on_dead = ended.set
        if not session.is_dead:
            await ended.wait()
        self._session, self.problem = None, session.obituary
        return False
