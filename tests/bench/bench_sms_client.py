"""What a short message costs the SMPP client on one session, against a peer that answers at once.

Run by hand: `python tests/bench/bench_sms_client.py [messages] [window]`.
"""

import asyncio
import os
import signal
import sys
import time
from typing import cast

import uvloop

from clarion.channels.sms import pdu
from clarion.channels.sms.tests.making import make_message, make_transport

_ANSWERS = {pdu.Command.SUBMIT_SM: b"0123456789\0", pdu.Command.BIND_TRANSMITTER: b"bench\0"}


class Peer(asyncio.Protocol):
    """Accepts everything."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._reader = pdu.Reader()

    def data_received(self, data: bytes) -> None:
        answers = [
            pdu.packed(one.command | pdu.RESPONSE, one.sequence, _ANSWERS.get(pdu.Command(one.command), b""))
            for one in self._reader.feed(data)
        ]
        self._transport.write(b"".join(answers))


async def serve(told: int) -> None:
    server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1", 0)
    os.write(told, str(server.sockets[0].getsockname()[1]).encode())
    await asyncio.Event().wait()


async def measure(port: int, messages: int, window: int) -> None:
    transport, message = make_transport(port, window=window), make_message()
    left = iter(range(messages))

    async def slot() -> None:
        for _ in left:
            await transport.send(message, lambda: None)

    await transport.send(message, lambda: None)
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(slot() for _ in range(window)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{messages / wall:,.0f} submit_sm/s, {cpu / messages * 1e6:.1f} µs CPU each (window {window})")
    await transport.aclose()


def main(messages: int = 100_000, window: int = 100) -> None:
    told, tell = os.pipe()
    peer = os.fork()
    if not peer:
        uvloop.run(serve(tell))
        return
    try:
        uvloop.run(measure(int(os.read(told, 10)), messages, window))
    finally:
        os.kill(peer, signal.SIGKILL)
        os.waitpid(peer, 0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
