"""Put the demo together, through the same operations that people use."""

import csv
import io

from django.db import transaction

from clarion.audience import importing
from clarion.audience import operations as audience
from clarion.audience.models import List
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.content import operations as content
from clarion.content import queries
from clarion.content.models import TemplateVersion
from clarion.runtime.demo import messages, people
from clarion.senders import operations as senders
from clarion.senders.models import Sender
from clarion.workspaces import actors, operations
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import User, Workspace

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
    found = Workspace.objects.filter(is_demo=True).first()
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
    campaign = campaigns.create_campaign(name=name, by=by, tags=["demo"])
    Campaign.objects.filter(pk=campaign.pk).update(is_demo=True)
    source = audience.create_list_source(by=by, lists=lists)
    campaign = campaigns.set_source(campaign=campaign, source=source, by=by)
    campaigns.set_step(campaign=campaign, channel=CHANNEL, by=by, sender=sender, template_version=version)
    return campaign
