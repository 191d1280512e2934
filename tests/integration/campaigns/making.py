"""Workspaces, members and campaigns for the tests of campaigns and their pages."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from clarion.audience.models import Contact, Source, SourceKind
from clarion.campaigns import material
from clarion.campaigns.models import Campaign, Launch, Step
from clarion.campaigns.states import ENDED, PauseCause, Status
from clarion.deliveries.models import Run, RunStep
from clarion.senders.models import Sender
from clarion.workspaces.actors import Actor, of_member
from clarion.workspaces.models import Membership, User, Workspace
from clarion.workspaces.permissions import Role

_numbers = count(1)

#: A mail as the channel sends it.
CONTENT = {
    "subject": "Hello {{ first_name }}",
    "preheader": "",
    "to_name": "",
    "html": '<p>Hi {{ first_name }}</p><p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>',
    "text": "Hi {{ first_name }} {{ unsubscribe_url }}",
}


def make_workspace(**values: Any) -> Workspace:
    n = next(_numbers)
    return Workspace.objects.create(
        **{"slug": f"shop-{n}", "name": f"Shop {n}", "zone": "Europe/Berlin", **values}
    )


def make_member(
    workspace: Workspace | None = None, role: Role = Role.OWNER, name: str = "Alice"
) -> Membership:
    user = User.objects.create(email=f"{name.lower()}{next(_numbers)}@example.test", name=name)
    return Membership.objects.create(workspace=workspace or make_workspace(), user=user, role=role)


def actor(member: Membership) -> Actor:
    return of_member(member)


def make_sender(workspace: Workspace, **values: Any) -> Sender:
    config = {"host": "127.0.0.1", "port": 2525, "security": "none", "from_address": "shop@example.test"}
    values = {"channel": "email", "name": f"Mail {next(_numbers)}", "config": config, **values}
    return Sender.objects.create(workspace=workspace, **values)


def make_contacts(workspace: Workspace, n: int = 2) -> list[Contact]:
    return Contact.objects.bulk_create(
        Contact(workspace=workspace, email=f"person{next(_numbers)}@example.test", first_name="Ada")
        for _ in range(n)
    )


def make_campaign(workspace: Workspace, *, status: Status = Status.DRAFT, **values: Any) -> Campaign:
    """Return a campaign in that state, with the facts that belong to it, but without a message."""
    now = timezone.now()
    facts: dict[str, Any] = {"name": f"Campaign {next(_numbers)}"}
    if status in ENDED:
        facts["finished_at"] = now
    if status is Status.PAUSED:
        facts |= {"pause_cause": PauseCause.PERSON, "paused_from": Status.SENDING}
    if status is Status.SCHEDULED:
        starts_at = values.get("starts_at", now + timedelta(hours=2))
        facts |= {"starts_at": starts_at, "next_at": starts_at, "launch": Launch.SCHEDULE}
    if status is Status.FAILED:
        facts["status_reason"] = "The file has vanished."
    if status not in (Status.DRAFT, Status.IN_REVIEW, Status.READY, Status.SCHEDULED, Status.CANCELLED):
        facts["started_at"] = now
    return Campaign.objects.create(workspace=workspace, status=status, **{**facts, **values})


def make_launchable(workspace: Workspace, *, status: Status = Status.DRAFT, **values: Any) -> Campaign:
    """Return a campaign that nothing blocks: two people, an active sender, a message."""
    if not Contact.objects.filter(workspace=workspace).exists():
        make_contacts(workspace)
    source = Source.objects.create(workspace=workspace, kind=SourceKind.CONTACTS)
    campaign = make_campaign(workspace, status=status, **{"source": source, **values})
    sender = Sender.objects.filter(workspace=workspace, channel="email").first() or make_sender(workspace)
    Step.objects.create(
        campaign=campaign,
        channel="email",
        sender=sender,
        # As it is kept, so that no page compiles it again to see whether it is another one.
        body_source=material.cleaned(
            {"subject": CONTENT["subject"], "mode": "html", "source": CONTENT["html"], "text": ""}
        ),
        body_content=CONTENT,
        body_variables=["first_name"],
    )
    return campaign


def make_run(
    campaign: Campaign, *, number: int = 1, accepted: int = 0, bounced: int = 0, **counts: int
) -> Run:
    """Return a built run of the campaign; what the counts leave over is pending."""
    total = counts.pop("total", sum(counts.values()))
    run = Run.objects.create(
        workspace=campaign.workspace,
        campaign=campaign,
        number=number,
        total=total,
        pending=total - sum(counts.values()),
        built_at=timezone.now(),
        **counts,
    )
    RunStep.objects.create(run=run, step=0, channel="email", sender_id=1, accepted=accepted, bounced=bounced)
    return run
