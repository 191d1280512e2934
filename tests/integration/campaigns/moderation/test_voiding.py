"""Moderation: what ends an approval."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from clarion.audience.models import List, Source, SourceKind
from clarion.campaigns import operations, review
from clarion.campaigns.errors import (
    CampaignInvalid,
)
from clarion.campaigns.models import Campaign, Decision
from clarion.campaigns.states import Status
from clarion.content import operations as content
from clarion.senders import operations as senders
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent, Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.moderation.reviewed import (
    approved,
    change_sender_of,
    draft_of,
    review_of,
    status_of,
)

pytestmark = pytest.mark.django_db


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
