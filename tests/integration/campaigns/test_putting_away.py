"""Archiving what is in review, and deleting for good what was cancelled."""

import pytest

from clarion.campaigns import moderation, offers, operations, review
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.offers import Handling
from clarion.campaigns.states import Status
from clarion.deliveries import attention, listing, purging
from clarion.deliveries.listing import Filters
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.factories import client_of
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> Membership:
    return making.make_member(making.make_workspace(moderation=True))


@pytest.fixture
def mona(alice: Membership) -> Membership:
    return making.make_member(alice.workspace, Role.MODERATOR, "Mona")


@pytest.fixture
def submitted(alice: Membership) -> Campaign:
    draft = making.make_launchable(alice.workspace, created_by=alice.user)
    return operations.submit(campaign=draft, by=making.actor(alice))


def test_what_is_in_review_leaves_the_queue_when_it_is_archived_and_comes_back(
    alice: Membership, mona: Membership, submitted: Campaign
) -> None:
    by = making.actor(alice)
    assert Handling.ARCHIVE in offers.handling_for(submitted, alice)
    assert moderation.waiting_count(mona) == 1

    operations.archive(campaign=submitted, by=by)

    away = Campaign.objects.get(pk=submitted.pk)
    assert (away.status, moderation.waiting_count(mona)) == (Status.IN_REVIEW, 0)
    assert not moderation.submitted_for(mona)
    assert not [one for one in attention.attention(mona) if one.campaign is not None]
    assert [row.campaign for row in listing.campaign_list(alice, Filters(is_archived=True)).rows] == [away]
    with pytest.raises(TransitionRefused):
        operations.approve(campaign=away, digest=review.digest_of(away), by=making.actor(mona))
    page = client_of(mona).get(f"/w/{alice.workspace.slug}/moderation/{away.public_id}/").content.decode()
    assert "decide/" not in page or 'value="approve"' not in page

    operations.restore(campaign=away, by=by)

    assert moderation.waiting_count(mona) == 1
    assert list(moderation.submitted_for(mona).values_list("campaign", flat=True)) == [submitted.pk]


def test_an_administrator_deletes_a_cancelled_campaign_for_good_without_archiving_it_first(
    alice: Membership,
) -> None:
    bob = making.make_member(alice.workspace, Role.AUTHOR, "Bob")
    cancelled = making.make_campaign(alice.workspace, status=Status.STOPPED)
    making.make_run(cancelled, sent=3)
    cancelled = operations.cancel(campaign=cancelled, by=making.actor(alice))

    assert Handling.PURGE in offers.handling_for(cancelled, alice)
    assert Handling.PURGE not in offers.handling_for(cancelled, bob)
    assert purging.purge(campaign=cancelled, by=making.actor(alice)) == 3

    assert not Campaign.objects.filter(pk=cancelled.pk).exists()


def test_what_was_sent_and_is_not_over_is_neither_deleted_nor_purged(alice: Membership) -> None:
    for status in (Status.COMPLETED, Status.STOPPED, Status.FAILED, Status.EXPIRED, Status.SENDING):
        campaign = making.make_campaign(alice.workspace, status=status)

        offered = offers.handling_for(campaign, alice)

        assert not {Handling.DELETE, Handling.PURGE} & {*offered}
        with pytest.raises(TransitionRefused):
            purging.purge(campaign=campaign, by=making.actor(alice))
