"""What tests do to an installation from within: called by name in a process that has its settings."""

import io
import time
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from clarion.audience import operations as audience
from clarion.audience.models import Contact, Import
from clarion.campaigns import operations
from clarion.campaigns.models import Campaign
from clarion.content import operations as media
from clarion.content import storing
from clarion.content.models import MediaFile
from clarion.deliveries import ledger, pushing
from clarion.deliveries.models import Claim, Delivery, Recipient, Run, RunStep, Waiting
from clarion.deliveries.states import STEPS, Stage
from clarion.engine.outcomes import Reason
from clarion.senders import operations as senders
from clarion.senders.models import Sender
from clarion.senders.secrets import open_config
from clarion.workspaces import actors
from clarion.workspaces import operations as workspaces
from clarion.workspaces.models import Workspace
from tests.cascades import make_cascade
from tests.factories import make_cast
from tests.pictures import png
from tests.runs import add_run, make_run

_CONTENT = {"subject": "Hi {{ first_name }}", "html": "<p>Hi {{ first_name }}</p>", "text": "Hi"}
_COUNTS = ("total", "pending", "in_flight", "sent", "partly", "failed", "unknown", "skipped", "cancelled")


def make(count: int, config: dict[str, Any], **sender: Any) -> dict[str, int]:
    """Make a campaign that is sending, with its recipients."""
    made = make_run(count=count, channel="email", config=config, content=_CONTENT, **sender)
    return {"run": made.run.pk, "campaign": made.campaign.pk}


def send_one_off(to: str, config: dict[str, Any], seconds: float | None = None) -> int:
    """Send a one-off by mail, now or in so many seconds; return its number."""
    by = actors.operator(workspaces.default_workspace())
    sender = Sender.objects.filter(workspace=by.workspace, name="One-offs").first() or senders.create_sender(
        by=by, channel="email", name="One-offs", config=config
    )
    made = operations.send_one_off(
        by=by, sender=sender, to=operations.Addressee(address=to),
        said=operations.Said(body={"mode": "text", "subject": "Your order", "source": "It is on its way."}),
        starts_at=timezone.now() + timedelta(seconds=seconds) if seconds is not None else None,
    )  # fmt: skip
    return made.pk


def make_two_tiers(count: int, outbox: str, refuse_share: float, config: dict[str, Any]) -> int:
    """Make a campaign by the sandbox, which refuses a share of its people, and for those by mail; return its number."""
    sandbox = {"outbox": outbox, "refuse_share": refuse_share, "latency_seconds": 0.01, "connections": 10}
    made = make_cascade(
        people=count, steps=((0, "sandbox"), (1, "email")), configs={"sandbox": sandbox, "email": config},
        started_at=timezone.now(),
    )  # fmt: skip
    return made.pk


def number_of(campaign: str) -> int:
    """Return the number of the campaign with that name."""
    return Campaign.objects.get(name=campaign).pk


def state_of_campaign(campaign: int) -> dict[str, Any] | None:
    """Return `state` of the campaign's run, with the people's messages by their stages; None before there is one."""
    run = Run.objects.filter(campaign_id=campaign).first()
    if run is None:
        return None
    told = state(run.pk)
    if told["done"]:
        told["unknown_steps"] = [
            one % STEPS
            for one in Delivery.objects.filter(run_id=run.pk, stage=Stage.UNKNOWN).values_list(
                "id", flat=True
            )
        ]
    return told


def act(campaign: int, name: str, **facts: Any) -> float:
    """Do an operation on a campaign; return the time when it was done."""
    row = Campaign.objects.select_related("workspace").get(pk=campaign)
    getattr(operations, name)(campaign=row, by=actors.system(row.workspace), **facts)
    return time.time()


def switch(campaign: int, name: str) -> float:
    """Use a kill switch on what the campaign sends by; return the time when it was done."""
    row = Campaign.objects.select_related("workspace").get(pk=campaign)
    by = actors.system(row.workspace)
    if name in ("halt", "lift_halt"):
        getattr(workspaces, name)(by=by, reason="A test.")
    else:
        step = RunStep.objects.get(run__campaign=row)
        getattr(senders, name)(sender=Sender.objects.get(pk=step.sender_id), by=by)
    return time.time()


def state(run: int) -> dict[str, Any]:
    """Return a run's counters, and what its ledger says when it has ended."""
    row = Run.objects.select_related("campaign").get(pk=run)
    told = {name: getattr(row, name) for name in _COUNTS}
    told |= {"status": row.campaign.status, "done": bool(row.finished_at)}
    if row.finished_at:
        unknown = Delivery.objects.filter(run_id=run, stage=Stage.UNKNOWN).values_list("id", flat=True)
        people = [delivery // STEPS for delivery in unknown]
        addresses = Recipient.objects.filter(run_id=run, id__in=people).values_list("address", flat=True)
        told |= {"unknown_addresses": list(addresses)}
        told |= {"ledger": [str(finding) for finding in ledger.check(row).findings]}
    return told


def start_import(rows: int) -> int:
    """Have a file of so many people imported; return the import's number."""
    by = actors.of_member(make_cast().alice)
    file = io.BytesIO(b"email,name\n" + b"".join(b"p%d@import.example,P %d\n" % (i, i) for i in range(rows)))
    made = audience.create_import(by=by, file=file, file_name="people.csv")
    return audience.start_import(by=by, the_import=made, mapping=made.mapping).pk


def import_state(number: int) -> dict[str, Any]:
    """Return how far an import has come, and how many people its workspace knows."""
    row = Import.objects.get(pk=number)
    return {
        "status": row.status,
        "rows": row.row_count,
        "created": row.created_count,
        "bad": row.bad_count,
        "contacts": Contact.objects.filter(workspace_id=row.workspace_id).count(),
    }


def workers_of(run: int, wait: float) -> int:
    """Return how many processes held claims of a run within that time, or until there were two."""
    seen: set[int] = set()
    until = time.monotonic() + wait
    while len(seen) < 2 and time.monotonic() < until:
        seen |= set(Claim.objects.filter(run_id=run).values_list("worker_id", flat=True))
        time.sleep(0.01)
    return len(seen)


def make_timed(
    count: int, config: dict[str, Any], ends_in: float | None = None, **campaign: Any
) -> dict[str, Any]:
    """Make a campaign that is sending, with hours or an end."""
    now = timezone.now()
    ends_at = now + timedelta(seconds=ends_in) if ends_in is not None else None
    made = make(count, config, campaign=campaign | {"ends_at": ends_at, "starts_at": now - timedelta(days=1)})
    return made | {"ends_at": ends_at.timestamp() if ends_at else None}


def make_triggered(config: dict[str, Any]) -> dict[str, Any]:
    """Make a triggered campaign that takes people, and nobody in it yet."""
    paused = {"status": "PAUSED", "pause_cause": "PERSON", "paused_from": "SENDING"}
    made = make_timed(0, config, ends_in=3600, launch="TRIGGER", **paused)
    Run.objects.filter(pk=made["run"]).update(built_at=None)
    act(made["campaign"], "continue_")
    return made


def push(campaign: int, keys: list[str]) -> float:
    """Push people by these keys; return the time when it was done."""
    row = Campaign.objects.select_related("workspace").get(pk=campaign)
    people = [
        {"key": key, "address": f"{key}@example.test", "variables": {"first_name": key}} for key in keys
    ]
    pushing.push(campaign=row, people=people, by=actors.system(row.workspace))
    return time.time()


def set_zones(run: int, odd: str, even: str) -> int:
    """Let people with odd numbers live in one zone and the others in another; return how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update deliveries_recipient set variables = variables || jsonb_build_object('zone',"
            " case when id %% 2 = 1 then %s else %s end) where run_id = %s",
            [odd, even, run],
        )
        return cursor.rowcount


def waiting(run: int) -> dict[str, Any]:
    """Return how many wait for their own hours, and what was counted of them."""
    rows = Waiting.objects.filter(run_id=run, reason=Reason.OUTSIDE_WINDOW)
    step = RunStep.objects.get(run_id=run)
    return {"count": rows.count(), "handed": step.handed, "deferred": step.deferred}


def found_acme(people: int, config: dict[str, Any]) -> bool:
    """Make a moderated workspace with its people, contacts, a mail sender and a campaign that was sent before."""
    cast = make_cast()
    by = actors.of_member(cast.alice)
    Contact.objects.bulk_create(
        Contact(workspace=cast.workspace, email=f"reader{n}@example.test", first_name=f"Reader {n}")
        for n in range(1, people + 1)
    )
    sender = senders.create_sender(channel="email", name="Shop", config=config, by=by)
    earlier = {"name": "Autumn boots", "created_by": cast.bob.user}
    add_run(cast.workspace, sender, count=3, content=_CONTENT, campaign=earlier)
    workspaces.update_workspace(by=by, moderation=True)
    return True


def found_shop(config: dict[str, Any]) -> None:
    """Make a workspace with a campaign, people, a sealed sender and a picture."""
    found_acme(3, config)
    workspace = Workspace.objects.get(slug="acme")
    media.store_media(by=actors.system(workspace), file=io.BytesIO(png()), name="logo.png")


def shop() -> dict[str, Any]:
    """Return what is there of `found_shop`, opened where it is sealed, and why it is halted."""
    workspace = Workspace.objects.get(slug="acme")
    picture = MediaFile.objects.get(workspace=workspace)
    return {
        "campaign": str(Campaign.objects.get(workspace=workspace, name="Autumn boots").public_id),
        "contacts": list(
            Contact.objects.filter(workspace=workspace).order_by("email").values_list("email", flat=True)
        ),
        "people": list(Recipient.objects.order_by("id").values_list("address", flat=True)),
        "password": open_config(Sender.objects.get(workspace=workspace))["password"],
        "picture": storing.path_of(workspace.pk, picture.sha256, picture.key).read_bytes().hex(),
        "halt": workspace.halt_reason,
    }
