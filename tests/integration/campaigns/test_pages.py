"""The pages of campaigns: what they show, what their buttons do, and that strangers find nothing."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clarion.campaigns import offers
from clarion.campaigns.models import Campaign
from clarion.campaigns.offers import Handling
from clarion.campaigns.states import Action, Status
from clarion.engine.outcomes import Reason
from clarion.senders.models import SenderLane, SenderStatus
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db

#: Every page and endpoint of a campaign that is read, and every one that is written to.
READ = ["", "row/", "edit/", "edit/estimate/", "preview/", "preview/frame/"]
WRITTEN = ["edit/", "test/", "do/start/", "do/delete/"]


@pytest.fixture
def member() -> Membership:
    return making.make_member()


@pytest.fixture
def client(member: Membership) -> Client:
    return signed_in(member)


def signed_in(member: Membership) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(member.user)
    return client


def base(member: Membership) -> str:
    return f"/w/{member.workspace.slug}/"


def url(campaign: Campaign, tail: str = "") -> str:
    return f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/{tail}"


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def filled(member: Membership, **changes: Any) -> dict[str, Any]:
    """Return a compose form that says everything."""
    sender = making.make_sender(member.workspace)
    making.make_contacts(member.workspace, 3)
    return {
        "name": "Autumn", "tags": "q4, de", "notes": "", "audience": "CONTACTS", "sender": str(sender.public_id),
        "content": "own", "subject": "Hi {{ first_name }}", "preheader": "", "mode": "html",
        "source": '<p>Hello</p><a href="{{ unsubscribe_url }}">out</a>', "text": "", "launch": "NOW",
        "zone": "Europe/Berlin", "delay_min": "0", "delay_max": "2.5", "rate_limit": "",
    } | changes  # fmt: skip


class TestActing:
    @pytest.mark.parametrize("status", list(Status))
    def test_the_menu_offers_what_the_table_holds_and_each_of_it_works(
        self, client: Client, member: Membership, status: Status
    ) -> None:
        every = [*Action, *Handling]
        for action in every:
            campaign = making.make_launchable(member.workspace, status=status)
            offered = [*offers.actions_for(campaign, member), *offers.handling_for(campaign, member)]

            answer = client.post(url(campaign, f"do/{action.value}/"), {"confirmed": "1"})

            now = Campaign.objects.filter(pk=campaign.pk).first()
            changed = now is None or now.status != status or now.archived_at is not None
            is_copied = Campaign.objects.filter(name__startswith=campaign.name, pk__gt=campaign.pk).exists()
            # A draft that is edited stays one; a moment is what scheduling needs, so it has its own form.
            if action in (Action.SCHEDULE, Action.EDIT) and (
                action is Action.SCHEDULE or status is Status.DRAFT
            ):
                continue
            assert (changed or is_copied) == (action in offered), action
            assert answer.status_code in (302, 404)

    def test_cancel_asks_with_the_number_of_people_first(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.SENDING)
        making.make_run(campaign, total=20_000, sent=2_064)

        page = client.post(url(campaign, "do/cancel/"))
        campaign.refresh_from_db()

        assert "17,936 people will not be messaged." in words(page)
        assert campaign.status == Status.SENDING

    def test_start_asks_with_the_number_of_people_first(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace)

        page = client.post(url(campaign, "do/start/"))

        assert "2 people will get it." in words(page)

    def test_a_blocked_start_leads_to_the_review_and_names_the_blockers(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_campaign(member.workspace)

        answer = client.post(url(campaign, "do/start/"), {"confirmed": "1"})
        page = client.get(url(campaign, "edit/"))

        assert answer["Location"].endswith("/edit/#review")
        assert "Choose who gets it." in words(page)

    def test_who_comes_second_is_told_what_it_is_now(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.SENDING)
        client.post(url(campaign, "do/pause/"))

        answer = client.post(url(campaign, "do/pause/"), HTTP_HX_REQUEST="true")

        assert "the campaign is paused now" in answer["HX-Trigger"]

    def test_a_viewer_changes_nothing(self, member: Membership) -> None:
        vera = making.make_member(member.workspace, Role.VIEWER, "Vera")
        campaign = making.make_launchable(member.workspace, status=Status.SENDING)

        client = signed_in(vera)
        client.post(url(campaign, "do/pause/"))
        answer = client.get(base(member))
        campaign.refresh_from_db()

        assert campaign.status == Status.SENDING
        assert "Your role does not include this." in words(answer)


class TestList:
    def test_shows_rows_chips_and_counts(self, client: Client, member: Membership) -> None:
        making.make_run(
            making.make_launchable(member.workspace, status=Status.SENDING, name="Now"), total=8, sent=2
        )
        making.make_campaign(member.workspace, name="Later")

        page = client.get(base(member) + "campaigns/?status=SENDING")

        assert "Now" in words(page)
        assert "Later" not in words(page)
        assert "25 %" in words(page)
        assert "2 / 8" in words(page)
        assert 'aria-label="Remove the filter Sending"' in page.content.decode()

    def test_a_filter_click_gets_the_results_only(self, client: Client, member: Membership) -> None:
        making.make_campaign(member.workspace, name="Later")
        headers = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results"}

        part = client.get(base(member) + "campaigns/?status=DRAFT", **headers)
        restored = client.get(
            base(member) + "campaigns/?status=DRAFT", **headers, HTTP_HX_HISTORY_RESTORE_REQUEST="true"
        )

        assert "<html" not in part.content.decode()
        assert "Later" in words(part)
        assert "<html" in restored.content.decode()

    def test_nothing_yet_and_no_match_are_told_apart(self, client: Client, member: Membership) -> None:
        empty = client.get(base(member) + "campaigns/")
        making.make_campaign(member.workspace)
        unmatched = client.get(base(member) + "campaigns/?q=nothinglikeit")

        assert "No campaigns yet" in words(empty)
        assert "No campaign matches" in words(unmatched)

    @pytest.mark.parametrize(
        "query", ["status=NONE&page=x&sort=;drop&period=9y", "page=99999999999", "q=%00%25"]
    )
    def test_a_query_that_makes_no_sense_is_as_if_it_were_not_there(
        self, client: Client, member: Membership, query: str
    ) -> None:
        making.make_campaign(member.workspace)

        assert client.get(base(member) + "campaigns/?" + query).status_code == 200

    def test_costs_the_same_for_one_row_and_for_twenty(
        self, client: Client, member: Membership, django_assert_max_num_queries: Callable[[int], Any]
    ) -> None:
        for _ in range(20):
            making.make_run(making.make_launchable(member.workspace, status=Status.SENDING), total=3, sent=1)
        client.get(base(member) + "campaigns/")

        # Session, user, membership and the shell's workspaces, then the list's four and the figures' two.
        with django_assert_max_num_queries(10):
            client.get(base(member) + "campaigns/")

    def test_live_numbers_come_as_scopes_and_304_when_nothing_moved(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.SENDING)
        making.make_run(campaign, total=8, sent=2)
        address = base(member) + f"campaigns/live/?id={campaign.public_id}"

        answer = client.get(address)
        again = client.get(address, HTTP_IF_NONE_MATCH=answer["ETag"])

        scope = answer.json()["scopes"][str(campaign.public_id)]
        assert scope["values"]["progress_percent"] == 25
        assert scope["bars"]["progress"]["sent"] == [0.0, 25.0]
        assert answer.json()["final"] is False
        assert again.status_code == 304

    def test_live_says_when_nothing_will_move_any_more(self, client: Client, member: Membership) -> None:
        campaign = making.make_campaign(member.workspace, status=Status.COMPLETED)

        answer = client.get(base(member) + f"campaigns/live/?id={campaign.public_id}")

        assert answer.json()["final"] is True

    def test_many_are_archived_and_restored_at_once(self, client: Client, member: Membership) -> None:
        done = [making.make_campaign(member.workspace, status=Status.COMPLETED) for _ in range(2)]
        sending = making.make_campaign(member.workspace, status=Status.SENDING)
        ids = [str(one.public_id) for one in (*done, sending)]

        client.post(base(member) + "campaigns/bulk/", {"action": "archive", "id": ids})

        assert Campaign.objects.filter(archived_at=None).get() == sending
        assert "Campaign" in words(client.get(base(member) + "archive/"))
        client.post(base(member) + "campaigns/bulk/", {"action": "restore", "id": ids[:2]})
        assert Campaign.objects.filter(archived_at=None).count() == 3

    def test_many_are_deleted_only_after_a_question(self, client: Client, member: Membership) -> None:
        drafts = [making.make_campaign(member.workspace) for _ in range(2)]
        data = {"action": "delete", "id": [str(one.public_id) for one in drafts]}

        question = client.post(base(member) + "campaigns/bulk/", data)
        before = Campaign.objects.count()
        client.post(base(member) + "campaigns/bulk/", data | {"confirmed": "1"})

        assert "2 campaigns will be deleted." in words(question)
        assert (before, Campaign.objects.count()) == (2, 0)


class TestDashboard:
    def test_shows_what_is_live_planned_and_in_trouble(self, client: Client, member: Membership) -> None:
        making.make_run(
            making.make_launchable(member.workspace, status=Status.SENDING, name="Now"), total=4, sent=1
        )
        making.make_campaign(member.workspace, status=Status.FAILED, name="Broken")
        making.make_campaign(
            member.workspace,
            status=Status.SCHEDULED,
            name="Soon",
            starts_at=timezone.now() + timedelta(seconds=1),
        )

        page = words(client.get(base(member)))

        for name in ("Now", "Broken", "The file has vanished."):
            assert name in page
        assert "1 / 4" in page

    def test_a_new_workspace_is_shown_its_first_steps(self, client: Client, member: Membership) -> None:
        assert "First steps" in words(client.get(base(member)))

    def test_its_numbers_refresh(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.SENDING)
        making.make_run(campaign, total=4, sent=1)

        answer = client.get(base(member) + "-/live/").json()

        assert answer["scopes"][str(campaign.public_id)]["values"]["progress_done"] == 1
        assert answer["versions"]["panel"] != "none"

    def test_a_provider_that_is_down_and_a_missing_worker_are_trouble_at_once(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.SENDING)
        making.make_run(campaign, total=4, sent=1)
        sender = making.make_sender(member.workspace, name="Shop mail")
        calm = client.get(base(member) + "-/live/").json()["versions"]["attention"]

        SenderLane.objects.create(
            sender=sender, lane=0, open_until=timezone.now() + timedelta(minutes=1),
            open_reason=Reason.CONNECTION_FAILED, open_detail="Connection refused",
        )  # fmt: skip
        page = words(client.get(base(member)))

        assert client.get(base(member) + "-/live/").json()["versions"]["attention"] != calm
        assert "Shop mail The provider could not be reached. Connection refused" in page
        assert "No sending process is running" in page
        assert "All is well" not in page

    def test_its_steps_and_troubles_lead_to_their_own_pages(self, client: Client, member: Membership) -> None:
        assert f'href="{base(member)}senders/new/"' in client.get(base(member)).content.decode()

        blocked = making.make_sender(
            member.workspace, status=SenderStatus.BLOCKED, status_reason="Wrong password."
        )

        page = client.get(base(member)).content.decode()
        assert f'href="{base(member)}senders/{blocked.public_id}/"' in page


class TestStranger:
    def test_finds_nothing_in_anothers_workspace(self) -> None:
        mallory = making.make_member(name="Mallory")
        campaign = making.make_launchable(making.make_workspace())
        client, home = signed_in(mallory), f"/w/{campaign.workspace.slug}/"

        for tail in READ:
            assert client.get(url(campaign, tail)).status_code == 404, tail
        for tail in WRITTEN:
            assert client.post(url(campaign, tail), {"confirmed": "1"}).status_code == 404, tail
        for tail in ("", "-/live/", "archive/", "campaigns/", "campaigns/new/", "campaigns/live/"):
            assert client.get(home + tail).status_code == 404, tail

    def test_finds_nothing_of_anothers_under_their_own_address(self) -> None:
        mallory = making.make_member(name="Mallory")
        campaign = making.make_launchable(making.make_workspace())
        client, home = signed_in(mallory), f"{base(mallory)}campaigns/"

        for tail in READ:
            assert client.get(f"{home}{campaign.public_id}/{tail}").status_code == 404, tail
        for tail in WRITTEN:
            address = f"{home}{campaign.public_id}/{tail}"
            assert client.post(address, {"confirmed": "1"}).status_code == 404, tail
        assert client.get(f"{home}live/?id={campaign.public_id}").json()["scopes"] == {}
        client.post(f"{home}bulk/", {"action": "archive", "id": [str(campaign.public_id)], "confirmed": "1"})
        campaign.refresh_from_db()
        assert campaign.archived_at is None
