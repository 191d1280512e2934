"""What it costs to put a run of a million people together: CPU of this process and of PostgreSQL, step by step.

Run: make bench, or .venv/bin/python -m tests.bench.bench_build [PEOPLE] [--explain] [ONLY …].
Seconds on the clock tell of the machine's other guests too; CPU does not.
"""

import resource
import sys
import time

from tests.bench import bench_send, machine

HOME = bench_send.HOME

from django.db import connection, transaction
from django.utils import timezone

from clarion.audience import operations as audience
from clarion.audience.models import FrequencyCap, List, Source
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.deliveries import building, candidates, caps, counting, judging
from clarion.deliveries import operations as runs
from clarion.deliveries.models import Run
from clarion.senders.models import Sender
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace

#: Every so manyth is suppressed, and every so manyth excluded.
SUPPRESSED = 50
EXCLUDED = 20


class Bench:
    def __init__(self, box: machine.Machine, people: int, *, is_explained: bool) -> None:
        self.box, self.people, self.is_explained = box, people, is_explained
        self.workspace = Workspace.objects.create(slug="bench", name="Bench")
        self.sender: Sender = bench_send.make_sender(self.workspace, 25)
        self.everybody = bench_send.make_contacts(self.workspace, "everybody", people)
        self.few = List.objects.create(workspace=self.workspace, name="few", member_count=people // EXCLUDED)
        domain = f"@{self.everybody.pk}.example.test"
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into audience_suppression (workspace_id, channel, address, reason, origin, created_at)"
                " select %s, 'email', 'p' || i || %s, 'MANUAL', '', now() from generate_series(1, %s, %s) i",
                [self.workspace.pk, domain, people, SUPPRESSED],
            )
            cursor.execute(
                "insert into audience_listmember (list_id, contact_id, added_at)"
                " select %s, contact_id, now() from audience_listmember where list_id = %s and mod(contact_id, %s) = 0",
                [self.few.pk, self.everybody.pk, EXCLUDED],
            )
            cursor.execute("vacuum analyze")

    def source(self, *, excluding: bool = False) -> Source:
        made: Source = audience.create_list_source(by=actors.system(self.workspace), lists=[self.everybody])
        if excluding:
            made.excluded_lists.add(self.few)
        return made

    def measure(self, what: str, source: Source) -> Run:
        """Build a run, print what it cost, and call the campaign off again."""
        by = actors.system(self.workspace)
        campaign = bench_send.make_campaign(self.workspace, source, self.sender)
        campaigns.start(campaign=campaign, by=by)
        with connection.cursor() as cursor:
            cursor.execute("checkpoint")
        began, cpu, its = time.monotonic(), time.process_time(), self.box.database_cpu()
        run = runs.begin_run(campaign.pk)
        assert run is not None
        if self.is_explained:
            self._explain(run)
        building.build_run(run)
        spent = time.monotonic() - began
        mine, its = time.process_time() - cpu, self.box.database_cpu() - its
        run.refresh_from_db()
        left_out = {
            name: n for name, n in run.waterfall.items() if n and name not in ("matched", "recipients")
        }
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"| {what} | {spent:.1f} s; **{mine + its:.1f} s CPU**: program {mine:.1f} + PostgreSQL {its:.1f}; "
            f"{memory} MB; {run.total:,} people, left out {left_out} |",
            flush=True,
        )
        assert run.built_at is not None
        return run

    def _explain(self, run: Run) -> None:
        """Build the first half, and print how the next chunk is made."""
        facts = building._facts(run) | {"size": self.people}
        while run.total < self.people // 2:
            building._build_chunk(run, facts)
            run.refresh_from_db()
            if run.total == building.FIRST_CHUNK:
                building._analyze(run)
        wanted = facts | {
            "after": run.build_cursor, "chunk": building.CHUNK, "last": run.last_recipient_id,
        }  # fmt: skip
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "set local enable_seqscan = off; set local enable_hashjoin = off; set local jit = off"
            )
            assert run.campaign.source is not None
            span = candidates.span(cursor, run.campaign.source, wanted) or {}
            statement = judging.among_few(facts["in_span" if span else "statement"])
            held = caps.held_to(run, statement, ["email"], timezone.now(), people=facts["size"])
            cursor.execute(f"explain (analyze, buffers) {held.sql}", wanted | span | held.parameters)
            print("\n".join(line for (line,) in cursor.fetchall()))
            transaction.set_rollback(True)


def settle(run: Run) -> None:
    """Let everybody of a run have got it an hour ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update deliveries_delivery set stage = 2, attempts = 1, claim_id = 1, claimed_at = now(),"
            " ended_at = now() - interval '1 hour' where run_id = %s",
            [run.pk],
        )
        cursor.execute("vacuum analyze deliveries_delivery_0")
    now = timezone.now()
    Run.objects.filter(pk=run.pk).update(
        pending=0, sent=run.total - run.skipped, last_sent_at=now, finished_at=now
    )
    Campaign.objects.filter(pk=run.campaign_id).update(status="COMPLETED", finished_at=now, next_at=None)


def note() -> None:
    """Let it be counted behind the sending, as a worker does within a minute."""
    counting.count_finished()
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze deliveries_contacted")


def repeat(run: Run) -> None:
    """Let every tenth person have got two more messages of other runs."""
    with connection.cursor() as cursor:
        for other in (1, 2):
            cursor.execute(
                "insert into deliveries_contacted (run_id, delivery_id, workspace_id, who, at, channel)"
                " select -%s, delivery_id, workspace_id, who, at, channel from deliveries_contacted"
                " where run_id = %s and (delivery_id >> 4) %% 10 = 0",
                [other, run.pk],
            )
        cursor.execute("vacuum analyze deliveries_contacted")


def call_off(bench: Bench, run: Run) -> None:
    by = actors.system(bench.workspace)
    campaigns.cancel(campaign=Campaign.objects.get(pk=run.campaign_id), by=by)
    with connection.cursor() as cursor:
        cursor.execute("delete from deliveries_recipient where run_id = %s", [run.pk])
        cursor.execute("delete from deliveries_delivery where run_id = %s", [run.pk])
    Run.objects.filter(pk=run.pk).update(
        pending=0, skipped=0, cancelled=run.total, finished_at=timezone.now(), last_recipient_id=0
    )
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze deliveries_recipient_0, deliveries_delivery_0")


def main(people: int, only: list[str], *, is_explained: bool) -> None:
    with machine.Machine(HOME) as box:
        bench = Bench(box, people, is_explained=is_explained)
        if not only or "plain" in only:
            call_off(bench, bench.measure("from a list, 2 % suppressed", bench.source()))
        if not only or "excluded" in only:
            call_off(bench, bench.measure("the same, a list excluded", bench.source(excluding=True)))
        if not only or "caps" in only:
            first = bench.measure("the same, to be counted by caps", bench.source())
            FrequencyCap.objects.create(workspace=bench.workspace, messages=3, days=7)
            FrequencyCap.objects.create(workspace=bench.workspace, channel="email", messages=5, days=30)
            settle(first)
            what = "two caps and a list excluded"
            call_off(bench, bench.measure(f"{what}, a run not noted yet", bench.source(excluding=True)))
            note()
            call_off(bench, bench.measure(f"{what}, all noted", bench.source(excluding=True)))
            repeat(first)
            bench.measure(f"{what}, a tenth has had its share", bench.source(excluding=True))


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--explain"]
    count = int(words.pop(0)) if words and words[0].isdigit() else 1_000_000
    main(count, words, is_explained="--explain" in sys.argv)
