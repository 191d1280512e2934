"""The figures of docs/explanation/performance.md for what comes back: calls taken, receipts over SMPP, and applying.

Run: .venv/bin/python -m tests.bench.bench_receipts [RECEIPTS]. CPU is what the kernel counted for each process.
"""

import asyncio
import base64
import hmac
import os
import signal
import socket
import subprocess
import sys
import time
from multiprocessing import Process, Queue
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import uvloop

from tests.bench import machine

HOME = machine.prepare()

from django.db import connection, connections

from clarion.channels import registry
from clarion.channels.sms import pdu
from clarion.deliveries.models import InboxEvent, Run, RunStep, StrayEvent
from clarion.senders import operations as senders
from clarion.senders.models import Sender
from clarion.workspaces import actors
from tests.ports import free_port
from tests.runs import MadeRun, add_run

TOKEN = "a-token"
CONNECTIONS = 64
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def per(seconds: float, count: int) -> str:
    """Return microseconds each."""
    return f"{seconds / count * 1e6:.0f}"


def make_sent(config: dict[str, Any], count: int, *, tracked: bool) -> MadeRun:
    """Return a run of so many sent short messages; the provider calls them p1, p2 and on."""
    from clarion.workspaces.models import Workspace

    workspace, _ = Workspace.objects.get_or_create(slug="bench", name="Bench")
    sender = senders.create_sender(
        by=actors.system(workspace), channel="sms", name=f"Sender {Sender.objects.count()}", config=config
    )
    made = add_run(workspace, sender, count=count)
    with connection.cursor() as cursor:
        cursor.execute(
            "update deliveries_delivery set stage = 2, attempts = 1 where run_id = %s", [made.run.pk]
        )
        if tracked:
            cursor.execute(
                "insert into deliveries_providermessage (sender_id, provider_id, run_id, delivery_id)"
                " select %s, 'p' || i, %s, i * 16 from generate_series(1, %s) i",
                [sender.pk, made.run.pk, count],
            )
        cursor.execute("vacuum analyze deliveries_delivery")
    Run.objects.filter(pk=made.run.pk).update(pending=0, sent=count)
    RunStep.objects.filter(run=made.run).update(accepted=count, handed=count, cursor=count)
    return made


def signed_call(made: MadeRun, person: int, public_url: str) -> bytes:
    path = f"/hooks/{made.sender.public_id}/status?m={made.run.pk}.{person * 16}"
    fields = {
        "AccountSid": "ACbench",
        "MessageSid": f"SM{person:032}",
        "MessageStatus": "delivered",
        "To": "+15005550006",
    }
    message = public_url + path + "".join(name + value for name, value in sorted(fields.items()))
    signature = base64.b64encode(hmac.new(TOKEN.encode(), message.encode(), "sha1").digest()).decode()
    body = urlencode(fields)
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"X-Twilio-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Caller(asyncio.Protocol):
    """Makes one call after the other on a connection of its own."""

    def __init__(self, calls: list[bytes], done: asyncio.Event, statuses: dict[bytes, int]) -> None:
        self._calls, self._done, self._statuses = calls, done, statuses

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def _next(self) -> None:
        if self._calls:
            self._transport.write(self._calls.pop())
        else:
            self._done.set()
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        status = data[9:12]
        self._statuses[status] = self._statuses.get(status, 0) + 1
        self._next()


def make_calls(port: int, calls: list[bytes], told: "Queue[tuple[float, dict[bytes, int]]]") -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        events = [asyncio.Event() for _ in range(CONNECTIONS)]
        statuses: dict[bytes, int] = {}
        begin = time.perf_counter()
        for one in events:
            await loop.create_connection(lambda one=one: Caller(calls, one, statuses), "127.0.0.1", port)
        await asyncio.gather(*(one.wait() for one in events))
        told.put((time.perf_counter() - begin, statuses))

    uvloop.run(run())


class Centre(asyncio.Protocol):
    """Binds whoever comes as a receiver, and brings receipts as fast as its window of 1,000 allows."""

    def __init__(self, count: int, told: "Queue[tuple[float, int]]") -> None:
        self._left, self._open, self._kept, self._count, self._told = count, 0, 0, count, told
        self._reader = pdu.Reader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        for one in self._reader.feed(data):
            if one.command == pdu.Command.DELIVER_SM_RESP:
                self._open -= 1
                self._kept += one.status == 0
            else:
                self._transport.write(pdu.packed(one.command | pdu.RESPONSE, one.sequence, b"centre\0"))
                self._begin = time.perf_counter()
        self._fill()
        if self._kept == self._count:
            self._told.put((time.perf_counter() - self._begin, self._kept))

    def _fill(self) -> None:
        out = []
        while self._open < 1000 and self._left:
            text = f"id:p{self._left} sub:001 dlvrd:001 submit date:2611211158 done date:2611211200 stat:DELIVRD err:0"
            message = pdu.ShortMessage(source=b"4915112345670", source_ton=1, esm_class=4, text=text.encode())
            out.append(pdu.packed(pdu.Command.DELIVER_SM, self._left, pdu.short_message_body(message)))
            self._left -= 1
            self._open += 1
        self._transport.write(b"".join(out))


def bring_receipts(port: int, count: int, told: "Queue[tuple[float, int]]") -> None:
    async def run() -> None:
        await asyncio.get_running_loop().create_server(lambda: Centre(count, told), "127.0.0.1", port)
        await asyncio.Event().wait()

    uvloop.run(run())


def wait_until_applied(made: MadeRun, count: int, most: float = 120) -> float:
    """Return the seconds until every receipt is on its message."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < most:
        if RunStep.objects.get(run=made.run).delivered == count:
            return time.perf_counter() - begin
        time.sleep(0.05)
    raise SystemExit(
        f"not applied: {InboxEvent.objects.count()} in the inbox, {StrayEvent.objects.count()} strays"
    )


def measure_calls(place: machine.Machine, count: int) -> None:
    from django.conf import settings

    config = {"protocol": "twilio", "account_sid": "ACbench", "auth_token": TOKEN, "source": "+15005550006"}
    made = make_sent(config, count, tracked=False)
    calls = [signed_call(made, person, settings.CLARION_PUBLIC_URL) for person in range(count, 0, -1)]
    port = free_port()
    environment = {**os.environ, "CLARION_HOOKS_BIND": f"127.0.0.1:{port}"}
    hooks = subprocess.Popen([sys.executable, "-m", "clarion.cli", "hooks"], env=environment)
    told: Queue[tuple[float, dict[bytes, int]]] = Queue()
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.1)
        place.start_worker()
        before, database, worker = cpu_of(hooks.pid), place.database_cpu(), place.worker_cpu()
        caller = Process(target=make_calls, args=(port, calls, told))
        caller.start()
        seconds, statuses = told.get()
        caller.join()
        took = cpu_of(hooks.pid) - before
        lag = wait_until_applied(made, count)
        database, worker = place.database_cpu() - database, place.worker_cpu() - worker
    finally:
        hooks.send_signal(signal.SIGTERM)
        hooks.wait()
        place.stop_worker()
    print(f"| calls taken, signed, stored and answered | {count / seconds:,.0f}/s, {statuses} |")
    print(
        f"| CPU of the process that takes them | {took / count * 1e6:.0f} µs each: {count / took:,.0f}/s a core |"
    )
    print(
        f"| applying, and storing: worker + PostgreSQL | {per(worker, count)} + {per(database, count)} µs |"
    )
    print(f"| the last one applied after the last one was answered | {lag:.1f} s |")


def measure_smpp(place: machine.Machine, count: int) -> None:
    port = free_port()
    config = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "system_id": "bench",
        "receipts": "all",
        "source": "1234",
    }
    made = make_sent(config, count, tracked=True)
    told: Queue[tuple[float, int]] = Queue()
    centre = Process(target=bring_receipts, args=(port, count, told))
    centre.start()
    try:
        place.start_worker()
        worker, database = place.worker_cpu(), place.database_cpu()
        seconds, kept = told.get()
        lag = wait_until_applied(made, count)
        worker, database = place.worker_cpu() - worker, place.database_cpu() - database
    finally:
        centre.kill()
        centre.join()
        place.stop_worker()
    print(f"| receipts over SMPP, stored and answered | {kept / seconds:,.0f}/s of {count:,}, none lost |")
    print(
        f"| hearing, storing and applying: worker + PostgreSQL | {per(worker, count)} + {per(database, count)} µs |"
    )
    print(f"| the last one applied after the last one was answered | {lag:.1f} s |")


def main(count: int = 50_000) -> None:
    assert registry.get("sms")
    print("| what | figure |\n|---|---|", flush=True)
    with machine.Machine(HOME) as place:
        measure_calls(place, count)
        measure_smpp(place, count)
        connections.close_all()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
