"""What composing, signing and sending a mail cost: CPU microseconds a message, of this process.

Usage: python tests/bench/bench_email_parts.py [MESSAGES]. Sending needs smtp-sink (Debian package postfix).
The `floor` line is a bare pipelining loop without any checks, on the same sockets with the same octets: what
the kernel and the event loop cost by themselves on this machine.
"""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from resource import RUSAGE_SELF, getrusage
from typing import Any

import uvloop
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from clarion.channels.base import StepContext
from clarion.channels.email import config, content
from clarion.channels.email.composer import Composer
from clarion.channels.email.transport import Transport
from clarion.engine.messages import Claim

CONNECTIONS = 10
FILLER = "<p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt.</p>\n"
HTML = (
    "<html><body><p>Hi {{ first_name }} from {{ city }}: {{ points }}</p>\n"
    + FILLER * 50
    + '<a href="{{ unsubscribe_url }}">no more</a></body></html>'
)
TEXT = "Hi {{ first_name }} from {{ city }}: {{ points }}\n{{ unsubscribe_url }}\n"
VARIABLES = {"first_name": "Amira", "city": "Leipzig", "points": 77}


def cpu() -> float:
    """Return the CPU seconds of this process, user and system."""
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def make_composer(**settings: Any) -> Composer:
    """Return a composer for a 5 kB personalised mail with a text."""
    checked = config.check(
        {"host": "127.0.0.1", "from_address": "shop@example.test", "verp": True} | settings
    )
    context = StepContext(
        workspace_id=1,
        run_id=7,
        campaign_public_id="bench",
        public_url="https://clarion.example.test",
        token_key=b"k" * 32,
    )
    mail = content.check({"subject": "Hi {{ first_name }}", "html": HTML, "text": TEXT})
    return Composer(checked=mail, config=config.Config.of(checked), context=context)


def claim(number: int) -> Claim:
    """Return the claim of one of many recipients."""
    return Claim(
        run_id=7,
        delivery_id=number,
        attempt=1,
        address=f"p{number:07d}@example.test",
        variables=VARIABLES,
    )


def measure(name: str, work: Callable[[int], object], count: int) -> None:
    """Print what one call costs."""
    started = cpu()
    for number in range(count):
        work(number)
    print(f"{name:28} {(cpu() - started) / count * 1e6:8.1f} µs")


def pem(key: Any) -> str:
    """Return a private key as the settings want it."""
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    text: bytes = key.private_bytes(*form)
    return text.decode()


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """Run an smtp-sink and give its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(
        ["smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "1000"], stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


async def compose_and_send(port: int, count: int) -> None:
    """Print what composing and handing over cost together."""
    composer = make_composer()
    settings = config.check(
        {"host": "127.0.0.1", "port": port, "security": "none", "from_address": "shop@example.test"}
    )
    transport = Transport(config.Config.of(settings))
    outcomes: Counter[str] = Counter()
    numbers = iter(range(count))

    def hand_over() -> None:
        return None

    async def work() -> None:
        for number in numbers:
            outcomes[type(await transport.send(composer.compose(claim(number)), hand_over)).__name__] += 1

    started, moment = cpu(), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    used, seconds = cpu() - started, time.perf_counter() - moment
    await transport.aclose()
    print(f"{'compose + send':28} {used / count * 1e6:8.1f} µs  {count / seconds:8.0f}/s  {dict(outcomes)}")


class Floor(asyncio.Protocol):
    """The least that a pipelining client does."""

    def __init__(self, wire: bytes) -> None:
        self.wire, self.lines, self.buffer = wire, 0, b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        for line in data.split(b"\n")[:-1]:
            if line[3:4] == b"-":
                continue
            self.lines += 1
            if self.lines == 1:
                self.transport.write(b"EHLO bench\r\n")
            elif self.lines == 2 or self.lines % 4 == 2:
                self.done.set_result(None)
            elif self.lines % 4 == 1:
                self.transport.write(self.wire)

    async def send(self) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(
            b"MAIL FROM:<b@example.test> BODY=8BITMIME\r\nRCPT TO:<p0000000@example.test>\r\nDATA\r\n"
        )
        await self.done


async def floor(port: int, count: int) -> None:
    """Print what the bare loop costs."""
    wire = make_composer().compose(claim(0)).payload.wire()
    loop = asyncio.get_running_loop()
    protocols = []
    for _ in range(CONNECTIONS):
        _, protocol = await loop.create_connection(lambda: Floor(wire), "127.0.0.1", port)
        await protocol.done
        protocols.append(protocol)
    numbers = iter(range(count))

    async def work(protocol: Floor) -> None:
        for _ in numbers:
            await protocol.send()

    started, moment = cpu(), time.perf_counter()
    await asyncio.gather(*map(work, protocols))
    used, seconds = cpu() - started, time.perf_counter() - moment
    for protocol in protocols:
        protocol.transport.close()
    print(f"{'floor (send, no checks)':28} {used / count * 1e6:8.1f} µs  {count / seconds:8.0f}/s")


def main() -> None:
    """Measure every part."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    composer = make_composer()
    print(f"{len(composer.compose(claim(0)).payload.wire())} octets a message")
    measure("compose", lambda number: composer.compose(claim(number)), count)
    measure("compose + octets", lambda number: composer.compose(claim(number)).payload.wire(), count)
    ascii_only = "compose + octets, 7bit"
    measure(ascii_only, lambda number: composer.compose(claim(number)).payload.wire(eight_bit=False), count)
    edwards = make_composer(dkim_keys=[["e", pem(ed25519.Ed25519PrivateKey.generate())]])
    classic = make_composer(
        dkim_keys=[["r", pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))]]
    )
    measure("… + DKIM Ed25519", lambda number: edwards.compose(claim(number)).payload.wire(), count // 10)
    measure("… + DKIM RSA-2048", lambda number: classic.compose(claim(number)).payload.wire(), count // 20)
    if shutil.which("smtp-sink") is None:
        print("smtp-sink is not installed (Debian package postfix): sending is not measured")
        return
    with sink() as port:
        for _ in range(2):
            uvloop.run(floor(port, count))
            uvloop.run(compose_and_send(port, count))


if __name__ == "__main__":
    main()
