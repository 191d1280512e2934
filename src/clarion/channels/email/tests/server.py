"""An SMTP server that does what a test tells it, on a real socket."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

EXTENSIONS = ("PIPELINING", "SIZE 10000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")

GOOD = {
    "GREETING": "220 mx.example.test ESMTP ready",
    "HELO": "250 mx.example.test",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 End data with <CR><LF>.<CR><LF>",
    "END": "250 2.0.0 Ok: queued as 4fXyz12345",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
    "STARTTLS": "220 2.0.0 Ready",
    "AUTH": "235 2.7.0 Authentication successful",
}


@dataclass(frozen=True)
class Do:
    """Something else than a reply: write these octets, then drop the connection, hang, or go on."""

    octets: bytes = b""
    drops: bool = False
    hangs: bool = False
    #: After the final dot: the message has been taken all the same.
    takes: bool = False
    #: Seconds before anything of it happens.
    after: float = 0.0


DROP = Do(drops=True)
HANG = Do(hangs=True)

Answer = str | Do | Callable[[str], "str | Do"]


class _Dropped(Exception):
    """The script ends the connection."""


@dataclass
class Received:
    """A message that the server has answered for."""

    sender: str
    recipients: list[str]
    octets: bytes
    mail_line: str


@dataclass
class Server:
    """Answers by step; an answer may be a function of the line. `END` comes after the final dot."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    extensions: tuple[str, ...] = EXTENSIONS
    tls: ssl.SSLContext | None = None
    is_wrapped: bool = False
    received: list[Received] = field(default_factory=list)
    #: Every line that came in outside of a body, in order, each as (number of the connection, line).
    lines: list[tuple[int, str]] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    #: Octets of a body after which to stop reading; the socket's buffers fill up.
    reads_at_most: int | None = None
    #: The step at which a connection hangs.
    hangs_at: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        tasks: set[asyncio.Task[None]] = set()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            self.connections += 1
            try:
                await _Session(self, reader, writer, self.connections).run()
            except (_Dropped, OSError, EOFError, asyncio.CancelledError):
                pass
            finally:
                writer.transport.abort()

        server = await asyncio.start_server(
            handle, "127.0.0.1", 0, ssl=self.tls if self.is_wrapped else None, limit=2**16
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)

    def commands(self) -> list[str]:
        """Return the verbs that came in, in order."""
        return [line.split(" ")[0].upper() for _, line in self.lines]


class _Session:
    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self._server, self._reader, self._writer, self._number = server, reader, writer, number
        self._sender: str | None = None
        self._mail_line = ""
        self._recipients: list[str] = []
        self._octets = b""

    async def run(self) -> None:
        await self._say("GREETING", "")
        while line := await self._line():
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                if "EHLO" in self._server.answers:
                    await self._say("EHLO", line)
                else:
                    await self._write_lines("250", ("mx.example.test", *self._server.extensions))
            elif verb == "MAIL":
                if await self._say("MAIL", line):
                    self._sender, self._mail_line, self._recipients = line[11:].split(">")[0], line, []
            elif verb == "RCPT":
                if self._sender is None:
                    await self._write("503 5.5.1 need MAIL first")
                elif await self._say("RCPT", line):
                    self._recipients.append(line[9:].split(">")[0])
            elif verb == "DATA":
                await self._data(line)
            elif verb == "RSET":
                self._sender, self._recipients = None, []
                await self._say("RSET", line)
            elif verb == "STARTTLS":
                if await self._say("STARTTLS", line) and self._server.tls is not None:
                    await self._writer.start_tls(self._server.tls)
            elif verb == "QUIT":
                await self._say("QUIT", line)
                return
            else:
                await self._say(verb if verb in ("HELO", "AUTH") else "AUTH", line)

    async def _data(self, line: str) -> None:
        if not self._recipients and "DATA" not in self._server.answers:
            await self._write("554 5.5.1 no valid recipients")
            return
        if not await self._say("DATA", line):
            return
        self._octets = await self._body()
        if await self._say("END", "") and self._recipients:
            self._keep()
        self._sender, self._recipients = None, []

    def _keep(self) -> None:
        self._server.received.append(
            Received(self._sender or "", self._recipients, self._octets, self._mail_line)
        )

    async def _body(self) -> bytes:
        lines = []
        size = 0
        while (raw := await self._reader.readline()) != b".\r\n":
            if not raw.endswith(b"\n"):
                raise _Dropped
            size += len(raw)
            if self._server.reads_at_most is not None and size > self._server.reads_at_most:
                await self._do(HANG)
            lines.append(raw.removeprefix(b"."))
        return b"".join(lines)

    async def _line(self) -> str:
        raw = await self._reader.readline()
        if not raw.endswith(b"\r\n"):
            return ""
        line = raw[:-2].decode()
        self._server.lines.append((self._number, line))
        return line

    async def _say(self, step: str, line: str) -> bool:
        """Answer for the step; returns whether the answer was positive."""
        answer = self._server.answers.get(step, GOOD.get(step, "500 5.5.1 what?"))
        if callable(answer):
            answer = answer(line)
        if isinstance(answer, Do):
            if answer.takes and self._recipients:
                self._keep()
            if answer.hangs:
                self._server.hangs_at = step
            await self._do(answer)
            return not answer.takes
        await self._write(answer)
        if answer.startswith("421"):
            raise _Dropped
        return answer[0] in "23"

    async def _do(self, action: Do) -> None:
        await asyncio.sleep(action.after)
        self._writer.write(action.octets)
        await self._writer.drain()
        if action.drops:
            raise _Dropped
        if action.hangs:
            await asyncio.sleep(3600)

    async def _write(self, reply: str) -> None:
        await self._write_lines(reply[:3], tuple(reply[4:].split("\n")))

    async def _write_lines(self, code: str, texts: tuple[str, ...]) -> None:
        last = len(texts) - 1
        for number, text in enumerate(texts):
            self._writer.write(f"{code}{' ' if number == last else '-'}{text}\r\n".encode())
        await self._writer.drain()
