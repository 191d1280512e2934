"""What it takes to compare a paused run of a million people with what its audience says now, and to apply it.

Run: .venv/bin/python -m tests.bench.bench_refresh [PEOPLE] [list] [file] [caps].
A hundredth of the people is added, another removed, and another changed.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from tests.bench import bench_send, machine

HOME = bench_send.HOME

from django.db import connection

from clarion.audience import operations as audience
from clarion.audience.models import FrequencyCap, List, Source
from clarion.audience.reading import read_source
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.deliveries import building, refreshing
from clarion.deliveries import operations as runs
from clarion.senders.models import Sender
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace

#: A hundredth of the people comes, another goes, another changes.
SHARE = 100


def timed(what: str, box: machine.Machine, do: Callable[[], Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("checkpoint")
    began, cpu, its = time.monotonic(), time.process_time(), box.database_cpu()
    found = do()
    spent = time.monotonic() - began
    mine, its = time.process_time() - cpu, box.database_cpu() - its
    print(f"| {what} | {spent:.2f} s; {mine + its:.2f} s of CPU | {found} |", flush=True)
    return found


def paused(campaign: Campaign) -> Campaign:
    """Return the campaign with its run built and paused."""
    by = actors.system(campaign.workspace)
    campaigns.start(campaign=campaign, by=by)
    run = runs.begin_run(campaign.pk)
    assert run
    building.build_run(run)
    campaign.refresh_from_db()
    campaigns.pause(campaign=campaign, by=by)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze deliveries_recipient_0, deliveries_delivery_0")
    return campaign


def compare(what: str, box: machine.Machine, campaign: Campaign) -> None:
    by = actors.system(campaign.workspace)
    timed(f"{what}: compared", box, lambda: refreshing.difference(campaign=campaign, by=by))
    timed(f"{what}: applied", box, lambda: refreshing.refresh(campaign=campaign, by=by))
    left = refreshing.difference(campaign=campaign, by=by)
    assert left.is_none, left


#: What happens to a list: who goes, who changes, who comes.
_CHANGES = (
    "delete from audience_listmember where list_id = %(list)s and contact_id %% %(share)s = 1",
    """update audience_contact set first_name = 'Changed'
    where workspace_id = %(workspace)s and id %% %(share)s = 2""",
    """with c as (
        insert into audience_contact (workspace_id, public_id, email, phone, first_name, last_name, language, zone,
            state, tags, attributes, created_at, updated_at)
        select workspace_id, gen_random_uuid(), 'n' || extract(epoch from now())::bigint || email, '', 'New', '', '',
            '', 'ACTIVE', '{}', '{}', now(), now()
        from audience_contact where workspace_id = %(workspace)s and id %% %(share)s = 3
        returning id
    )
    insert into audience_listmember (list_id, contact_id, added_at) select %(list)s, id, now() from c""",
)


def change_list(workspace: Workspace, people: List) -> None:
    """Add, remove and change people of a list."""
    with connection.cursor() as cursor:
        for change in _CHANGES:
            cursor.execute(change, {"list": people.pk, "share": SHARE, "workspace": workspace.pk})
        cursor.execute("analyze audience_contact, audience_listmember")


def from_file(workspace: Workspace, count: int) -> Source:
    path = HOME / "people.csv"
    with path.open("w") as file:
        file.write("email,first_name,city,points\n")
        file.writelines(f"q{i}@example.test,Amira,Leipzig,{i % 977}\n" for i in range(count))
    with path.open("rb") as file:
        source: Source = audience.create_upload_source(
            by=actors.system(workspace), file=file, file_name="people.csv", channel="email"
        )
    return read_source(source)


def change_file(source: Source) -> None:
    """Change rows where they stand, as another reading would have left them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update audience_sourcerow set address = 'n' || address where source_id = %s and id %% %s = 1",
            [source.pk, SHARE],
        )
        cursor.execute(
            """update audience_sourcerow set data = data || '{"points": "x"}' where source_id = %s and id %% %s = 2""",
            [source.pk, SHARE],
        )
        cursor.execute("analyze audience_sourcerow")


def main(count: int, only: list[str]) -> None:
    with machine.Machine(HOME) as box:
        workspace = Workspace.objects.create(slug="bench", name="Bench")
        sender: Sender = bench_send.make_sender(workspace, 25)
        by = actors.system(workspace)
        people = bench_send.make_contacts(workspace, "everybody", count)
        if not only or "list" in only:
            source = audience.create_list_source(by=by, lists=[people])
            draft = bench_send.make_campaign(workspace, source, sender)
            timed("a list, of a draft", box, lambda: refreshing.difference(campaign=draft, by=by))
            campaign = paused(bench_send.make_campaign(workspace, source, sender))
            change_list(workspace, people)
            compare("a list", box, campaign)
        if not only or "file" in only:
            source = from_file(workspace, count)
            draft = bench_send.make_campaign(workspace, source, sender)
            timed("a file, of a draft", box, lambda: refreshing.difference(campaign=draft, by=by))
            campaign = paused(bench_send.make_campaign(workspace, source, sender))
            change_file(source)
            compare("a file", box, campaign)
        if not only or "caps" in only:
            FrequencyCap.objects.create(workspace=workspace, messages=3, days=7)
            FrequencyCap.objects.create(workspace=workspace, channel="email", messages=5, days=30)
            source = audience.create_list_source(by=by, lists=[people])
            campaign = paused(bench_send.make_campaign(workspace, source, sender))
            change_list(workspace, people)
            compare("a list with two caps", box, campaign)


if __name__ == "__main__":
    words = sys.argv[1:]
    size = int(words.pop(0)) if words and words[0].isdigit() else 1_000_000
    main(size, words)
