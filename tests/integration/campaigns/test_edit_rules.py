"""What may be changed in which state: through the operation and through the page where a campaign is composed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from clarion.audience.models import Source, SourceKind
from clarion.campaigns import operations
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.workspaces.models import AuditEvent
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import signed_in

pytestmark = pytest.mark.django_db

#: As people are told: the delays in a paused one too, everything where nothing is on its way or over.
EVERYTHING = {Status.DRAFT, Status.READY, Status.SCHEDULED, Status.STOPPED, Status.FAILED}
DELAYS = EVERYTHING | {Status.PAUSED}
#: A change of one of these brings it back to its author.
REOPENED = EVERYTHING - {Status.DRAFT}


def change_delay(campaign: Campaign, by: Any) -> None:
    operations.update_campaign(campaign=campaign, delay_min=2, delay_max=5, by=by)


def change_name(campaign: Campaign, by: Any) -> None:
    operations.update_campaign(campaign=campaign, name="Another", by=by)


def change_source(campaign: Campaign, by: Any) -> None:
    source = Source.objects.create(workspace=by.workspace, kind=SourceKind.CONTACTS)
    operations.set_source(campaign=campaign, source=source, by=by)


def change_message(campaign: Campaign, by: Any) -> None:
    operations.set_step(campaign=campaign, channel="email", sender=making.make_sender(by.workspace), by=by)


CHANGES = {
    "delay": (change_delay, DELAYS),
    "name": (change_name, EVERYTHING),
    "source": (change_source, EVERYTHING),
    "message": (change_message, EVERYTHING),
}


def standing(campaign: Campaign) -> tuple[Any, ...]:
    row = Campaign.objects.filter(pk=campaign.pk).values().get()
    return row, list(campaign.steps.values()), AuditEvent.objects.count()


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("what", list(CHANGES))
def test_the_operation_changes_what_the_state_leaves_open(what: str, status: Status) -> None:
    member = making.make_member()
    campaign = making.make_launchable(member.workspace, status=status)
    change, allowed = CHANGES[what]
    before = standing(campaign)

    if status in allowed:
        change(campaign, making.actor(member))
    else:
        with pytest.raises(TransitionRefused):
            change(campaign, making.actor(member))

    campaign.refresh_from_db()
    assert (standing(campaign) != before) == (status in allowed)
    assert campaign.status == (Status.DRAFT if status in allowed & REOPENED else status)


def start_time(**values: Any) -> dict[str, Any]:
    later = (timezone.now() + timedelta(hours=3)).replace(second=0, microsecond=0)
    return {"starts_at": later, "launch": Launch.SCHEDULE, **values}


@pytest.mark.parametrize("status", list(Status))
def test_the_schedule_is_open_in_the_same_states(status: Status) -> None:
    """A paused one too, as long as the pause keeps it from its start: one that has begun has no start to move."""
    member = making.make_member()
    campaign = making.make_launchable(member.workspace, status=status, **start_time())
    if status is Status.PAUSED:
        Campaign.objects.filter(pk=campaign.pk).update(
            paused_from=Status.SCHEDULED, next_at=campaign.starts_at, started_at=None
        )
    before = standing(campaign)
    moved = timezone.now() + timedelta(hours=5)

    if status in DELAYS:
        operations.update_campaign(campaign=campaign, starts_at=moved, by=making.actor(member))
        campaign.refresh_from_db()
        assert campaign.starts_at == moved
    else:
        with pytest.raises(TransitionRefused):
            operations.update_campaign(campaign=campaign, starts_at=moved, by=making.actor(member))
        assert standing(campaign) == before


@pytest.mark.parametrize("status", list(Status))
def test_the_page_changes_what_the_state_leaves_open(status: Status) -> None:
    member = making.make_member()
    campaign = making.make_launchable(member.workspace, status=status, name="Fall")
    client = signed_in(member)
    address = f"/w/{member.workspace.slug}/campaigns/{campaign.public_id}/edit/"
    fields = {"name": "Another", "launch": "NOW", "delay_min": "2", "delay_max": "5", "mode": "html"}
    before = standing(campaign)

    shown = client.get(address)
    client.post(address, fields)
    campaign.refresh_from_db()

    if status is Status.DRAFT:
        assert (shown.status_code, campaign.name, campaign.delay_max) == (200, "Another", 5)
    elif status is Status.PAUSED:
        assert (shown.status_code, campaign.name, campaign.delay_max) == (200, "Fall", 5)
    elif status in EVERYTHING:
        # It asks first: by a change it is a draft again. Then everything is open.
        assert (shown.status_code, standing(campaign)) == (200, before)
        client.post(address.replace("edit/", "do/edit/"), {"confirmed": "1"})
        client.post(address, fields)
        campaign.refresh_from_db()
        assert (campaign.status, campaign.name, campaign.delay_max) == ("DRAFT", "Another", 5)
    else:
        assert (shown.status_code, standing(campaign)) == (302, before)


def test_a_stranger_changes_nothing_anywhere() -> None:
    member, mallory = making.make_member(), making.make_member(name="Mallory")
    campaign = making.make_launchable(member.workspace)
    before = standing(campaign)
    address = f"/w/{member.workspace.slug}/campaigns/{campaign.public_id}/edit/"

    assert signed_in(mallory).post(address, {"name": "Mine"}).status_code == 404
    for change, _allowed in CHANGES.values():
        with pytest.raises((TransitionRefused, CampaignInvalid)):
            change(campaign, making.actor(mallory))
    assert Campaign.objects.filter(pk=campaign.pk).values().get() == before[0]
