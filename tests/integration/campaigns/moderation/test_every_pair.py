"""Moderation: what may be done in which state, with an approval and without."""

import pytest

from clarion.campaigns import offers, operations, review
from clarion.campaigns.errors import (
    AwaitsRelease,
    CampaignInvalid,
    OwnWork,
    TransitionRefused,
)
from clarion.campaigns.models import Campaign
from clarion.campaigns.offers import EDITABLE
from clarion.campaigns.states import FINAL, TRANSITIONS, Action, PauseCause, Status
from clarion.workspaces import actors
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making
from tests.integration.campaigns.doing import OPERATIONS
from tests.integration.campaigns.moderation.reviewed import REVIEWED, in_state, review_of

pytestmark = pytest.mark.django_db

#: States in which moderation changes what may be done, without and with an approval that stands.
CASES = [
    *((status, False) for status in Status if status not in FINAL | {Status.BUILDING, Status.SENDING}),
    *((status, True) for status in Status if status in EDITABLE or status is Status.PAUSED),
]


class TestEveryPair:
    @pytest.mark.parametrize("role", list(Role))
    @pytest.mark.parametrize(("status", "is_approved"), CASES)
    def test_what_is_offered_is_what_is_done(
        self, bob: Membership, status: Status, role: Role, is_approved: bool
    ) -> None:
        member = making.make_member(bob.workspace, role, "Carla")
        has_approval = is_approved and status is not Status.IN_REVIEW
        campaign: Campaign | None = None

        for action in REVIEWED:
            if action is Action.RELEASE and status is Status.PAUSED and not is_approved:
                continue  # only an approval brings a campaign there
            # What was refused has changed nothing, so that the next action finds the campaign as it was.
            campaign = campaign or in_state(status, bob, is_approved=has_approval, cause=PauseCause.REVIEW)
            is_offered = action in offers.actions_for(campaign, member)
            try:
                OPERATIONS[action](campaign, making.actor(member))
            except (NotAllowed, TransitionRefused, CampaignInvalid):
                assert not is_offered, action
                campaign.refresh_from_db()
            else:
                assert is_offered, action
                campaign = None

    @pytest.mark.parametrize("status", [Status.DRAFT, Status.STOPPED, Status.FAILED])
    def test_where_nobody_moderates_all_is_as_without_it(self, status: Status) -> None:
        alice = making.make_member()
        campaign = making.make_launchable(alice.workspace, status=status)

        offered = offers.actions_for(campaign, alice)

        assert Action.START in offered
        assert Action.SUBMIT not in offered
        with pytest.raises(CampaignInvalid, match="without approvals"):
            operations.submit(campaign=campaign, by=making.actor(alice))
        assert operations.start(campaign=campaign, by=making.actor(alice)).status == Status.BUILDING


class TestContinue:
    def test_a_first_part_s_rest_does_not_go_by_continuing(self, alice: Membership, bob: Membership) -> None:
        campaign = in_state(Status.PAUSED, bob, is_approved=True, cause=PauseCause.REVIEW)

        with pytest.raises(AwaitsRelease):
            operations.continue_(campaign=campaign, by=making.actor(bob))
        with pytest.raises(OwnWork):
            operations.release(
                campaign=campaign, digest=review.digest_of(campaign), by=actors.of_member(_as_owner(bob))
            )
        released = operations.release(
            campaign=campaign, digest=review.digest_of(campaign), by=making.actor(alice)
        )

        assert released.status == Status.SENDING == TRANSITIONS[Action.RELEASE].target
        assert review_of(campaign).released_by == alice.user


def _as_owner(member: Membership) -> Membership:
    member.role = Role.OWNER
    member.save()
    return member
