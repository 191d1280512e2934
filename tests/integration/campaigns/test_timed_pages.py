"""What the page of a campaign with a start says and lets one do."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from clarion.campaigns.models import Campaign, Launch, RepeatUnit
from clarion.campaigns.states import Status
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import signed_in, url, words

pytestmark = pytest.mark.django_db


def recurring(member: Membership, **values: object) -> Campaign:
    said = {
        "launch": Launch.RECURRING, "starts_at": timezone.now() + timedelta(days=1), "repeat_every": 1,
        "repeat_unit": RepeatUnit.DAY,
    }  # fmt: skip
    return making.make_launchable(member.workspace, **{**said, **values})


class TestMissedStart:
    def test_its_page_says_so_with_what_can_be_done(self, client: Client, member: Membership) -> None:
        passed = timezone.now() - timedelta(hours=2)
        campaign = making.make_launchable(
            member.workspace, status=Status.SCHEDULED, starts_at=passed, missed_at=timezone.now()
        )

        page = client.get(url(campaign))

        assert "Its start time was missed" in words(page)
        assert f'action="{url(campaign, "do/start/")}"' in page.content.decode()
        assert f'href="{url(campaign, "edit/")}' in page.content.decode()
        assert signed_in(making.make_member(name="Mallory")).get(url(campaign)).status_code == 404


class TestReadyWithAStart:
    def test_it_can_be_left_to_its_time(self, client: Client, member: Membership) -> None:
        campaign = recurring(member, status=Status.READY)
        address = url(campaign, "do/schedule/")
        assert f'action="{address}"' in client.get(url(campaign)).content.decode()

        client.post(address)

        campaign.refresh_from_db()
        assert (campaign.status, campaign.next_at) == (Status.SCHEDULED, campaign.starts_at)
        mallory = signed_in(making.make_member(name="Mallory"))
        assert mallory.post(address).status_code == 404

    def test_one_without_a_start_cannot(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.READY)
        address = url(campaign, "do/schedule/")
        assert address not in client.get(url(campaign)).content.decode()

        client.post(address)

        campaign.refresh_from_db()
        assert campaign.status == Status.READY


def test_a_copy_is_timed_like_its_original(client: Client, member: Membership) -> None:
    campaign = recurring(member, repeat_count=3, only_new=True, error_percent=5, missed_hours=9)

    client.post(url(campaign, "do/duplicate/"))

    copy = Campaign.objects.latest("pk")
    assert copy.status == Status.DRAFT
    for name in ("launch", "starts_at", "repeat_every", "repeat_unit", "repeat_count", "only_new", "error_percent",
                 "missed_hours"):  # fmt: skip
        assert getattr(copy, name) == getattr(campaign, name), name
