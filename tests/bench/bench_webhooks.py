"""What telling webhooks costs: events a second to a receiver that takes them at once, and a campaign with and without.

Run: .venv/bin/python -m tests.bench.bench_webhooks [MESSAGES]. Needs smtp-sink (Debian's postfix). CPU is what the
kernel counted: for the sending worker, for every process of PostgreSQL, and for this process, which tells as the
process of the background jobs does. The receiver runs in a process of its own.
"""

import asyncio
import contextlib
import multiprocessing
import resource
import shutil
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench import machine

HOME = machine.prepare()

from clarion.lib.reach import Reach
from clarion.runtime.telling import Teller
from clarion.webhooks import operations as webhooks
from clarion.webhooks.models import Batch, BatchStatus, Endpoint, Feed
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace
from tests.bench.bench_send import Figures, make_sender, send, wait

HERE = Reach.of("127.0.0.1")


def receive(said: Connection) -> None:
    """Take everything at once, and say where."""
    from aiohttp import web

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=204)

    async def run() -> None:
        app = web.Application(client_max_size=2**20)
        app.router.add_post("/hook", take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        said.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


def mine() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def is_told(endpoint: Endpoint) -> bool:
    waits = Batch.objects.filter(endpoint=endpoint, status=BatchStatus.WAITING).exists()
    feeds = Feed.objects.filter(endpoint=endpoint)
    return feeds.exists() and not waits and not feeds.filter(is_open=True).exists()


def tell(box: machine.Machine, figures: Figures, workspace: Workspace, url: str, count: int) -> None:
    """Tell of the messages of the runs that are there, and account for it."""
    by = actors.operator(workspace)
    endpoint, _secret = webhooks.create_endpoint(by=by, url=url, kinds=["delivery"])
    Endpoint.objects.filter(pk=endpoint.pk).update(since=workspace.created_at)
    teller = Teller(HERE)
    own, its, began = mine(), box.database_cpu(), time.monotonic()
    teller.start()
    wait(lambda: is_told(endpoint), pause=0.2)
    spent = time.monotonic() - began
    teller.stop(10)
    own, its = (mine() - own) / count * 1e6, (box.database_cpu() - its) / count * 1e6
    requests = Batch.objects.filter(endpoint=endpoint).count()
    figures.add(
        f"{count:,} deliveries told of from the ledger",
        f"**{own + its:.1f} µs** CPU each: program {own:.1f} + PostgreSQL {its:.1f}; {count / spent:,.0f}/s; "
        f"{requests:,} requests",
    )
    webhooks.remove_endpoint(by=by, endpoint=endpoint)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if shutil.which("smtp-sink") is None:
        raise SystemExit("smtp-sink is not there; `make peers` installs it (Debian's postfix).")
    ours, theirs = multiprocessing.Pipe()
    receiver = multiprocessing.Process(target=receive, args=(theirs,), daemon=True)
    receiver.start()
    url = f"http://127.0.0.1:{ours.recv()}/hook"
    from django.conf import settings

    settings.CLARION_FETCH_ALLOW = HERE
    with machine.Machine(HOME) as box:
        figures = Figures()
        workspace = Workspace.objects.create(slug="bench", name="Bench")
        box.start_sink()
        sender = make_sender(workspace, box.port)
        box.start_worker()
        send(box, figures, workspace, sender, 2_000)  # warms up
        send(box, figures, workspace, sender, count)
        tell(box, figures, workspace, url, count + 2_000)
        webhooks.create_endpoint(
            by=actors.operator(workspace), url=url, kinds=["campaign", "run", "reply", "suppression"]
        )
        figures.add("and with a webhook that asks for no deliveries", "")
        send(box, figures, workspace, sender, count + 1)  # a list of another name
        webhooks.create_endpoint(by=actors.operator(workspace), url=url, kinds=["delivery"])
        teller = Teller(HERE)
        teller.start()
        own = mine()
        figures.add("and with one that is told of deliveries while they are sent", "")
        send(box, figures, workspace, sender, count + 2)
        wait(lambda: is_told(Endpoint.objects.order_by("-pk")[0]), pause=0.2)
        figures.add("in which this process told them", f"{(mine() - own) / count * 1e6:.1f} µs each")
        teller.stop(10)
    receiver.kill()
    receiver.join()


if __name__ == "__main__":
    main()
    print(f"\n{Path('/proc/loadavg').read_text().split()[0]} load at the end")
