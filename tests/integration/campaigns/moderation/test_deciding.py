"""Moderation: submitting and deciding."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from clarion.audience.models import Source, SourceKind
from clarion.campaigns import moderation, operations, review
from clarion.campaigns.errors import (
    CampaignInvalid,
    OwnWork,
    ReviewStale,
    TransitionRefused,
)
from clarion.campaigns.models import Campaign, Decision, Review
from clarion.campaigns.states import Status
from clarion.workspaces import actors, audit
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent, Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making
from tests.integration.campaigns.doing import OPERATIONS
from tests.integration.campaigns.moderation.reviewed import (
    REVIEWED,
    approved,
    change_sender_of,
    review_of,
    status_of,
    submitted,
)

pytestmark = pytest.mark.django_db


class TestSubmit:
    def test_keeps_what_was_submitted_and_says_who_did_it(self, bob: Membership) -> None:
        campaign = submitted(bob)

        opened = review_of(campaign)
        assert (campaign.status, opened.number, opened.note) == (Status.IN_REVIEW, 1, "Please.")
        assert opened.digest == review.digest(opened.snapshot) == review.digest_of(campaign)
        assert opened.snapshot["seen"]["recipients"] == 2
        event = AuditEvent.objects.get(action="campaign.submit")
        assert (event.actor, event.reason) == (bob.user, "Please.")
        assert audit.first_broken(bob.workspace) is None

    def test_what_blocks_a_launch_blocks_it(self, bob: Membership) -> None:
        campaign = making.make_campaign(bob.workspace)

        with pytest.raises(CampaignInvalid, match="Choose who gets it"):
            operations.submit(campaign=campaign, by=making.actor(bob))

        assert not Review.objects.exists()

    def test_taking_it_back_makes_it_a_draft_and_closes_the_review(self, bob: Membership) -> None:
        campaign = submitted(bob)

        operations.withdraw(campaign=campaign, by=making.actor(bob))
        again = operations.submit(campaign=campaign, by=making.actor(bob))

        decisions = list(Review.objects.order_by("number").values_list("number", "decision"))
        assert decisions == [(1, "WITHDRAWN"), (2, "")]
        assert again.status == Status.IN_REVIEW

    def test_cancelling_closes_it_too(self, bob: Membership) -> None:
        campaign = submitted(bob)

        operations.cancel(campaign=campaign, by=making.actor(bob))

        assert review_of(campaign).decision == Decision.WITHDRAWN
        assert list(moderation.submitted_for(bob)) == []

    def test_nothing_of_it_can_be_changed_meanwhile(self, bob: Membership) -> None:
        campaign = submitted(bob)

        with pytest.raises(TransitionRefused):
            operations.update_campaign(campaign=campaign, by=making.actor(bob), name="Other")


class TestDecide:
    def test_an_approved_one_is_ready_and_can_be_started(self, bob: Membership, mona: Membership) -> None:
        campaign = approved(bob, mona)

        assert campaign.status == Status.READY
        assert campaign.approved_at is not None
        assert operations.start(campaign=campaign, by=making.actor(bob)).status == Status.BUILDING

    def test_a_rejected_one_is_cancelled_with_the_reason(self, bob: Membership, mona: Membership) -> None:
        campaign = submitted(bob)

        with pytest.raises(CampaignInvalid) as caught:
            operations.reject(campaign=campaign, reason=" ", by=making.actor(mona))
        assert "reason" in caught.value.fields
        rejected = operations.reject(campaign=campaign, reason="Wrong price.", by=making.actor(mona))

        assert (rejected.status, rejected.status_reason) == (Status.CANCELLED, "Wrong price.")
        assert (review_of(campaign).decision, review_of(campaign).reason) == ("REJECTED", "Wrong price.")

    def test_nobody_approves_their_own(self, alice: Membership, bob: Membership) -> None:
        own = submitted(alice)
        helped = submitted(bob)
        operations.withdraw(campaign=helped, by=making.actor(bob))
        operations.update_campaign(campaign=helped, by=making.actor(alice), notes="I helped.")
        operations.submit(campaign=helped, by=making.actor(bob))

        for campaign in (own, helped):
            with pytest.raises(OwnWork):
                operations.approve(
                    campaign=campaign, digest=review.digest_of(campaign), by=making.actor(alice)
                )
            assert status_of(campaign) == Status.IN_REVIEW

    def test_who_helped_with_what_was_approved_before_may_approve_what_came_since(
        self, alice: Membership, bob: Membership, mona: Membership
    ) -> None:
        campaign = submitted(bob, launch="MANUAL")
        operations.withdraw(campaign=campaign, by=making.actor(bob))
        operations.update_campaign(campaign=campaign, by=making.actor(alice), notes="I helped.")
        operations.submit(campaign=campaign, by=making.actor(bob))
        operations.approve(campaign=campaign, digest=review.digest_of(campaign), by=making.actor(mona))
        operations.set_source(campaign=campaign, source=None, by=making.actor(bob))
        source = Source.objects.create(workspace=bob.workspace, kind=SourceKind.CONTACTS)
        operations.set_source(campaign=campaign, source=source, by=making.actor(bob))
        operations.submit(campaign=campaign, by=making.actor(bob))

        assert alice.user_id not in moderation.authors_of(campaign)
        operations.approve(campaign=campaign, digest=review.digest_of(campaign), by=making.actor(alice))

    def test_what_changed_since_it_was_looked_at_is_refused(self, bob: Membership, mona: Membership) -> None:
        campaign = submitted(bob)
        seen = review.digest_of(campaign)
        change_sender_of(campaign, from_address="other@example.test")

        with pytest.raises(ReviewStale):
            operations.approve(campaign=campaign, digest=seen, by=making.actor(mona))

        assert status_of(campaign) == Status.IN_REVIEW
        operations.approve(campaign=campaign, digest=review.digest_of(campaign), by=making.actor(mona))
        assert review_of(campaign).digest == review.digest_of(campaign)

    @pytest.mark.parametrize("percent", [0, 100, -1])
    def test_a_first_part_is_a_part(self, bob: Membership, mona: Membership, percent: int) -> None:
        campaign = submitted(bob)

        with pytest.raises(CampaignInvalid) as caught:
            operations.approve(
                campaign=campaign,
                digest=review.digest_of(campaign),
                by=making.actor(mona),
                canary_percent=percent,
            )

        assert "canary_percent" in caught.value.fields

    @pytest.mark.parametrize(
        "said", [{"canary_percent": 10}, {"canary_people": 0}, {"canary_percent": 10, "canary_people": 5}]
    )
    def test_who_is_pushed_has_a_first_part_by_number_alone(
        self, bob: Membership, mona: Membership, said: dict[str, int]
    ) -> None:
        campaign = submitted(bob)
        Campaign.objects.update(launch="TRIGGER")
        facts = {"campaign": campaign, "digest": review.digest_of(campaign), "by": making.actor(mona)}

        with pytest.raises(CampaignInvalid) as caught:
            operations.approve(**facts, **said)
        operations.approve(**facts, canary_people=5)

        assert caught.value.fields
        standing = moderation.canary_of(Campaign.objects.get(pk=campaign.pk))
        assert standing is not None
        assert moderation.first_part(standing) == "the first 5 people"

    def test_a_stranger_decides_nothing(self, bob: Membership) -> None:
        mallory = making.make_member(making.make_workspace(moderation=True), name="Mallory")
        campaign = submitted(bob)

        for action in REVIEWED:
            with pytest.raises(TransitionRefused):
                OPERATIONS[action](campaign, making.actor(mallory))
        with pytest.raises(TransitionRefused):
            operations.add_note(campaign=campaign, text="Hello.", by=making.actor(mallory))
        assert status_of(campaign) == Status.IN_REVIEW
        assert list(moderation.submitted_for(mallory)) == []

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.slow
    def test_two_moderators_at_once_make_one_decision(self, bob: Membership, mona: Membership) -> None:
        nina = making.make_member(bob.workspace, Role.MODERATOR, "Nina")
        campaign = submitted(bob, launch="MANUAL")
        digest = review.digest_of(campaign)
        together = Barrier(8)

        def decide(n: int) -> bool:
            by = actors.of_member((mona, nina)[n % 2])
            together.wait(30)
            try:
                if n % 4 < 2:
                    operations.approve(campaign=campaign, digest=digest, by=by)
                else:
                    operations.reject(campaign=campaign, reason="No.", by=by)
            except TransitionRefused:
                return False
            finally:
                connections.close_all()
            return True

        with ThreadPoolExecutor(8) as pool:
            won = sum(pool.map(decide, range(8)))

        assert won == 1
        assert AuditEvent.objects.filter(action__in=["campaign.approve", "campaign.reject"]).count() == 1
        expected = {Decision.APPROVED: Status.READY, Decision.REJECTED: Status.CANCELLED}
        assert status_of(campaign) == expected[Decision(review_of(campaign).decision)]

    def test_a_note_is_kept_in_the_trail(self, bob: Membership, mona: Membership) -> None:
        campaign = submitted(bob)

        operations.add_note(campaign=campaign, text="Is the price right?", by=making.actor(mona))

        newest = moderation.comments_on(campaign)[0]
        assert (newest.verb, newest.event.reason, newest.event.actor) == (
            "note", "Is the price right?", mona.user,
        )  # fmt: skip
        vera = making.make_member(bob.workspace, Role.VIEWER, "Vera")
        with pytest.raises(NotAllowed):
            operations.add_note(campaign=campaign, text="Me too.", by=making.actor(vera))
