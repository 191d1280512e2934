"""The figures of docs/explanation/performance.md for mail: cost of a message, building, promptness.

Run: make bench, or .venv/bin/python -m tests.bench.bench_send [MESSAGES] [PEOPLE_TO_BUILD].
Needs smtp-sink (Debian's postfix). A worker process sends to it through the real ledger; CPU is what the kernel
counted for the worker and for every process of PostgreSQL.
"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import machine

HOME = machine.prepare()

from django.db import connection

from clarion.audience import operations as audience
from clarion.audience.models import Contact, List, Source
from clarion.audience.reading import read_source
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.channels import registry
from clarion.deliveries import building
from clarion.deliveries import operations as runs
from clarion.deliveries.models import Run
from clarion.senders.models import Sender
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace

LEAST_TO_BUILD = 50_000
LINE = "<p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.</p>\n"
HTML = f"<html><body><p>Hi {{{{ first_name }}}} from {{{{ city }}}}: {{{{ points }}}}</p>{LINE * 44}</body></html>"
CONTENT = {"subject": "Hi {{ first_name }}", "html": HTML, "text": "Hi {{ first_name }}: {{ points }}"}


class Figures:
    """Prints a table row by row."""

    def __init__(self) -> None:
        print("| what | figure |\n|---|---|", flush=True)

    def add(self, what: str, figure: str) -> None:
        print(f"| {what} | {figure} |", flush=True)


def make_sender(workspace: Workspace, port: int) -> Sender:
    config = registry.get("email").check_config(
        {"host": "127.0.0.1", "port": port, "security": "none", "from_address": "shop@example.test"}
    )
    return Sender.objects.create(workspace=workspace, channel="email", name="Sink", config=config)


def make_contacts(workspace: Workspace, name: str, count: int) -> List:
    """Make a list of so many contacts."""
    made = List.objects.create(workspace=workspace, name=name, member_count=count)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into audience_contact (workspace_id, public_id, email, phone, first_name, last_name, language,"
            " zone, state, tags, attributes, created_at, updated_at)"
            " select %s, gen_random_uuid(), 'p' || i || %s, '', 'Amira', 'Haddad', 'en', '', 'ACTIVE', '{}',"
            " jsonb_build_object('city', 'Leipzig', 'points', i %% 977), now(), now()"
            " from generate_series(1, %s) i",
            [workspace.pk, f"@{made.pk}.example.test", count],
        )
        cursor.execute(
            "insert into audience_listmember (list_id, contact_id, added_at) select %s, id, now()"
            " from audience_contact where workspace_id = %s and email like %s",
            [made.pk, workspace.pk, f"%@{made.pk}.example.test"],
        )
        cursor.execute("vacuum analyze audience_contact, audience_listmember")
    return made


def make_campaign(workspace: Workspace, source: Source, sender: Sender) -> Campaign:
    by = actors.system(workspace)
    made = campaigns.create_campaign(name=f"Bench {Campaign.objects.count()}", by=by)
    made.source = source
    made.save()
    made.steps.create(position=0, channel="email", sender=sender, body_content=CONTENT, body_source=CONTENT)
    return made


def wait(question: Callable[[], Any], seconds: float = 900, pause: float = 0.02) -> Any:
    until = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(pause)
    return answer


def run_of(campaign: Campaign) -> Run | None:
    return Run.objects.filter(campaign=campaign).order_by("-number").first()


def first_sent(campaign: Campaign) -> float | None:
    run = run_of(campaign)
    return run.first_sent_at.timestamp() if run and run.first_sent_at else None


def finished(campaign: Campaign) -> Run | None:
    run = run_of(campaign)
    return run if run and run.finished_at else None


def autovacuums() -> int:
    """Return how often the server has cleaned up or analysed a table by itself."""
    with connection.cursor() as cursor:
        cursor.execute("select sum(autovacuum_count + autoanalyze_count)::int from pg_stat_user_tables")
        return int(cursor.fetchone()[0])


def send(box: machine.Machine, figures: Figures, workspace: Workspace, sender: Sender, count: int) -> None:
    """Send to `count` people who are built beforehand, and account for the sending alone."""
    by = actors.system(workspace)
    people = make_contacts(workspace, f"{count}", count)
    campaign = make_campaign(workspace, audience.create_list_source(by=by, lists=[people]), sender)
    sender_id = sender.pk
    Sender.objects.filter(pk=sender_id).update(status="PAUSED")  # nothing leaves while it is built
    campaigns.start(campaign=campaign, by=by)
    wait(lambda: (run := run_of(campaign)) and run.built_at)
    with connection.cursor() as cursor:
        cursor.execute("checkpoint")
    time.sleep(1)
    cleaned = autovacuums()
    worker, database, began = box.worker_cpu(), box.database_cpu(), time.monotonic()
    Sender.objects.filter(pk=sender_id).update(status="ACTIVE")
    run = wait(lambda: finished(campaign), pause=0.1)
    spent = time.monotonic() - began
    mine = (box.worker_cpu() - worker) / count * 1e6
    its = (box.database_cpu() - database) / count * 1e6
    assert run.sent == count, run.__dict__
    figures.add(
        f"{count:,} mails of 5 kB, personalised",
        f"**{mine + its:.0f} µs** CPU each: program {mine:.0f} + PostgreSQL {its:.0f}; {count / spent:,.0f}/s; "
        f"worker at most {box.worker_memory()} MB; {autovacuums() - cleaned} autovacuums in it",
    )


def build(figures: Figures, workspace: Workspace, sender: Sender, count: int) -> None:
    """Build runs of `count` people without sending them: from a list, and from a file."""
    by = actors.system(workspace)
    people = make_contacts(workspace, f"build {count}", count)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into audience_suppression (workspace_id, channel, address, reason, origin, created_at)"
            " select %s, 'email', 'p' || i || %s, 'MANUAL', '', now() from generate_series(1, %s, 50) i",
            [workspace.pk, f"@{people.pk}.example.test", count],
        )
    spent = build_once(make_campaign(workspace, audience.create_list_source(by=by, lists=[people]), sender))
    figures.add(f"a run of {count:,} from a list, 2 % suppressed", f"{spent:.1f} s")
    path = HOME / "people.csv"
    with path.open("w") as file:
        file.write("email,first_name,city,points\n")
        file.writelines(f"q{i}@example.test,Amira,Leipzig,{i % 977}\n" for i in range(count))
    began = time.monotonic()
    with path.open("rb") as file:
        source = audience.create_upload_source(by=by, file=file, file_name="people.csv", channel="email")
    source = read_source(source)
    read = time.monotonic() - began
    spent = build_once(make_campaign(workspace, source, sender))
    figures.add(f"the same from a CSV of {count:,} rows", f"{read:.1f} s to read + {spent:.1f} s to build")


def build_once(campaign: Campaign) -> float:
    """Return the seconds it takes to build the campaign's run here, with no worker about."""
    campaigns.start(campaign=campaign, by=actors.system(campaign.workspace))
    began = time.monotonic()
    run = runs.begin_run(campaign.pk)
    assert run
    building.build_run(run)
    spent = time.monotonic() - began
    campaigns.cancel(campaign=Campaign.objects.get(pk=campaign.pk), by=actors.system(campaign.workspace))
    return spent


def be_prompt(figures: Figures, workspace: Workspace, sender: Sender, people: List, count: int) -> None:
    """Start, pause and continue a campaign to `count` people at full speed."""
    by = actors.system(workspace)
    campaign = make_campaign(workspace, audience.create_list_source(by=by, lists=[people]), sender)
    began = time.time()
    campaigns.start(campaign=campaign, by=by)
    figures.add(
        f"start to first mail, {count:,} people", f"{wait(lambda: first_sent(campaign)) - began:.2f} s"
    )
    time.sleep(4)
    campaign.refresh_from_db()
    campaigns.pause(campaign=campaign, by=by)
    paused = time.time()
    time.sleep(1.5)
    run = run_of(campaign)
    assert run
    assert run.last_sent_at
    figures.add("pause to last mail settled", f"{max(0.0, run.last_sent_at.timestamp() - paused):.2f} s")
    before = run.sent
    campaign.refresh_from_db()
    campaigns.continue_(campaign=campaign, by=by)
    continued = time.time()
    wait(lambda: (now := run_of(campaign)) and now.sent > before)
    figures.add("continue to first mail settled", f"{time.time() - continued:.2f} s")
    campaign.refresh_from_db()
    campaigns.cancel(campaign=campaign, by=by)
    wait(lambda: finished(campaign))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    people = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    if 0 < people < LEAST_TO_BUILD:
        raise SystemExit(
            f"Of fewer than {LEAST_TO_BUILD:,} people all are sent to before the run is paused; 0 builds none."
        )
    if shutil.which("smtp-sink") is None:
        raise SystemExit("smtp-sink is not there; `make peers` installs it (Debian's postfix).")
    with machine.Machine(HOME) as box:
        figures = Figures()
        workspace = Workspace.objects.create(slug="bench", name="Bench")
        box.start_sink()
        sender = make_sender(workspace, box.port)
        box.start_worker()
        # Before there are millions of other rows, which autovacuum would look after meanwhile.
        for size in sorted({1_000, 10_000, count}):
            send(box, figures, workspace, sender, size)
        if people:
            box.stop_worker()
            build(figures, workspace, sender, people)
            box.start_worker()
            wait(lambda: not Run.objects.filter(finished_at=None).exists())
            be_prompt(figures, workspace, sender, List.objects.get(name=f"build {people}"), people)
        assert Contact.objects.exists()


if __name__ == "__main__":
    main()
    print(f"\n{Path('/proc/loadavg').read_text().split()[0]} load at the end")
