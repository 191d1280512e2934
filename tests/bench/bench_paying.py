"""What a whole mail costs more when it costs something, as docs/adr/0009 tells. `bench_paying_ledger` is more exact.

Run: .venv/bin/python -m tests.bench.bench_paying [MESSAGES] [ROUNDS]. Needs smtp-sink (Debian's postfix). The same
mails go in turn from a workspace without a balance, from one with one price, and from one with 200 prefixes; CPU is
what the kernel counted for the worker and for every process of PostgreSQL, the booking included.

Other work on the machine makes single runs differ by more than what is looked for. So runs are short and many, each
that costs something has one that costs nothing right before or right after it, in turn (A B, B A, …), and what is told
is the median of the differences within those pairs, with the half of them around it.
"""

import statistics
import sys
import time

from tests.bench import bench_send, machine
from tests.bench.bench_send import finished, make_campaign, make_contacts, make_sender, run_of, wait

HOME = bench_send.HOME

from django.db import connection

from clarion.audience import operations as audience
from clarion.campaigns import operations as campaigns
from clarion.deliveries.models import RunStep
from clarion.senders.models import Sender
from clarion.senders.prices import operations as prices
from clarion.senders.prices.tariff import Rate, Tariff
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace
from clarion.workspaces.money import operations as accounts


def send(box: machine.Machine, workspace: Workspace, sender: Sender, count: int, prefixes: int) -> float:
    """Return the microseconds of CPU that each of so many mails takes."""
    by = actors.system(workspace)
    people = make_contacts(workspace, f"{time.monotonic()}", count)
    campaign = make_campaign(workspace, audience.create_list_source(by=by, lists=[people]), sender)
    Sender.objects.filter(pk=sender.pk).update(status="PAUSED")
    campaigns.start(campaign=campaign, by=by)
    run = wait(lambda: (run := run_of(campaign)) and run.built_at and run)
    if prefixes:
        rates = [Rate("", 1_000), *(Rate(f"p{n}", 2_000) for n in range(prefixes))]
        RunStep.objects.filter(run=run).update(tariff=Tariff(rates).dump())
    with connection.cursor() as cursor:
        cursor.execute("checkpoint")
    time.sleep(1)
    before = box.worker_cpu() + box.database_cpu()
    Sender.objects.filter(pk=sender.pk).update(status="ACTIVE")
    run = wait(lambda: finished(campaign), pause=0.1)
    wait(lambda: not RunStep.objects.filter(run=run, is_booked=False).exists(), pause=0.1)
    assert run.sent == count
    return (box.worker_cpu() + box.database_cpu() - before) / count * 1e6


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 12
    with machine.Machine(HOME) as box:
        box.start_sink()
        found: dict[str, list[tuple[float, float]]] = {"one price": [], "200 prefixes": []}
        places = {}
        for name in ("free", *found):
            workspace = Workspace.objects.create(slug=name.replace(" ", "-"), name=name)
            if name != "free":
                by = actors.operator(workspace)
                accounts.switch_on(by=by, currency="EUR")
                accounts.top_up(by=by, amount=10**13)
                prices.set_price(by=by, said=prices.Said(channel="email", amount=1_000))
            places[name] = (Workspace.objects.get(pk=workspace.pk), make_sender(workspace, box.port))
        box.start_worker()

        def cost(name: str) -> float:
            workspace, sender = places[name]
            return send(box, workspace, sender, count, 200 if name == "200 prefixes" else 0)

        for name in found:
            cost(name)  # for warming up
        for number in range(rounds):
            for name in found:
                order = ("free", name) if number % 2 else (name, "free")
                told = {one: cost(one) for one in order}
                found[name].append((told["free"], told[name]))
        for name, pairs in found.items():
            _tell(name, pairs)


def _tell(name: str, pairs: list[tuple[float, float]]) -> None:
    """Print what one costs more than nothing does, by the differences within the pairs."""
    free = statistics.median(before for before, _after in pairs)
    more = [after - before for before, after in pairs]
    low, middle, high = statistics.quantiles(more, n=4) if len(more) > 1 else (more * 3)
    spread = f"half of the pairs from {low:+.1f} to {high:+.1f}"
    print(f"{name}: {middle:+.1f} µs a mail over {free:.1f} ({middle / free:+.1%}); {spread}", flush=True)


if __name__ == "__main__":
    main()
