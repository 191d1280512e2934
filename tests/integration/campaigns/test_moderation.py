"""Moderation: submitting, deciding, and what ends an approval."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from clarion.audience.models import List, Source, SourceKind
from clarion.campaigns import moderation, offers, operations, review
from clarion.campaigns.errors import (
    AwaitsRelease,
    CampaignInvalid,
    OwnWork,
    ReviewStale,
    TransitionRefused,
)
from clarion.campaigns.models import Campaign, Decision, Review
from clarion.campaigns.offers import EDITABLE
from clarion.campaigns.states import FINAL, TRANSITIONS, Action, PauseCause, Status
from clarion.content import operations as content
from clarion.senders import operations as senders
from clarion.workspaces import actors, audit
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent, Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> Membership:
    """The owner of a workspace that moderates."""
    return making.make_member(making.make_workspace(moderation=True))


@pytest.fixture
def bob(alice: Membership) -> Membership:
    return making.make_member(alice.workspace, Role.AUTHOR, "Bob")


@pytest.fixture
def mona(alice: Membership) -> Membership:
    return making.make_member(alice.workspace, Role.MODERATOR, "Mona")


def draft_of(member: Membership, **values: Any) -> Campaign:
    return making.make_launchable(member.workspace, created_by=member.user, **values)


def submitted(member: Membership, **values: Any) -> Campaign:
    return operations.submit(campaign=draft_of(member, **values), by=making.actor(member), note="Please.")


def approved(author: Membership, moderator: Membership, **values: Any) -> Campaign:
    """Return a campaign that a person is to start, approved."""
    campaign = submitted(author, **{"launch": "MANUAL", **values})
    return operations.approve(
        campaign=campaign, digest=review.digest_of(campaign), by=making.actor(moderator)
    )


def status_of(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).status


def review_of(campaign: Campaign) -> Review:
    found = moderation.latest_review(campaign)
    assert found is not None
    return found


OPERATIONS: dict[Action, Callable[[Campaign, Any], Any]] = {
    Action.SUBMIT: lambda campaign, by: operations.submit(campaign=campaign, by=by),
    Action.WITHDRAW: lambda campaign, by: operations.withdraw(campaign=campaign, by=by),
    Action.APPROVE: lambda campaign, by: operations.approve(
        campaign=campaign, digest=review.digest_of(campaign), by=by
    ),
    Action.REJECT: lambda campaign, by: operations.reject(campaign=campaign, reason="No.", by=by),
    Action.RELEASE: lambda campaign, by: operations.release(
        campaign=campaign, digest=review.digest_of(campaign), by=by
    ),
    Action.START: lambda campaign, by: operations.start(campaign=campaign, by=by),
    Action.CONTINUE: lambda campaign, by: operations.continue_(campaign=campaign, by=by),
}


def in_state(status: Status, author: Membership, *, is_approved: bool, cause: str = "") -> Campaign:
    """Return a launchable campaign in that state, with the review that belongs to it."""
    values: dict[str, Any] = {"approved_at": timezone.now()} if is_approved else {}
    if status is Status.PAUSED and cause:
        values["pause_cause"] = cause
    campaign = draft_of(author, status=status, **values)
    if is_approved or status is Status.IN_REVIEW:
        taken = review.snapshot(campaign)
        facts: dict[str, Any] = {
            "campaign": campaign,
            "number": 1,
            "snapshot": taken,
            "submitted_by": author.user,
        }
        if is_approved:
            facts |= {"decision": Decision.APPROVED, "decided_at": timezone.now(), "canary_percent": 10}
        Review.objects.create(digest=review.digest(taken), **facts)
    return campaign


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

        for action, operation in OPERATIONS.items():
            campaign = in_state(
                status,
                bob,
                is_approved=is_approved and status is not Status.IN_REVIEW,
                cause=PauseCause.REVIEW,
            )
            if action is Action.RELEASE and status is Status.PAUSED and not is_approved:
                continue  # only an approval brings a campaign there
            is_offered = action in offers.actions_for(campaign, member)
            try:
                operation(campaign, making.actor(member))
                is_done = True
            except (NotAllowed, TransitionRefused, CampaignInvalid):
                is_done = False
            assert is_offered == is_done, action

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

        for operation in OPERATIONS.values():
            with pytest.raises(TransitionRefused):
                operation(campaign, making.actor(mallory))
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


def change_sender_of(campaign: Campaign, **settings: Any) -> None:
    step = campaign.steps.select_related("sender").get()
    assert step.sender is not None
    senders.update_sender(
        sender=step.sender,
        by=actors.operator(campaign.workspace),
        config={**step.sender.config, **settings},
    )


def other_text(campaign: Campaign, by: Membership) -> None:
    step = campaign.steps.select_related("sender").get()
    operations.set_step(
        campaign=campaign, channel="email", sender=step.sender, by=making.actor(by),
        body={**step.body_source, "source": '<p>Another offer.</p><a href="{{ unsubscribe_url }}">out</a>'},
    )  # fmt: skip


def template(campaign: Campaign, by: Membership) -> None:
    step = campaign.steps.select_related("sender").get()
    made = content.create_template(
        by=actors.operator(campaign.workspace), channel="email", name="Offer", source=step.body_source
    )
    version = made.versions.get()
    operations.set_step(
        campaign=campaign, channel="email", sender=step.sender, template_version=version, by=making.actor(by)
    )


def other_sender(campaign: Campaign, by: Membership) -> None:
    step = campaign.steps.get()
    sender = making.make_sender(campaign.workspace)
    operations.set_step(
        campaign=campaign, channel="email", sender=sender, body=step.body_source, by=making.actor(by)
    )


def other_audience(campaign: Campaign, by: Membership) -> None:
    source = Source.objects.create(workspace=campaign.workspace, kind=SourceKind.LISTS)
    source.lists.add(List.objects.create(workspace=campaign.workspace, name="VIP"))
    operations.set_source(campaign=campaign, source=source, by=making.actor(by))


class TestVoiding:
    @pytest.mark.parametrize(
        ("change", "named"),
        [
            (other_text, "Message"),
            (template, "Template"),
            (other_sender, "Sender"),
            (other_audience, "Audience"),
        ],
    )
    def test_any_change_of_what_was_approved_ends_the_approval(
        self, bob: Membership, mona: Membership, change: Callable[[Campaign, Membership], None], named: str
    ) -> None:
        campaign = approved(bob, mona)

        change(campaign, bob)

        campaign.refresh_from_db()
        assert (campaign.status, campaign.approved_at) == (Status.DRAFT, None)
        voided = review_of(campaign)
        assert voided.decision == Decision.VOIDED
        assert named in voided.reason
        event = AuditEvent.objects.get(action="campaign.void")
        assert (event.actor, event.reason) == (bob.user, voided.reason)
        assert event.changes
        with pytest.raises(CampaignInvalid, match=r"Changed since the approval: .*submitted again"):
            operations.start(campaign=campaign, by=making.actor(bob))

    @pytest.mark.parametrize(
        "change",
        [
            {"name": "Better name"},
            {"notes": "For the record."},
            {"delay_min": 1.0, "delay_max": 2.0},
            {"rate_limit": 5.0},
            {"launch": "NOW"},
        ],
    )
    def test_name_notes_speed_and_timing_do_not(
        self, bob: Membership, mona: Membership, change: dict[str, Any]
    ) -> None:
        campaign = approved(bob, mona)

        changed = operations.update_campaign(campaign=campaign, by=making.actor(bob), **change)  # type: ignore[arg-type]

        assert changed.approved_at is not None
        assert operations.start(campaign=changed, by=making.actor(bob)).status == Status.BUILDING

    @pytest.mark.parametrize(
        ("settings", "named"),
        [({"from_address": "ceo@example.test"}, "From address"), ({"host": "10.0.0.9"}, "Mail server")],
    )
    def test_a_sender_s_settings_count_when_it_is_launched(
        self, bob: Membership, mona: Membership, settings: dict[str, Any], named: str
    ) -> None:
        campaign = approved(bob, mona)
        change_sender_of(campaign, **settings)

        with pytest.raises(CampaignInvalid, match=named):
            operations.start(campaign=campaign, by=making.actor(mona))

        assert status_of(campaign) == Status.DRAFT
        assert review_of(campaign).decision == Decision.VOIDED

    def test_how_many_connections_a_sender_opens_does_not_count(
        self, bob: Membership, mona: Membership
    ) -> None:
        senders.create_sender(
            by=actors.operator(bob.workspace), channel="email", name="Shop",
            config={"host": "127.0.0.1", "port": 2525, "security": "none", "from_address": "shop@example.test"},
        )  # fmt: skip
        campaign = approved(bob, mona)
        change_sender_of(campaign, connections=3)

        assert operations.start(campaign=campaign, by=making.actor(bob)).status == Status.BUILDING

    def test_a_list_that_is_deleted_counts_and_one_that_grows_does_not(
        self, bob: Membership, mona: Membership
    ) -> None:
        vip = List.objects.create(workspace=bob.workspace, name="VIP")
        both = [vip, List.objects.create(workspace=bob.workspace, name="New")]
        people = making.make_contacts(bob.workspace)
        for one in both:
            one.members.create(contact=people[0])
        source = Source.objects.create(workspace=bob.workspace, kind=SourceKind.LISTS)
        source.lists.set(both)
        campaign = approved(bob, mona, source=source)

        vip.members.create(contact=people[1])
        assert review.digest_of(campaign) == review_of(campaign).digest
        vip.delete()

        with pytest.raises(CampaignInvalid, match="Lists"):
            operations.start(campaign=campaign, by=making.actor(bob))

    def test_a_scheduled_one_goes_back_to_its_author_instead_of_out(
        self, bob: Membership, mona: Membership
    ) -> None:
        campaign = approved(bob, mona)
        Campaign.objects.update(status=Status.SCHEDULED, next_at=timezone.now())
        change_sender_of(campaign, from_name="Somebody else")
        campaign.refresh_from_db()

        back = operations.start_due(campaign=campaign, by=actors.system(campaign.workspace))

        assert (back.status, back.approved_at) == (Status.DRAFT, None)
        assert "From name" in back.status_reason

    def test_what_was_scheduled_before_the_switch_was_turned_needs_an_approval_too(
        self, bob: Membership
    ) -> None:
        campaign = draft_of(bob, status=Status.SCHEDULED, starts_at=timezone.now())

        back = operations.start_due(campaign=campaign, by=actors.system(campaign.workspace))

        assert (back.status, back.status_reason) == (
            Status.DRAFT, "It has to be approved by a moderator first.",
        )  # fmt: skip


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
