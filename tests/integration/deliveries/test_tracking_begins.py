"""What of a run is followed: said by workspace and campaign, fixed as the run begins, given to the composer."""

import pytest

from clarion.campaigns import operations
from clarion.campaigns.tracking import Follows, followed
from clarion.deliveries import operations as runs
from clarion.deliveries.models import Link, Tracking
from clarion.deliveries.workshop import compose_with
from clarion.engine.messages import Claim
from clarion.workspaces.models import Workspace
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("workspace", "campaign", "channel", "expected"),
    [
        (False, None, "email", Follows(False, False)),
        (True, None, "email", Follows(True, True)),
        (True, False, "email", Follows(False, False)),
        (False, True, "email", Follows(True, True)),
        (True, None, "sms", Follows(False, False)),
        (False, True, "sms", Follows(True, False)),
    ],
)
def test_the_campaign_says_else_the_workspace(
    workspace: bool, campaign: bool | None, channel: str, expected: Follows
) -> None:
    owner = making.make_workspace(track_links=workspace, track_opens=workspace)
    made = making.make_campaign(owner, track_links=campaign, track_opens=campaign)

    assert followed(made, channel) == expected


def test_a_run_keeps_what_was_said_when_it_began() -> None:
    workspace = making.make_workspace(track_links=True)
    campaign = making.make_launchable(workspace)
    step = campaign.steps.get()
    html = '<a href="https://shop.test/{{ first_name }}">x</a><a href="{{ unsubscribe_url }}">no</a>'
    step.body_content = making.CONTENT | {"html": html, "text": ""}
    step.save()
    member = making.make_member(workspace)
    operations.start(campaign=campaign, by=making.actor(member))

    run = runs.begin_run(campaign.pk)
    Workspace.objects.update(track_links=False)

    assert run is not None
    assert list(Link.objects.filter(run=run).values_list("number", "target")) == [
        (1, "https://shop.test/{{ first_name }}")
    ]
    told = Tracking.objects.get(run=run)
    assert (told.follows_links, told.follows_opens) == (True, False)
    composer = compose_with(run.steps.get(), run, step.sender.config if step.sender else {})
    wire = composer.compose(Claim(run.pk, 16, 1, "ana@example.test", {"first_name": "Ana"})).payload.wire()
    assert f"/c/{run.pk}.16.".encode() in wire
    assert b"shop.test" not in wire
    assert b"/o/" not in wire


def test_nothing_is_stored_of_a_run_of_which_nothing_is_followed() -> None:
    workspace = making.make_workspace()
    campaign = making.make_launchable(workspace)
    operations.start(campaign=campaign, by=making.actor(making.make_member(workspace)))

    run = runs.begin_run(campaign.pk)

    assert run is not None
    assert not Tracking.objects.exists()
    assert not Link.objects.exists()
