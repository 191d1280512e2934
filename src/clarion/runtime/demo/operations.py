"""Put the demo together through the operations that people use, and remove it whole."""

import csv
import io
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog
from django.db import connection, transaction

from clarion.audience import importing, uploads
from clarion.audience import operations as audience
from clarion.audience.models import Contact, Import, List, Source
from clarion.campaigns import operations as campaigns
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.content import operations as content
from clarion.content import queries
from clarion.content.models import Template, TemplateVersion
from clarion.deliveries import closing
from clarion.deliveries.models import Run
from clarion.runtime.demo import large, messages, people
from clarion.senders import operations as senders
from clarion.senders.models import Sender
from clarion.workspaces import actors, audit, operations
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import User, Workspace
from clarion.workspaces.permissions import Permission

CHANNEL = "sandbox"
SLUG = "demo"

#: A few messages are refused and a few come back, so that there is something to see.
_SANDBOX = {"latency_seconds": 0.02, "refuse_share": 0.03, "bounce_share": 0.02, "receipt_delay_seconds": 2.0}


@transaction.atomic
def load(owner: User | None) -> Workspace:
    """Return the demo workspace, made unless it is there.

    One of its campaigns is started: the sending processes send it through the sandbox as soon as they run, so
    that its history is a true one. The other one is a draft.
    """
    found = Workspace.objects.filter(is_demo=True).exclude(name=large.NAME).first()
    if found is not None:
        return found
    workspace = operations.create_workspace(name="Demo", slug=_free_slug(), owner=owner, is_demo=True)
    by = actors.system(workspace)
    lists = _lists(by)
    templates = _templates(by)
    sender = senders.create_sender(by=by, channel=CHANNEL, name="Demo sandbox", config=_SANDBOX)
    newsletter, customers, _meetup = lists
    first = _campaign(
        by, "Spring newsletter", [newsletter, customers], sender, templates["Spring newsletter"]
    )
    draft = _campaign(by, "Renewal notice", [customers], sender, templates["Renewal notice"])
    # Slow enough to be watched, paused and continued.
    campaigns.update_campaign(campaign=draft, by=by, rate_limit=2.0)
    campaigns.start(campaign=first, by=by)
    return workspace


def _free_slug() -> str:
    taken = set(Workspace.objects.filter(slug__startswith=SLUG).values_list("slug", flat=True))
    return next(
        slug for slug in (SLUG, *(f"{SLUG}-{number}" for number in range(2, 1000))) if slug not in taken
    )


def _lists(by: Actor) -> list[List]:
    made = []
    for name, rows in people.people():
        one = audience.create_list(by=by, name=name)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(people.Somebody._fields)
        writer.writerows(rows)
        an_import = audience.create_import(
            by=by, file=io.BytesIO(text.getvalue().encode()), file_name=f"{name}.csv"
        )
        started = audience.start_import(by=by, the_import=an_import, mapping=an_import.mapping, add_to=one)
        importing.run_import(started)
        made.append(one)
    return made


def _templates(by: Actor) -> dict[str, TemplateVersion]:
    return {
        name: queries.latest_version(
            content.create_template(by=by, channel=CHANNEL, name=name, source=source)
        )
        for name, source in messages.TEMPLATES.items()
    }


def _campaign(by: Actor, name: str, lists: list[List], sender: Sender, version: TemplateVersion) -> Campaign:
    campaign = campaigns.create_campaign(name=name, by=by)
    Campaign.objects.filter(pk=campaign.pk).update(is_demo=True)
    source = audience.create_list_source(by=by, lists=lists)
    campaign = campaigns.set_source(campaign=campaign, source=source, by=by)
    campaigns.set_step(campaign=campaign, channel=CHANNEL, by=by, sender=sender, template_version=version)
    return campaign


log = structlog.get_logger(__name__)

#: Seconds that messages under way may take to be settled.
SETTLE_SECONDS = 10.0

#: Big tables have no foreign keys to runs, so their rows are named.
_OF_RUNS = (
    "deliveries_receipt", "deliveries_attempt", "deliveries_waiting", "deliveries_delivery",
    "deliveries_recipient", "deliveries_activity", "deliveries_claim",
)  # fmt: skip


class NotADemo(Exception):
    """Only a demo workspace is removed like this."""


class StillSending(Exception):
    """Messages of the demo are still under way; try again in a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What would be gone."""

    contacts: int
    campaigns: int
    templates: int
    recipients: int


def numbers(workspace: Workspace) -> Numbers:
    """Count what belongs to the workspace."""
    totals = Run.objects.filter(workspace=workspace).values_list("total", flat=True)
    return Numbers(
        contacts=Contact.objects.filter(workspace=workspace).count(),
        campaigns=Campaign.objects.filter(workspace=workspace).count(),
        templates=Template.objects.filter(workspace=workspace).count(),
        recipients=sum(totals),
    )


def remove(by: Actor) -> Numbers:
    """Remove the actor's workspace, which must be a demo, and return what is gone.

    Raises NotAllowed, NotADemo, StillSending.
    """
    by.require(Permission.MANAGE_MEMBERS)
    if not by.workspace.is_demo:
        raise NotADemo
    _call_off(by)
    with transaction.atomic():
        gone = numbers(by.workspace)
        workspace = Workspace.objects.select_for_update().get(pk=by.workspace.pk)
        if Run.objects.filter(workspace=workspace, in_flight__gt=0).exists():
            raise StillSending
        _delete_rows(workspace)
        _delete_files(workspace)
        for model in (Run, Campaign, Source, Import, Template, Sender):
            model.objects.filter(workspace=workspace).delete()
        audit.let_go(workspace)
        workspace.delete()
    log.info("demo.removed", workspace=workspace.slug, by_user=by.user.pk if by.user else None)
    return gone


def _call_off(by: Actor) -> None:
    """Cancel what is going on, and wait for what is under way."""
    for campaign in Campaign.objects.filter(workspace=by.workspace):
        with suppress(TransitionRefused):
            campaigns.cancel(campaign=campaign, by=by)
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        for run in Run.objects.filter(
            workspace=by.workspace, finished_at=None, campaign__status="CANCELLED"
        ).select_related("campaign"):
            closing.close(run)
        if not Run.objects.filter(workspace=by.workspace, in_flight__gt=0).exists():
            return
        if time.monotonic() > until:
            raise StillSending
        time.sleep(0.1)


def _delete_rows(workspace: Workspace) -> None:
    runs = list(Run.objects.filter(workspace=workspace).values_list("pk", flat=True))
    sources = list(Source.objects.filter(workspace=workspace).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        for run in runs:
            for table in _OF_RUNS:
                cursor.execute(f"delete from {table} where run_id = %s", [run])  # noqa: S608 - our own names
        cursor.execute("delete from audience_sourcerow where source_id = any(%s)", [sources])
        for table in ("audience_listmember where list_id in (select id from audience_list",
                      "audience_address where contact_id in (select id from audience_contact",
                      "audience_consentchange where contact_id in (select id from audience_contact",
                      "audience_mergedcontact where contact_id in (select id from audience_contact",
                      "audience_contact where id in (select id from audience_contact"):  # fmt: skip
            cursor.execute(f"delete from {table} where workspace_id = %s)", [workspace.pk])  # noqa: S608


def _delete_files(workspace: Workspace) -> None:
    names = set(Source.objects.filter(workspace=workspace).values_list("file_path", flat=True))
    for pair in Import.objects.filter(workspace=workspace).values_list("file_path", "report_path"):
        names |= set(pair)
    for name in filter(None, names):
        transaction.on_commit(partial(uploads.remove, name))
