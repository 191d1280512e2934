"""How long the list of campaigns takes in a workspace of a thousand; run by hand with `-m bench -s`.

BENCH_DELIVERIES says how many messages there are, a million by itself.
"""

import os
import statistics
import time

import pytest
from django.db import connection
from django.template import Template
from django.test import Client, utils

from clarion.campaigns.models import Campaign
from clarion.deliveries import campaign_search, listing
from clarion.deliveries.listing import Filters
from clarion.deliveries.models import Run
from clarion.runtime import demo
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.bench]

#: Milliseconds of the server's own time that a page may take at the 95th percentile.
LIMIT_MS = 50
TIMES = 30
DELIVERIES = int(os.environ.get("BENCH_DELIVERIES", "1000000"))
RESULTS = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results", "HTTP_ACCEPT_ENCODING": "gzip"}


def test_the_list_is_quick_with_a_thousand_campaigns(monkeypatch: pytest.MonkeyPatch) -> None:
    # Tests watch every template that is rendered, which costs pages of many parts a quarter of their time.
    monkeypatch.setattr(Template, "_render", utils._TestState.saved_data.template_render)
    owner = factories.make_user()
    began = time.perf_counter()
    workspace = demo.load_large(owner, demo.Size(campaigns=1_000, deliveries=DELIVERIES, contacts=10_000))
    print(f"\n1,000 campaigns and {DELIVERIES:,} messages made in {time.perf_counter() - began:.1f} s")
    client = Client()
    client.force_login(owner)
    base = f"/w/{workspace.slug}/"
    sent = (
        Run.objects.filter(workspace=workspace)
        .order_by("-total")
        .values_list("campaign__public_id", flat=True)
    )
    ids = "&".join(f"id={one}" for one in sent[:8])
    pages = [
        "campaigns/", "campaigns/?sort=name", "campaigns/?sort=-sender", "campaigns/?sort=start&page=40",
        "campaigns/?sort=launch", "campaigns/?q=offer", "campaigns/?q=shop", "campaigns/?q=done",
        "campaigns/?period=7d&status=COMPLETED&tag=de&launch=NOW&channel=sandbox", "archive/",
        f"statistics/?{ids}", f"campaigns/live/?{ids}", f"campaigns/{sent[0]}/info/", f"campaigns/{sent[0]}/menu/",
        f"campaigns/{sent[0]}/", f"campaigns/{sent[0]}/recipients/", "",
    ]  # fmt: skip
    slow = []
    for page in pages:
        for is_part in (False, True) if page.startswith("campaigns/?") or page == "campaigns/" else (False,):
            walls, cpus = [], []
            for _ in range(TIMES):
                wall, cpu = time.perf_counter(), time.process_time()
                answer = client.get(base + page, **(RESULTS if is_part else {"HTTP_ACCEPT_ENCODING": "gzip"}))
                body = answer.content
                walls.append(1000 * (time.perf_counter() - wall))
                cpus.append(1000 * (time.process_time() - cpu))
                assert answer.status_code == 200, page
            walls.sort()
            late = walls[int(TIMES * 0.95) - 1]
            print(
                f"{'part' if is_part else 'page'} {page[:60]:60} wall {statistics.median(walls):6.1f} p95 {late:6.1f}"
                f"  own CPU {statistics.median(cpus):6.1f} ms  {len(body) / 1000:5.1f} kB packed"
            )
            if statistics.median(cpus) > LIMIT_MS:
                slow.append(page)
    _explain(workspace.pk)
    assert slow == []


def _explain(workspace_id: int) -> None:
    mine = Campaign.objects.filter(workspace_id=workspace_id, purged_at=None)
    for sort in ("-created", "name", "sender", "start", "launch"):
        filters = Filters(sort=sort, words="offer", tags=("de",))
        for wanted in (Filters(sort=sort), filters):
            found = campaign_search.in_order(mine.filter(campaign_search.condition(wanted)), sort)
            plan = found[: listing.PAGE_SIZE].explain(analyze=True, buffers=False).splitlines()
            print(sort, "narrowed" if wanted is filters else "all", "|", plan[0].split("(")[0], plan[-1])
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from deliveries_delivery")
        print("deliveries", cursor.fetchone()[0])
