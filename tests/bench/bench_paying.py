"""The figures of docs/adr/0009: what a message costs more when it costs something.

Run: .venv/bin/python -m tests.bench.bench_paying [MESSAGES] [ROUNDS]. Needs smtp-sink (Debian's postfix). The same
mails go in turn from a workspace without a balance, from one with one price, and from one with 200 prefixes; CPU is
what the kernel counted for the worker and for every process of PostgreSQL, the booking included.
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
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with machine.Machine(HOME) as box:
        box.start_sink()
        found: dict[str, list[float]] = {"free": [], "one price": [], "200 prefixes": []}
        places = {}
        for name in found:
            workspace = Workspace.objects.create(slug=name.replace(" ", "-"), name=name)
            if name != "free":
                by = actors.operator(workspace)
                accounts.switch_on(by=by, currency="EUR")
                accounts.top_up(by=by, amount=10**13)
                prices.set_price(by=by, said=prices.Said(channel="email", amount=1_000))
            places[name] = (Workspace.objects.get(pk=workspace.pk), make_sender(workspace, box.port))
        box.start_worker()
        for number in range(rounds + 1):
            for name, (workspace, sender) in places.items():
                cost = send(box, workspace, sender, count, 200 if name == "200 prefixes" else 0)
                if number:  # the first is for warming up
                    found[name].append(cost)
        for measure in (min, statistics.median):
            free = measure(found["free"])
            for name, costs in found.items():
                figure = measure(costs)
                change = figure / free * 100 - 100
                print(f"{measure.__name__}: {name}: {figure:.1f} µs a mail ({change:+.1f} %)", flush=True)
        print(found)


if __name__ == "__main__":
    main()
