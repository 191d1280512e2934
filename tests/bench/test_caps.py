"""What frequency caps cost where a run is built; run by hand with `-m bench -s`."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from clarion.audience.models import FrequencyCap, List, Source, SourceKind
from clarion.audience.queries import estimate, people_of
from clarion.campaigns.states import Status
from clarion.deliveries import building, counting
from clarion.deliveries.models import Contacted, Run
from tests import ledgers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.bench]

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000000"))
#: How much longer a build may take with caps than without.
LIMIT = 1.2


def timed(what: str, do: Callable[[], object]) -> float:
    """Return the CPU seconds of the program and its server process: other work on the machine does not count."""
    began, cpu = time.perf_counter(), spent()
    do()
    seconds = spent() - cpu
    print(f"{what}: {time.perf_counter() - began:.2f} s, {seconds:.2f} s of CPU", flush=True)
    return seconds


def spent() -> float:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        pid = cursor.fetchone()[0]
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])  # user and system time (proc(5))
    return ticks / os.sysconf("SC_CLK_TCK") + time.process_time()


def sent(run: Run) -> None:
    """Let every message of a run have been sent an hour ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update deliveries_delivery set stage = 2, attempts = 1, claim_id = 1, claimed_at = now(),"
            " ended_at = now() - interval '1 hour' where run_id = %s",
            [run.pk],
        )
        cursor.execute(f"vacuum analyze deliveries_delivery_{run.pk // 1000}")
    Run.objects.filter(pk=run.pk).update(
        pending=0,
        sent=run.total,
        last_sent_at=timezone.now(),
        finished_at=timezone.now(),
        built_at=timezone.now(),
    )


def test_a_million_people_are_held_to_caps_at_little_cost() -> None:
    people = ledgers.make_people()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into audience_contact (workspace_id, public_id, email, phone, first_name, last_name, language,"
            " zone, state, tags, attributes, created_at, updated_at)"
            " select %s, gen_random_uuid(), 'p' || i || '@example.test', '', 'Ada', 'N' || i, 'en', '', 'ACTIVE', '{}',"
            " '{}', now(), now() from generate_series(1, %s) i",
            [people.workspace.pk, PEOPLE],
        )
        everybody = List.objects.create(workspace=people.workspace, name="All", member_count=PEOPLE)
        cursor.execute(
            "insert into audience_listmember (list_id, contact_id, added_at)"
            " select %s, id, now() from audience_contact where workspace_id = %s",
            [everybody.pk, people.workspace.pk],
        )
        cursor.execute("vacuum analyze audience_contact")
        cursor.execute("vacuum analyze audience_listmember")
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.LISTS)
    source.lists.add(everybody)

    def build(what: str) -> tuple[Run, float]:
        campaign = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source)

        def work() -> None:
            building.build(campaign.pk)

        seconds = timed(what, work)
        return campaign.runs.get(), seconds

    first, plain = build("built without caps")
    sent(first)
    again, plain_again = build("built without caps, again")
    Run.objects.filter(pk=again.pk).update(closing_stage=7)
    with connection.cursor() as cursor:
        cursor.execute("update deliveries_delivery set stage = 7, problem = 7 where run_id = %s", [again.pk])
    Run.objects.filter(pk=again.pk).update(
        pending=0, cancelled=again.total, finished_at=timezone.now(), built_at=timezone.now()
    )
    FrequencyCap.objects.create(workspace=people.workspace, messages=3, days=7)
    FrequencyCap.objects.create(workspace=people.workspace, channel="email", messages=5, days=30)
    _third, uncounted = build("built with caps, two runs looked up in themselves")
    _third.refresh_from_db()
    sent(_third)
    timed("noted", counting.count_finished)
    print(f"notes: {Contacted.objects.count():,}")
    with connection.cursor() as cursor:
        cursor.execute("select pg_total_relation_size('deliveries_contacted')")
        print(f"{cursor.fetchone()[0] / 1e6:.0f} MB")
    last, counted = build("built with caps, runs noted")
    assert last.waterfall["capped"] == 0
    timed("estimate with caps", lambda: estimate(source, "email", is_capped=True))
    timed("estimate without", lambda: estimate(source, "email", is_capped=False))
    for step in ("capped", "suppressed", "will_receive"):
        timed(f"people of {step}", lambda step=step: people_of(source, "email", step))
    print(
        f"with caps {counted / min(plain, plain_again):.2f}, looked up {uncounted / min(plain, plain_again):.2f}"
    )
    assert counted < LIMIT * max(plain, plain_again)
