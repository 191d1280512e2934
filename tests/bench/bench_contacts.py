"""How long the pages about contacts take with millions of them: grid, search, filters, lists, segments, one profile.

Run: BENCH_CONTACTS=5000000 .venv/bin/python -m tests.bench.bench_contacts [WORD …]; 200,000 by default. With
words only pages whose address has one of them. Milliseconds of the server's own time on the clock, 30 times each.
"""

import gc
import os
import statistics
import sys
import time

from tests.bench import bench_segments, bench_send, machine

HOME = bench_send.HOME

from django.conf import settings
from django.db import connection
from django.test import Client

from clarion.audience.models import Attribute, Contact, List, Segment
from clarion.workspaces.models import Workspace
from tests import factories

CONTACTS = int(os.environ.get("BENCH_CONTACTS", "200000"))
TIMES = 30
#: Milliseconds at the 95th percentile.
LIMIT_MS = 50
PARTS = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results", "HTTP_ACCEPT_ENCODING": "gzip"}


def pages(workspace: Workspace) -> list[str]:
    """Return what is asked for, below the workspace's address."""
    middle = Contact.objects.filter(workspace=workspace).order_by("pk")[CONTACTS // 2]
    listed = List.objects.get(workspace=workspace)
    small, large = Segment.objects.filter(workspace=workspace).order_by("pk")
    return [
        "contacts/", f"contacts/?after={middle.pk}", "contacts/?q=p4711", f"contacts/?q={middle.email}",
        "contacts/?q=%2B4930100", f"contacts/?q={middle.phone or '%2B4930100001'}", "contacts/?q=amira",
        "contacts/?q=n4711", "contacts/?q=amira+n47", "contacts/?q=zzzzz", "contacts/?tag=vip", "contacts/?tag=rare",
        "contacts/?tag=nobody", "contacts/?state=ACTIVE", "contacts/?state=INACTIVE", "contacts/?state=DO_NOT_CONTACT",
        f"contacts/?list={listed.public_id}", f"contacts/?list={listed.public_id}&tag=rare",
        f"contacts/?list={listed.public_id}&state=INACTIVE&q=n4711", "contacts/?attribute=city:Kyiv",
        "contacts/?attribute=city:Nowhere", "contacts/?attribute=points:17&state=INACTIVE", "contacts/?q=zeisold",
        "contacts/?q=zeisold&state=INACTIVE", "contacts/?q=zeisold&tag=vip", f"lists/{listed.public_id}/",
        f"lists/{listed.public_id}/?after={middle.pk}",
        f"segments/{small.public_id}/", f"segments/{large.public_id}/", f"contacts/{middle.public_id}/",
    ]  # fmt: skip


def fill(workspace: Workspace) -> None:
    ids = bench_segments.fill(workspace, CONTACTS)
    Attribute.objects.create(workspace=workspace, name="city", label="City", kind="TEXT")
    Segment.objects.create(
        workspace=workspace, name="Few", rule={"all": [{"field": "tag", "op": "has", "value": "rare"}]}
    )
    Segment.objects.create(
        workspace=workspace, name="Many",
        rule={"all": [{"field": "list", "op": "in", "value": ids["list"]},
                      {"field": "opened", "op": "at_least", "value": {"messages": 2, "days": 90}}]},
    )  # fmt: skip
    with connection.cursor() as cursor:
        # Some tags and states are rare, and old.
        cursor.execute(
            "update audience_contact set tags = '{rare}' where id %% 50000 = 7 and id < %s", [CONTACTS // 2]
        )
        cursor.execute(
            "update audience_contact set state = 'DO_NOT_CONTACT' where id %% 100000 = 9 and id < %s",
            [CONTACTS // 2],
        )
        # As are 50,000 of five million who have one name.
        cursor.execute(
            "update audience_contact set last_name = 'Zeisold' where id %% 50 = 3 and id < %s",
            [CONTACTS // 2],
        )
        cursor.execute("vacuum analyze audience_contact")


def main(words: list[str]) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    bench_segments.MESSAGES = 1 if CONTACTS > 1_000_000 else 2
    with machine.Machine(HOME):
        owner = factories.make_user()
        workspace = factories.make_workspace(owner=owner)
        began = time.perf_counter()
        fill(workspace)
        print(f"{CONTACTS:,} contacts made in {time.perf_counter() - began:.0f} s", flush=True)
        with connection.cursor() as cursor:
            cursor.execute("select pg_total_relation_size('audience_contact')")
            print(f"{cursor.fetchone()[0] / CONTACTS:.0f} octets a contact with its indexes", flush=True)
        client = Client()
        client.force_login(owner)
        client.get(f"/w/{workspace.slug}/contacts/")
        # As the web server does with what it has loaded; to search it for garbage takes 0.1 s each time.
        gc.freeze()
        for page in pages(workspace):
            if words and not any(word in page for word in words):
                continue
            measure(client, f"/w/{workspace.slug}/", page)


def measure(client: Client, base: str, page: str) -> None:
    walls, status = [], 0
    is_part = page.startswith("contacts/?")
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = client.get(base + page, **(PARTS if is_part else {"HTTP_ACCEPT_ENCODING": "gzip"}))
        status, size = answer.status_code, len(answer.content)
        walls.append(1000 * (time.perf_counter() - began))
        if sum(walls) > 10_000:
            break
    walls.sort()
    late = walls[max(0, int(len(walls) * 0.95) - 1)]
    mark = "" if late <= LIMIT_MS else " **over**"
    print(
        f"| {'part' if is_part else 'page'} {page[:70]} | {statistics.median(walls):.0f} | {late:.0f}{mark} |"
        f" {status}, {size / 1000:.1f} kB |",
        flush=True,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
