"""How long the reads of a campaign's page take on a run of a million people; run by hand with `-m bench -s`."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from clarion.deliveries import details, ledger, progress, queries, trail
from clarion.deliveries.activity import Span, activity
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.recipients import recipients_page
from clarion.deliveries.states import Result, Skip, Stage
from clarion.engine.outcomes import Reason
from tests import ledgers

pytestmark = [pytest.mark.django_db, pytest.mark.bench]

PEOPLE = 1_000_000
#: Milliseconds that a read may take.
LIMIT_MS = 50


@pytest.fixture
def run() -> Run:
    """A run in the middle: outcomes of every kind lie scattered among a million people."""
    campaign = ledgers.make_campaign(ledgers.make_people().alice)
    run = ledgers.make_run(campaign, sent=PEOPLE * 7 // 10, pending=PEOPLE * 3 // 10)
    for where, values in (
        ("id / 16 %% 100 = 3 and id / 16 <= 700000", {"stage": 4, "problem": 4, "reason": 301, "code": "550 5.1.1"}),
        ("id / 16 %% 5000 = 7 and id / 16 <= 700000", {"stage": 4, "problem": 4, "reason": 303, "code": "552 5.2.2"}),
        ("id / 16 %% 1000 = 5 and id / 16 <= 700000", {"stage": 5, "problem": 5, "reason": 501}),
        ("id / 16 %% 3 = 1 and id / 16 <= 700000 and stage = 2", {"result": 2}),
        ("id / 16 %% 2000 = 8 and id / 16 <= 700000", {"result": 11}),
        ("id / 16 between 699001 and 700000", {"stage": 1, "claim_id": 9, "problem": None, "result": None}),
        ("id / 16 %% 200 = 9 and id / 16 <= 690000", {"stage": 0, "reason": 103, "result": None}),
    ):  # fmt: skip
        ledgers.change("delivery", run, where, **values)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into deliveries_waiting (run_id, delivery_id, step, not_before, reason)"
            " select run_id, id, 0, now(), reason from deliveries_delivery"
            " where run_id = %s and stage = 0 and id / 16 <= 690000",
            [run.pk],
        )
        cursor.execute(
            "update deliveries_recipient set stage = 6, skip = 4 where run_id = %s and id %% 50 = 0 and id > 700000",
            [run.pk],
        )
        cursor.execute("insert into deliveries_claim values (9, 1, %s, 0, 1600, 11200000, now())", [run.pk])
        cursor.execute(
            "insert into deliveries_activity select %s, 0, now() - i * interval '1 minute', s, 100"
            " from generate_series(1, 3000) i, unnest(array[2,4,5]) s",
            [run.pk],
        )
        cursor.execute("analyze deliveries_delivery, deliveries_recipient, deliveries_waiting")
    RunStep.objects.filter(run=run).update(cursor=700_000)
    return run


def test_every_read_is_quick_on_a_million(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    campaign = run.campaign
    pages: dict[str, dict[str, Any]] = {
        "first": {},
        "middle": {"after": 500_000},
        "backwards": {"before": 500_000},
        "last": {"before": 2**40},
        "pending": {"stage": Stage.PENDING},
        "pending beyond": {"stage": Stage.PENDING, "after": 699_000},
        "in flight (wide claim)": {"stage": Stage.IN_FLIGHT},
        "sent, middle": {"stage": Stage.SENT, "after": 350_000},
        "failed": {"stage": Stage.FAILED, "after": 600_000},
        "failed, rare reason": {"stage": Stage.FAILED, "reason": int(Reason.MAILBOX_FULL)},
        "failed, reason of nobody": {"stage": Stage.FAILED, "reason": int(Reason.MESSAGE_TOO_LARGE)},
        "unknown, code": {"stage": Stage.UNKNOWN, "code": ""},
        "skipped": {"stage": Stage.SKIPPED},
        "skip": {"skip": Skip.SUPPRESSED, "before": 900_000},
        "cancelled (nobody)": {"stage": Stage.CANCELLED},
        "delivered": {"result": Result.DELIVERED, "after": 400_000},
        "bounced": {"result": Result.BOUNCED},
        "no receipt": {"no_receipt": True, "after": 300_000},
        "code without stage": {"code": "552 5.2.2"},
        "search: rare address": {"q": "person0500000"},
        "search: common address": {"q": "person", "after": 400_000},
        "search: common, failed": {"q": "person", "stage": Stage.FAILED},
        "search: 1,000 addresses": {"q": "person0500"},
        "search: number": {"q": "#654321"},
    }
    reads: dict[str, Callable[[], object]] = {
        **{f"page: {name}": lambda kw=kw: recipients_page(run, **kw) for name, kw in pages.items()},
        "overview": lambda: progress.overview(run, is_sending=True),
        "details": lambda: details.delivery_details(run, 555_555),
        "problems": lambda: queries.problems(run),
        "activity by hour": lambda: activity(run, Span.HOUR, "Europe/Berlin"),
        "activity by minute": lambda: activity(run, Span.MINUTE, "Europe/Berlin"),
        "states": lambda: trail.state_history(campaign),
        "timeline": lambda: trail.timeline(campaign),
    }
    slow = []
    lines = []
    for name, read in reads.items():
        times = []
        for _ in range(5):
            began = time.perf_counter()
            read()
            times.append((time.perf_counter() - began) * 1000)
        lines.append(
            f"{name:36s} first {times[0]:7.1f} ms  best {min(times):7.1f}  worst {max(times[1:]):7.1f}"
        )
        if min(times) > LIMIT_MS:
            slow.append(lines[-1])
    began = time.perf_counter()
    page = recipients_page(run, q="4bXy0650001")
    lines.append(f"provider id {len(page.people)} found in {(time.perf_counter() - began) * 1000:.0f} ms")
    lines.append(f"check-ledger {ledger.check(run).seconds} s")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert not slow
