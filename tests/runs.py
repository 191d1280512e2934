"""Runs for tests of the ledger, made by SQL as the builder would leave them."""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import partitions
from clarion.deliveries.models import Run, RunStep
from clarion.senders.models import Sender
from clarion.workspaces.models import Workspace

BODY = "<p>Hello {{ first_name }} of {{ city }}: {{ points }} points.</p>"
CONTENT = {"subject": "News for {{ first_name }}", "html": BODY, "text": ""}


@dataclass(slots=True)
class MadeRun:
    workspace: Workspace
    sender: Sender
    campaign: Campaign
    run: Run


def make_run(
    *,
    count: int,
    channel: str = "sandbox",
    config: dict[str, Any] | None = None,
    content: dict[str, Any] | None = None,
    campaign: dict[str, Any] | None = None,
    **sender_fields: Any,
) -> MadeRun:
    """Return a SENDING campaign whose run has `count` pending recipients, person1@example.test and on."""
    number = Workspace.objects.count() + 1
    workspace = Workspace.objects.create(slug=f"w{number}", name=f"Workspace {number}")
    sender = Sender.objects.create(
        workspace=workspace, channel=channel, name="Sender", config=config or {}, **sender_fields
    )
    made = add_run(workspace, sender, count=count, content=content, campaign=campaign)
    with connection.cursor() as cursor:
        cursor.execute("analyze deliveries_recipient, deliveries_delivery")
    return made


@transaction.atomic
def add_run(
    workspace: Workspace,
    sender: Sender,
    *,
    count: int,
    content: dict[str, Any] | None = None,
    campaign: dict[str, Any] | None = None,
) -> MadeRun:
    """Return another SENDING campaign with a run on the same sender."""
    now = timezone.now()
    made = Campaign.objects.create(
        workspace=workspace,
        **{"name": f"Campaign {Campaign.objects.count() + 1}", "status": Status.SENDING, "started_at": now}
        | (campaign or {}),
    )
    run = Run.objects.create(
        workspace=workspace, campaign=made, number=1, total=count, pending=count, last_recipient_id=count,
        built_at=now,
    )  # fmt: skip
    partitions.ensure_for(run.pk)
    RunStep.objects.create(
        run=run, step=0, channel=sender.channel, sender_id=sender.pk, content=content or CONTENT
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into deliveries_recipient (run_id, id, address, variables) "
            "select %s, i, 'person' || i || '@example.test', "
            "jsonb_build_object('first_name', 'Amira', 'city', 'Leipzig', 'points', i %% 977) "
            "from generate_series(1, %s) i",
            [run.pk, count],
        )
        cursor.execute(
            "insert into deliveries_delivery (run_id, id) select %s, i * 16 from generate_series(1, %s) i",
            [run.pk, count],
        )
    return MadeRun(workspace, sender, made, run)
