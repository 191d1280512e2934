"""The figures of docs/explanation/performance.md for people pushed into a triggered campaign through the API.

Run: .venv/bin/python -m tests.bench.bench_push [PEOPLE]. Clients on connections that stay open send to the process of
pushes, and to a web server process as it is installed, with a token, one person a call and many; BENCH_CONNECTIONS
says on how many. CPU is what the kernel counted for that process and for every process of PostgreSQL. Nothing is sent:
that is bench_send's.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from multiprocessing import Process, Queue
from pathlib import Path

import orjson

from tests.bench import machine

HOME = machine.prepare()

from django.db import connections
from django.utils import timezone

from clarion.campaigns.models import Launch
from clarion.campaigns.states import Status
from clarion.deliveries.models import Recipient, RunStep
from clarion.runtime import scheduler
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission
from tests import ledgers
from tests.ports import free_port

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "8"))
TICKS = os.sysconf("SC_CLK_TCK")
#: People in calls of one.
FEW = 5_000
#: People in one call.
SIZES = (1, 10, 100, 1_000)


def cpu_of_all(pid: int) -> float:
    """Return the CPU seconds of a process and of those that it started and that live."""
    total = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(name) == pid or int(fields[1]) == pid:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def calls_of(path: str, secret: str, name: str, count: int, size: int, *, with_key: bool) -> list[bytes]:
    """Return whole requests that push `count` people in calls of `size`."""
    made = []
    for call in range(count // size):
        people = [
            {
                "key": f"{name}-{call}-{n}", "address": f"{name}-{call}-{n}@shop.example",
                "variables": {"first_name": "Ana", "order": n},
            }
            for n in range(size)
        ]  # fmt: skip
        body = orjson.dumps({"people": people})
        once = f"Idempotency-Key: {name}-{call}\r\n" if with_key else ""
        made.append(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\n{once}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
    return made


def make_calls(port: int, calls: list[bytes], told: "Queue[tuple[float, dict[bytes, int]]]") -> None:
    """Make the calls, each connection one after the other, and say how long it took and what was answered."""
    statuses: Counter[bytes] = Counter()

    async def one_after_the_other() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while calls:
            writer.write(calls.pop())
            head = await reader.readuntil(b"\r\n\r\n")
            statuses[head[9:12]] += 1
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()

    async def run() -> None:
        begin = time.perf_counter()
        await asyncio.gather(*(one_after_the_other() for _ in range(CONNECTIONS)))
        told.put((time.perf_counter() - begin, dict(statuses)))

    asyncio.run(run())


def measure(box: machine.Machine, server: int, port: int, calls: list[bytes], size: int, what: str) -> None:
    """Make the calls and print what a person cost."""
    count = len(calls) * size
    told: Queue[tuple[float, dict[bytes, int]]] = Queue()
    caller = Process(target=make_calls, args=(port, calls, told))
    program, database = cpu_of_all(server), box.database_cpu()
    caller.start()
    seconds, statuses = told.get()
    caller.join()
    program, database = cpu_of_all(server) - program, box.database_cpu() - database
    assert set(statuses) == {b"202"}, statuses
    each = [spent / count * 1e6 for spent in (program, database)]
    print(
        f"| {what} | {each[0]:,.0f} + {each[1]:,.0f} µs | {1e6 / each[0]:,.0f}/s | {1e6 / sum(each):,.0f}/s "
        f"| {count / seconds:,.0f}/s |",
        flush=True,
    )


def make_place() -> tuple[str, str]:
    """Make a triggered campaign that is on its way, and return its endpoint and a token's secret."""
    alice = ledgers.make_people().alice
    campaign = ledgers.make_campaign(
        alice, status=Status.BUILDING, launch=Launch.TRIGGER, source=None,
        ends_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    scheduler.build_due()
    RunStep.objects.filter(run__campaign=campaign).update(
        content={"subject": "Hi {{ first_name }}", "text": "Your order {{ order }} is on its way."}
    )
    _token, secret = workspaces.create_token(
        by=of_member(alice), member=alice, name="Bench", scopes=[Permission.LAUNCH], per_minute=1_000_000
    )
    return f"/api/v1/campaigns/{campaign.public_id}/people", secret


def start(what: str, port: int) -> subprocess.Popen[bytes]:
    """Start the web server with one process, or the process of pushes, and wait until it answers."""
    bind = {"web": "CLARION_BIND", "pushes": "CLARION_PUSHES_BIND"}[what]
    environment = {**os.environ, bind: f"127.0.0.1:{port}", "CLARION_WEB_WORKERS": "1"}
    server = subprocess.Popen([sys.executable, "-m", "clarion.cli", what], env=environment)

    async def answers() -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        said = await reader.read()
        writer.close()
        return b" 200 " in said[:16] or what == "pushes"

    while not asyncio.run(answers()):
        time.sleep(0.1)
    return server


def warm_up(port: int, path: str, secret: str, what: str) -> None:
    """Make calls that nobody measures."""
    calls = calls_of(path, secret, f"warm-{what}", 1_000, 10, with_key=False)
    told: Queue[tuple[float, dict[bytes, int]]] = Queue()
    caller = Process(target=make_calls, args=(port, calls, told))
    caller.start()
    told.get()
    caller.join()


def through(what: str, box: machine.Machine, path: str, secret: str, count: int) -> None:
    """Print what people cost who are pushed through one of the two doors."""
    port = free_port()
    server = start(what, port)
    try:
        warm_up(port, path, secret, what)
        for size in SIZES:
            people = min(count, FEW) if size == 1 else count
            calls = calls_of(path, secret, f"{what}{size}", people, size, with_key=False)
            measure(box, server.pid, port, calls, size, f"`clarion {what}`, {size:,}")
        calls = calls_of(path, secret, f"{what}-kept", min(count, FEW), 1, with_key=True)
        measure(box, server.pid, port, calls, 1, f"`clarion {what}`, 1, with an Idempotency-Key")
    finally:
        server.terminate()
        server.wait()


def main(count: int = 10_000) -> None:
    with machine.Machine(HOME) as box:
        path, secret = make_place()
        print(
            "| people in a call | CPU each: program + PostgreSQL | a core of the program's | of both | seen |"
        )
        print("|---|---|---|---|---|")
        for what in ("pushes", "web"):
            through(what, box, path, secret, count)
        connections.close_all()
        assert Recipient.objects.count() >= 2 * 3 * count
        connections.close_all()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
    print(f"\n{Path('/proc/loadavg').read_text().split()[0]} load at the end")
