"""The pages of moderation: who sees what, what is decided there, and that strangers find nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clarion.audience.models import Contact
from clarion.campaigns import moderation, operations, review
from clarion.campaigns.models import Campaign, Review
from clarion.campaigns.states import PauseCause, Status
from clarion.senders import operations as senders
from clarion.senders.models import Sender
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent, Membership, Workspace
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import signed_in, url, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob() -> Membership:
    return making.make_member(making.make_workspace(moderation=True), Role.AUTHOR, "Bob")


@pytest.fixture
def mona(bob: Membership) -> Membership:
    return making.make_member(bob.workspace, Role.MODERATOR, "Mona")


@pytest.fixture
def campaign(bob: Membership) -> Campaign:
    """Bob's campaign, submitted."""
    return submitted(bob)


def submitted(by: Membership, **values: Any) -> Campaign:
    values = {"launch": "MANUAL", "created_by": by.user, **values}
    made = making.make_launchable(by.workspace, **values)
    return operations.submit(campaign=made, by=making.actor(by), note="Please look.")


def queue_url(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/moderation/"


def review_url(campaign: Campaign, tail: str = "") -> str:
    return f"{queue_url(campaign.workspace)}{campaign.public_id}/{tail}"


def decide(client: Client, campaign: Campaign, do: str, **fields: Any) -> Any:
    posted = {"do": do, "digest": review.digest_of(campaign), **fields}
    return client.post(review_url(campaign, "decide/"), posted, follow=True)


def status_of(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).status


class TestQueue:
    def test_shows_the_oldest_first_with_what_decides(self, bob: Membership, mona: Membership) -> None:
        first, second = submitted(bob, name="First"), submitted(bob, name="Second")

        page = words(signed_in(mona).get(queue_url(bob.workspace)))

        assert page.index("First") < page.index("Second")
        assert "2 campaigns wait" in page
        assert "Bob" in page
        assert "Please look." in page
        assert "No test of this version was sent yet." in page
        assert first.status == second.status == Status.IN_REVIEW

    def test_costs_the_same_however_many_wait(
        self, bob: Membership, mona: Membership, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(8):
            submitted(bob)

        client = signed_in(mona)

        with django_assert_max_num_queries(10):
            client.get(queue_url(bob.workspace))

    def test_the_navigation_counts_for_whoever_decides(
        self, bob: Membership, mona: Membership, campaign: Campaign
    ) -> None:
        assert moderation.waiting_count(mona) == 1
        assert moderation.waiting_count(bob) == 0

    def test_what_waits_is_not_in_the_list_and_what_is_approved_is(
        self, bob: Membership, mona: Membership, campaign: Campaign
    ) -> None:
        listed = f"/w/{bob.workspace.slug}/campaigns/"
        assert campaign.name not in words(signed_in(bob).get(listed))

        operations.approve(campaign=campaign, digest=review.digest_of(campaign), by=making.actor(mona))

        assert campaign.name in words(signed_in(bob).get(listed))


class TestReview:
    def test_shows_the_message_the_audience_the_checks_and_the_notes(
        self, mona: Membership, campaign: Campaign
    ) -> None:
        Contact.objects.create(
            workspace=mona.workspace, email="zoe@example.test", first_name="Zoe", last_name="Zebra"
        )

        sender = Sender.objects.get(workspace=mona.workspace)
        Sender.objects.filter(pk=sender.pk).update(config=sender.config | {"security": "starttls"})

        page = words(signed_in(mona).get(review_url(campaign)))

        for text in ("shop@example.test", "Hello {{ first_name }}", "Matched", "Will receive it", "Zoe Zebra",
                     "Please look.", "The sender", "Its first submission", "Channel Email",
                     "Written as HTML",
                     "Encryption STARTTLS"):  # fmt: skip
            assert text in page

    def test_the_preview_steps_through_the_people(self, mona: Membership, campaign: Campaign) -> None:
        client = signed_in(mona)
        Contact.objects.create(workspace=mona.workspace, email="zoe@example.test", first_name="Zoe")

        pane = client.get(review_url(campaign, "preview/?recipient=3"), HTTP_HX_REQUEST="true")
        frame = client.get(review_url(campaign, "preview/frame/?recipient=3"))
        plain = client.get(review_url(campaign, "preview/?recipient=3"))

        assert "Hello Zoe" in words(pane)
        assert "Hi Zoe" in frame.content.decode()
        assert frame["Content-Security-Policy"].count("sandbox") == 1
        assert plain["Location"].endswith("?recipient=3#compose-preview")

    def test_tells_what_is_different_from_what_was_approved(
        self, bob: Membership, mona: Membership, campaign: Campaign
    ) -> None:
        client = signed_in(mona)
        decide(client, campaign, "approve")
        step = campaign.steps.select_related("sender").get()
        body = {
            "subject": "Only today",
            "source": '<p>One</p>\n<p>Two</p><a href="{{ unsubscribe_url }}">x</a>',
        }
        operations.set_step(
            campaign=campaign, channel="email", sender=step.sender, by=making.actor(bob),
            body={**step.body_source, **body},
        )  # fmt: skip
        operations.submit(campaign=campaign, by=making.actor(bob))

        answer = client.get(review_url(campaign))
        page = words(answer)

        assert "from submission 1, which was approved" in page
        assert "Hello {{ first_name }}" in page
        assert "Only today" in page
        assert "<ins>&lt;p&gt;One&lt;/p&gt;</ins>" in answer.content.decode()

    def test_says_what_changed_since_it_was_submitted(self, mona: Membership, campaign: Campaign) -> None:
        step = campaign.steps.select_related("sender").get()
        assert step.sender is not None
        senders.update_sender(
            sender=step.sender,
            by=actors.operator(mona.workspace),
            config={**step.sender.config, "from_address": "ceo@example.test"},
        )

        page = words(signed_in(mona).get(review_url(campaign)))

        assert "Changed since it was submitted" in page
        assert "ceo@example.test" in page


class TestDeciding:
    def test_approving_makes_it_ready_and_goes_back_to_the_queue(
        self, mona: Membership, campaign: Campaign
    ) -> None:
        answer = decide(signed_in(mona), campaign, "approve", extent="all", note="Fine.")

        assert answer.redirect_chain == [(queue_url(mona.workspace), 302)]
        assert "is approved." in words(answer)
        assert status_of(campaign) == Status.READY

    def test_a_first_part_is_asked_for_in_per_cent(self, mona: Membership, campaign: Campaign) -> None:
        client = signed_in(mona)

        refused = decide(client, campaign, "approve", extent="part", percent="0", note="Carefully.")
        assert refused.status_code == 422
        assert "between 1 and 99 per cent" in words(refused)
        assert "Carefully." in refused.content.decode()
        decide(client, campaign, "approve", extent="part", percent="15")

        assert Review.objects.get().canary_percent == 15

    def test_rejecting_needs_a_reason_at_its_field(self, mona: Membership, campaign: Campaign) -> None:
        client = signed_in(mona)

        refused = decide(client, campaign, "reject", reason="")
        assert refused.status_code == 422
        assert 'id="reject-error"' in refused.content.decode()
        decide(client, campaign, "reject", reason="Wrong price.")

        assert status_of(campaign) == Status.CANCELLED
        page = signed_in(mona).get(url(campaign, ""))
        assert "Wrong price." in words(page)

    def test_what_is_not_what_was_looked_at_is_shown_again(
        self, mona: Membership, campaign: Campaign
    ) -> None:
        answer = decide(signed_in(mona), campaign, "approve", digest="0" * 64)

        assert "has changed since you looked at it" in words(answer)
        assert status_of(campaign) == Status.IN_REVIEW

    def test_ones_own_is_shown_without_the_buttons_and_refused(self, bob: Membership) -> None:
        alice = making.make_member(bob.workspace, Role.OWNER, "Alice")
        own = submitted(alice)
        client = signed_in(alice)

        page = client.get(review_url(own))
        answer = decide(client, own, "approve")

        assert "somebody else has to approve it" in words(page)
        assert 'value="approve"' not in page.content.decode()
        assert "somebody else has to approve it" in words(answer)
        assert status_of(own) == Status.IN_REVIEW

    def test_who_comes_second_is_told_so(self, mona: Membership, campaign: Campaign) -> None:
        nina = making.make_member(mona.workspace, Role.MODERATOR, "Nina")
        digest = review.digest_of(campaign)
        decide(signed_in(nina), campaign, "approve")

        answer = decide(signed_in(mona), campaign, "reject", reason="No.", digest=digest)

        assert "Somebody else was quicker: the campaign is ready now." in words(answer)

    def test_an_author_decides_nothing_but_leaves_notes(self, bob: Membership, campaign: Campaign) -> None:
        client = signed_in(bob)

        assert decide(client, campaign, "reject", reason="No.").status_code == 403
        decide(client, campaign, "note", text="I checked the price.")

        assert status_of(campaign) == Status.IN_REVIEW
        assert AuditEvent.objects.get(action="campaign.note").reason == "I checked the price."
        assert "I checked the price." in words(client.get(review_url(campaign)))

    def test_the_rest_is_released_with_the_figures_in_view(
        self, mona: Membership, campaign: Campaign
    ) -> None:
        client = signed_in(mona)
        decide(client, campaign, "approve", extent="part", percent="10")
        making.make_run(campaign, total=100, sent=9, failed=1)
        Campaign.objects.update(
            status=Status.PAUSED, pause_cause=PauseCause.REVIEW, paused_from=Status.SENDING
        )

        queue = words(client.get(queue_url(mona.workspace)))
        page = words(client.get(review_url(campaign)))
        own_page = words(client.get(url(campaign, "")))
        decide(client, campaign, "release")

        assert "A first part is out" in queue
        assert "The first 10 %" in page
        assert "9 sent, 1 failed, 0 bounced, 0 unsubscribed; 90 wait." in own_page
        assert status_of(campaign) == Status.SENDING

    def test_a_triggered_campaign_is_offered_a_first_part_by_number_alone(
        self, mona: Membership, campaign: Campaign
    ) -> None:
        Campaign.objects.update(launch="TRIGGER", ends_at=timezone.now() + timedelta(days=1))
        client = signed_in(mona)

        page = client.get(review_url(campaign)).content.decode()
        refused = decide(client, campaign, "approve", extent="people", people="many")
        decide(client, campaign, "approve", extent="people", people="25")

        assert 'name="percent"' not in page
        assert "pushed first" in page
        assert "between 1 and" in words(refused)
        latest = moderation.latest_review(campaign)
        assert latest is not None
        assert (latest.canary_percent, latest.canary_people) == (None, 25)

    def test_viewers_and_strangers_find_nothing(self, campaign: Campaign) -> None:
        vera = making.make_member(campaign.workspace, Role.VIEWER, "Vera")
        mallory = making.make_member(making.make_workspace(moderation=True), name="Mallory")

        for member, status in ((vera, 403), (mallory, 404)):
            client = signed_in(member)
            assert client.get(queue_url(campaign.workspace)).status_code == status
            for tail in ("", "preview/", "preview/frame/"):
                assert client.get(review_url(campaign, tail)).status_code == status
            assert client.post(review_url(campaign, "decide/"), {"do": "approve"}).status_code == status
        own = f"{queue_url(mallory.workspace)}{campaign.public_id}/"
        assert signed_in(mallory).get(own).status_code == 404


class TestOtherPages:
    def test_a_draft_is_submitted_from_the_compose_page(self, bob: Membership) -> None:
        draft = making.make_launchable(bob.workspace, created_by=bob.user, launch="MANUAL")
        client = signed_in(bob)

        page = client.get(url(draft, "edit/"))
        assert "Submit for review" in words(page)
        assert "Start sending" not in words(page)
        form = {
            "name": draft.name, "tags": "", "notes": "", "audience": "CONTACTS",
            "sender": str(draft.steps.get().sender.public_id), "content": "own",  # type: ignore[union-attr]
            "subject": "Hi", "preheader": "", "mode": "html", "text": "", "launch": "MANUAL",
            "source": '<p>Hello</p><a href="{{ unsubscribe_url }}">out</a>', "zone": "UTC",
            "delay_min": "0", "delay_max": "0", "rate_limit": "", "do": "submit", "review_note": "Ready.",
        }  # fmt: skip
        answer = client.post(url(draft, "edit/"), form, follow=True)

        assert "It waits in Moderation." in words(answer)
        assert "It waits for a moderator" in words(answer)
        assert moderation.latest_review(draft).note == "Ready."  # type: ignore[union-attr]

    def test_a_voided_approval_is_told_on_the_campaign_s_page(
        self, bob: Membership, mona: Membership, campaign: Campaign
    ) -> None:
        decide(signed_in(mona), campaign, "approve")
        assert "Approved as it is" in words(signed_in(bob).get(url(campaign, "")))

        operations.set_source(campaign=campaign, source=None, by=making.actor(bob))

        page = words(signed_in(bob).get(url(campaign, "")))
        assert "The approval is void" in page
        assert "Changed since the approval: Audience." in page
        trail = words(signed_in(bob).get(url(campaign, "audit/")))
        assert "Approval voided" in trail


class TestSettings:
    def url(self, member: Membership) -> str:
        return f"/w/{member.workspace.slug}/settings/"

    def test_changes_are_kept_with_old_and_new(self) -> None:
        alice = making.make_member()
        posted = {"name": "Better Shop", "zone": "Asia/Tokyo", "moderation": "on"}

        answer = signed_in(alice).post(self.url(alice), posted, follow=True)

        assert "The settings are saved." in words(answer)
        event = AuditEvent.objects.get(action="workspace.update")
        assert event.changes["zone"] == ["Europe/Berlin", "Asia/Tokyo"]
        assert event.changes["moderation"] == [False, True]
        now = Workspace.objects.get(pk=alice.workspace_id)
        assert (now.name, now.zone, now.moderation) == ("Better Shop", "Asia/Tokyo", True)

    def test_the_country_of_phone_numbers_is_chosen_by_its_name(self) -> None:
        alice = making.make_member()
        page = signed_in(alice).get(self.url(alice)).content.decode()
        assert '<option value="DE">Germany (+49)</option>' in page
        posted = {"name": "Shop", "zone": "Asia/Tokyo"}

        assert "valid choice" in words(
            signed_in(alice).post(self.url(alice), posted | {"default_country": "XX"})
        )
        signed_in(alice).post(self.url(alice), posted | {"default_country": "DE"})

        assert Workspace.objects.get(pk=alice.workspace_id).default_country == "DE"
        event = AuditEvent.objects.filter(action="workspace.update").latest("pk")
        assert event.changes["default_country"] == ["", "DE"]

    def test_warns_when_nobody_but_the_author_could_approve(self) -> None:
        alice = making.make_member()

        assert "What Alice writes nobody can approve" in words(signed_in(alice).get(self.url(alice)))
        making.make_member(alice.workspace, Role.MODERATOR, "Mona")
        page = words(signed_in(alice).get(self.url(alice)))

        assert "nobody can approve" not in page
        assert "Mona" in page

    def test_warns_when_nobody_could_at_all(self) -> None:
        admin = making.make_member(role=Role.ADMIN)

        assert "Nobody can approve: give a member" in words(signed_in(admin).get(self.url(admin)))

    @pytest.mark.parametrize("wrong", [{"name": " "}, {"zone": "Mars/Olympus"}])
    def test_what_makes_no_sense_is_told_at_its_field(self, wrong: dict[str, str]) -> None:
        alice = making.make_member()

        answer = signed_in(alice).post(self.url(alice), {"name": "Shop", "zone": "UTC"} | wrong)

        assert answer.status_code == 422
        assert not AuditEvent.objects.exists()

    def test_others_and_strangers_do_not_get_there(self) -> None:
        alice = making.make_member()
        bob = making.make_member(alice.workspace, Role.AUTHOR, "Bob")
        mallory = making.make_member(name="Mallory")

        assert signed_in(bob).post(self.url(alice), {"name": "X", "zone": "UTC"}).status_code == 403
        assert signed_in(mallory).get(self.url(alice)).status_code == 404
        assert Workspace.objects.get(pk=alice.workspace_id).name == alice.workspace.name
