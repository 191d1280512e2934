"""What a message costs the channels over HTTP, against a peer that answers at once.

Run by hand: `python tests/bench/bench_http_channels.py [messages] [at once]`. The figure holds composing, encrypting
where the channel does, and the HTTP client.
"""

import asyncio
import os
import signal
import sys
import time
from typing import Any, cast

import uvloop

from clarion.channels.telegram.tests import making as telegram
from clarion.channels.webpush import vapid
from clarion.channels.webpush.encryption import own_key
from clarion.channels.webpush.tests import making as webpush
from clarion.engine.messages import Claim
from clarion.engine.outcomes import Accepted
from clarion.engine.ports import Composer, Transport

_BODY = b'{"ok":true,"result":{"message_id":77,"chat":{"id":42,"type":"private"},"date":1700000000,"text":"Hello"}}'
_ANSWER = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nLocation: /m/1\r\nContent-Length: "
    + str(len(_BODY)).encode() + b"\r\n\r\n" + _BODY
)  # fmt: skip


class Peer(asyncio.Protocol):
    """Accepts every request whose body has a length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._had = b""

    def data_received(self, data: bytes) -> None:
        self._had += data
        while (end := self._had.find(b"\r\n\r\n")) >= 0:
            head = self._had[:end].lower()
            at = head.index(b"content-length:") + 15
            length = int(head[at:].split(b"\r\n", 1)[0])
            if len(self._had) < end + 4 + length:
                return
            self._had = self._had[end + 4 + length :]
            self._transport.write(_ANSWER)


async def serve(told: int) -> None:
    server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1", 0)
    os.write(told, str(server.sockets[0].getsockname()[1]).encode())
    await asyncio.Event().wait()


async def measure(name: str, transport: Transport, composer: Composer, address: Any, messages: int) -> None:
    left = iter(range(1, messages + 1))

    async def one(n: int) -> None:
        claim = Claim(run_id=1, delivery_id=n, attempt=1, address=address(n), variables={"name": f"Ada {n}"})
        outcome = await transport.send(composer.compose(claim), lambda: None)
        if not isinstance(outcome, Accepted):
            raise SystemExit(f"{name}: {outcome}")

    async def slot() -> None:
        for n in left:
            await one(n)

    await one(messages + 1)
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(slot() for _ in range(transport.concurrency)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    await transport.aclose()
    print(f"{name:9} {messages / wall:6,.0f}/s, {cpu / messages * 1e6:4.0f} µs CPU each")


async def run(port: int, messages: int, at_once: int) -> None:
    api = f"http://127.0.0.1:{port}"
    await measure(
        "telegram", telegram.make_transport(port, connections=at_once),
        telegram.make_composer(text="*Hello {{ name }}*", format="markdown", buttons="Shop | https://shop.example"),
        str, messages,
    )  # fmt: skip
    keys = f"{vapid.encode(own_key().public)} {vapid.encode(b'x' * 16)}"
    await measure(
        "webpush", webpush.make_transport(connections=at_once), webpush.make_composer(subject="Hello {{ name }}"),
        lambda n: f"{api}/push/{n} {keys}", messages,
    )  # fmt: skip


def main(messages: int = 20_000, at_once: int = 20) -> None:
    told, tell = os.pipe()
    peer = os.fork()
    if not peer:
        uvloop.run(serve(tell))
        return
    try:
        uvloop.run(run(int(os.read(told, 10)), messages, at_once))
    finally:
        os.kill(peer, signal.SIGKILL)
        os.waitpid(peer, 0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
