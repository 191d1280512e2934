"""An SMPP server for the tests, which behaves and misbehaves as they ask. It shares only the codec with the client."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from clarion.channels.sms import pdu
from clarion.channels.sms.pdu import Command, Pdu, ShortMessage, Tlv

SYSTEM_ID, PASSWORD = b"clarion", b"s3cret"
#: What the server does with a submit_sm to a number that ends so; others are accepted.
THROTTLES, HANGS, DROPS, GARBAGE, NACKS, UNBINDS, FULL, UNKNOWN_NUMBER = (
    "8",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "9",
)


@dataclass
class Server:
    """Listens on a port of its own while `running`."""

    password: bytes = PASSWORD
    #: command_status of every bind, when not 0.
    bind_status: int = 0
    #: Sessions taken at once.
    most_sessions: int = 100
    #: Statuses of the next submit_sm, whatever the number.
    statuses: list[int] = field(default_factory=list)
    #: Answers nothing, not even enquire_link, while set.
    is_silent: bool = False
    answers_binds: bool = True
    #: congestion_state of the answers to submit_sm, when not 0.
    congestion: int = 0
    #: sc_interface_version of the answers to binds; None to tell none.
    version: int | None = 0x34
    #: additional_status_info_text of refusals.
    explanation: bytes = b""
    #: What is written to a new connection at once.
    greeting: bytes = b""
    port: int = 0
    received: list[ShortMessage] = field(default_factory=list)
    binds: list[int] = field(default_factory=list)
    #: interface_version of each bind.
    versions: list[int] = field(default_factory=list)
    #: Responses that came to requests of the server's.
    answers: list[Pdu] = field(default_factory=list)
    enquiries: int = 0
    unbinds: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _bound: int = 0
    _ids: int = 0

    @contextlib.asynccontextmanager
    async def running(self, context: ssl.SSLContext | None = None) -> AsyncIterator["Server"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def ask(self, command: int, body: bytes = b"") -> None:
        """Send a request on the newest connection."""
        self._ids += 1
        self.writers[-1].write(pdu.packed(command, self._ids, body))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.writers.append(writer)
        before = self._bound
        try:
            if self.greeting:
                writer.write(self.greeting)
            cutter = pdu.Reader()
            while data := await reader.read(65536):
                for one in cutter.feed(data):
                    if not self._answer(one, writer):
                        return
        except (ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            self._bound = min(self._bound, before)
            self._tasks.discard(task)
            writer.transport.abort()

    def _answer(self, one: Pdu, writer: asyncio.StreamWriter) -> bool:
        """Answer; return whether the connection stays."""
        if one.command & pdu.RESPONSE:
            self.answers.append(one)
            return True
        if self.is_silent:
            return True
        if one.command == Command.SUBMIT_SM:
            return self._submitted(one, writer)
        if one.command in (Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER, Command.BIND_RECEIVER):
            return self._bind(one, writer)
        if one.command == Command.UNBIND:
            self.unbinds += 1
        self.enquiries += one.command == Command.ENQUIRE_LINK
        writer.write(pdu.packed(one.command | pdu.RESPONSE, one.sequence))
        return one.command != Command.UNBIND

    def _bind(self, one: Pdu, writer: asyncio.StreamWriter) -> bool:
        if not self.answers_binds:
            return True
        system_id, password, _, version = pdu.read_bind(one.body)
        self.versions.append(version)
        status = self.bind_status
        if system_id != SYSTEM_ID:
            status = 0x0F
        elif password != self.password:
            status = 0x0E
        elif self._bound >= self.most_sessions:
            status = 0x05
        if not status:
            self._bound += 1
            self.binds.append(one.command)
        told = b"" if self.version is None else pdu.tlv(pdu.Tlv.SC_INTERFACE_VERSION, bytes((self.version,)))
        body = b"test\0" + told
        writer.write(pdu.packed(one.command | pdu.RESPONSE, one.sequence, body, status=status))
        return True

    def _submitted(self, one: Pdu, writer: asyncio.StreamWriter) -> bool:
        message = pdu.read_short_message(one.body)
        last = message.dest.decode()[-1:]
        status = self.statuses.pop(0) if self.statuses else 0
        status = status or {THROTTLES: 0x58, FULL: 0x14, UNKNOWN_NUMBER: 0x0B}.get(last, 0)
        if status:
            options = self._options()
            body = b"\0" + options if options else b""
            writer.write(pdu.packed(Command.SUBMIT_SM_RESP, one.sequence, body, status=status))
            return True
        if last == NACKS:
            writer.write(pdu.packed(Command.GENERIC_NACK, one.sequence, status=0x03))
            return True
        if last == GARBAGE:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return True
        self.received.append(message)
        if last == UNBINDS:
            self.ask(Command.UNBIND)
        elif last == DROPS:
            return False
        elif last != HANGS:
            body = f"id-{len(self.received)}".encode() + b"\0" + self._options()
            writer.write(pdu.packed(Command.SUBMIT_SM_RESP, one.sequence, body))
        return True

    def _options(self) -> bytes:
        told = pdu.tlv(Tlv.CONGESTION_STATE, bytes((self.congestion,))) if self.congestion else b""
        if self.explanation:
            told += pdu.tlv(Tlv.ADDITIONAL_STATUS_INFO_TEXT, self.explanation + b"\0")
        return told
