"""What a recurring campaign to new people costs after hundreds of runs, before and after its runs were noted.

Run: .venv/bin/python -m tests.bench.bench_only_new [CANDIDATES] [RUNS] [REACHED].
Each of the earlier runs has reached so many people of its own, who are in the source.
"""

import sys
import time

from tests.bench import bench_send, machine

HOME = bench_send.HOME

from django.db import connection, transaction
from django.utils import timezone

from clarion.audience import operations as audience
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.deliveries import building, remembering
from clarion.deliveries import operations as runs
from clarion.deliveries.models import Run
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace

_RECIPIENTS = """
insert into deliveries_recipient (run_id, id, contact_id, address, variables, stage)
select %(run)s, row_number() over (order by id), id, email, '{}', 2
from (select id, email from audience_contact order by id offset %(offset)s limit %(reached)s) c
"""
_DELIVERIES = """
insert into deliveries_delivery (run_id, id, stage, attempts) select run_id, id * 16, 2, 1 from deliveries_recipient
where run_id = %(run)s
"""


def give_runs(campaign: Campaign, count: int, reached: int) -> None:
    """Give the campaign finished runs, each of other people."""
    now = timezone.now()
    for number in range(count):
        run = Run.objects.create(
            workspace=campaign.workspace, campaign=campaign, number=number + 1, total=reached, sent=reached,
            built_at=now, finished_at=now, last_recipient_id=reached,
        )  # fmt: skip
        with connection.cursor() as cursor:
            facts = {"run": run.pk, "offset": number * reached, "reached": reached}
            cursor.execute(_RECIPIENTS, facts)
            cursor.execute(_DELIVERIES, facts)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze deliveries_recipient_0, deliveries_delivery_0")


def build(box: machine.Machine, campaign: Campaign, what: str) -> None:
    """Put the next run together and take it back."""
    run = runs.begin_run(campaign.pk)
    assert run
    cpu, began = time.process_time() + box.database_cpu(), time.monotonic()
    with transaction.atomic():
        facts = building._facts(run)
        while building._build_chunk(run, facts):
            run.refresh_from_db()
        spent, cpu = time.monotonic() - began, time.process_time() + box.database_cpu() - cpu
        run.refresh_from_db()
        print(
            f"| {what} | {spent:.1f} s; {cpu:.1f} s of CPU | {run.waterfall['excluded']:,} left out |",
            flush=True,
        )
        transaction.set_rollback(True)


def main(candidates: int = 100_000, count: int = 200, reached: int = 400) -> None:
    with machine.Machine(HOME) as box:
        workspace = Workspace.objects.create(slug="bench", name="Bench")
        by = actors.system(workspace)
        people = bench_send.make_contacts(workspace, "everybody", candidates)
        source = audience.create_list_source(by=by, lists=[people])
        campaign = bench_send.make_campaign(workspace, source, bench_send.make_sender(workspace, 25))
        campaigns.start(campaign=campaign, by=by)
        Campaign.objects.filter(pk=campaign.pk).update(launch="RECURRING", only_new=True, occurrence=1)
        campaign.refresh_from_db()
        give_runs(campaign, count, reached)
        build(box, campaign, f"{candidates:,} people, {count} runs looked into")
        began = time.monotonic()
        remembering.note_finished()
        print(
            f"| {count * reached:,} people of {count} runs noted | {time.monotonic() - began:.1f} s |",
            flush=True,
        )
        build(box, campaign, f"{candidates:,} people, {count} runs noted")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
