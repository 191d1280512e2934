"""An SMTP server in a process of its own that writes down every mail before it answers for it.

Run: python -m tests.acceptance.mailbox PORT_FILE MAILS_FILE [SECONDS_BEFORE_THE_ANSWER]

Each accepted mail is one line in MAILS_FILE: recipient, Message-ID and the time, written in one piece before the
250 is sent. So the file holds whatever a sender may take for delivered, also after the sender is killed.
"""

import asyncio
import os
import random
import sys
import time
from pathlib import Path
from typing import cast


class Session(asyncio.Protocol):
    """Speaks just enough of RFC 5321 with PIPELINING and 8BITMIME."""

    def __init__(self, mails: int, pause: float) -> None:
        self._mails, self._pause = mails, pause
        self._buffer = b""
        self._in_body = self._is_thinking = False
        self._recipient = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are not subclasses of it
        transport = self._transport
        transport.write(b"220 mailbox.example.test ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        while self._buffer and not self._is_thinking:
            if not self._step():
                return

    def _step(self) -> bool:
        if self._in_body:
            body, end, rest = self._buffer.partition(b"\r\n.\r\n")
            if not end:
                return False
            self._buffer, self._in_body = rest, False
            self._take(body)
            return True
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return False
        self._buffer = rest
        self._answer(line)
        return True

    def _answer(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"EHLO":
            self._transport.write(
                b"250-mailbox.example.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 9999999\r\n"
            )
        elif verb == b"DATA":
            self._in_body = True
            self._transport.write(b"354 go on\r\n")
        elif verb == b"QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
        else:
            if verb == b"RCPT":
                self._recipient = line.partition(b"<")[2].partition(b">")[0]
            self._transport.write(b"250 2.0.0 ok\r\n")

    def _take(self, body: bytes) -> None:
        head = body.partition(b"\r\n\r\n")[0].lower()
        mark = head.partition(b"message-id: <")[2].partition(b">")[0]
        os.write(self._mails, b"%b %b %.6f\n" % (self._recipient, mark, time.time()))
        # Answers come in order: what follows the body waits for its answer.
        self._is_thinking = True
        asyncio.get_running_loop().call_later(self._pause * random.random() * 2, self._queued)

    def _queued(self) -> None:
        self._is_thinking = False
        if not self._transport.is_closing():
            self._transport.write(b"250 2.0.0 queued as AB12\r\n")
            self._go_on()


async def serve(port_file: Path, mails_file: Path, pause: float) -> None:
    """Serve until killed."""
    mails = os.open(mails_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    server = await asyncio.get_running_loop().create_server(lambda: Session(mails, pause), "127.0.0.1", 0)
    part = port_file.with_suffix(".part")
    part.write_text(str(server.sockets[0].getsockname()[1]))
    part.rename(port_file)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0.0))
