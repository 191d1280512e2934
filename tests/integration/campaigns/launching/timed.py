"""Campaigns that begin at nine on a Monday in Berlin, and what became of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from clarion.campaigns import operations
from clarion.campaigns.models import Campaign, Launch, RepeatUnit
from clarion.deliveries import building
from clarion.deliveries import operations as runs
from clarion.deliveries.models import Run
from clarion.workspaces.models import AuditEvent, Membership
from tests.integration.campaigns import making

#: A Monday, nine o'clock in Berlin.
NINE = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICE_HOURS = [{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:00"}]
DAILY: dict[str, Any] = {
    "launch": Launch.RECURRING, "starts_at": NINE, "repeat_every": 1, "repeat_unit": RepeatUnit.DAY,
}  # fmt: skip


def draft(member: Membership, **said: Any) -> Campaign:
    return making.make_launchable(member.workspace, **{"zone": "Europe/Berlin", **said})


def launched(member: Membership, **said: Any) -> Campaign:
    return operations.launch(campaign=draft(member, **said), by=making.actor(member))


def now(campaign: Campaign) -> Campaign:
    return Campaign.objects.get(pk=campaign.pk)


def end_run(campaign: Campaign) -> Campaign:
    """Let the run that is building come to its end."""
    building.build(campaign.pk)
    run = campaign.runs.latest("number")
    building.build_run(run)
    Run.objects.filter(pk=run.pk).update(sent=run.total, pending=0, total=run.total)
    run.refresh_from_db()
    Run.objects.filter(pk=run.pk).update(sent=run.total - run.skipped)
    assert runs.finish_run(run.pk)
    return now(campaign)


def events(campaign: Campaign, verb: str) -> list[AuditEvent]:
    found = AuditEvent.objects.filter(object_id=str(campaign.public_id), action=f"campaign.{verb}")
    return list(found.order_by("number"))
