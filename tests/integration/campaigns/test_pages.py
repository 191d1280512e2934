"""The pages of campaigns: what they show, what their buttons do, and that strangers find nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from clarion.audience.models import List, ListMember, Source, SourceKind
from clarion.campaigns import offers, preflight
from clarion.campaigns.models import Campaign
from clarion.campaigns.offers import Handling
from clarion.campaigns.states import Action, Status
from clarion.content import operations as content_operations
from clarion.senders import operations as sender_operations
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import base, signed_in, url, words
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db

#: Every page and endpoint of a campaign that is read, and every one that is written to.
READ = ["", "row/", "edit/", "edit/estimate/", "preview/", "preview/frame/"]
WRITTEN = ["edit/", "test/", "do/start/", "do/delete/"]


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
            if action in (Action.APPROVE, Action.REJECT):
                continue  # decided where one sees what it is about
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

    def test_the_answer_leads_back_to_the_page_that_asked(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace)

        page = client.post(url(campaign, "do/start/"), {"next": base(member)})
        without = client.post(url(campaign, "do/start/"))

        assert f'name="next" value="{base(member)}"' in page.content.decode()
        assert f'name="next" value="{url(campaign)}"' in without.content.decode()

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
        answer = client.post(url(campaign, "do/pause/"))
        campaign.refresh_from_db()

        assert campaign.status == Status.SENDING
        assert answer.status_code == 403


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


class TestCompose:
    def test_a_name_makes_a_draft_and_leads_to_its_page(self, client: Client, member: Membership) -> None:
        answer = client.post(base(member) + "campaigns/new/", {"name": "Autumn"})

        campaign = Campaign.objects.get()
        assert answer["Location"] == url(campaign, "edit/#audience")

    def test_saves_everything_in_one_post(self, client: Client, member: Membership) -> None:
        campaign = making.make_campaign(member.workspace)

        client.post(url(campaign, "edit/"), filled(member))

        campaign.refresh_from_db()
        step = campaign.steps.get()
        assert (campaign.name, campaign.tags, campaign.delay_max) == ("Autumn", ["q4", "de"], 2.5)
        assert campaign.source is not None
        assert campaign.source.kind == SourceKind.CONTACTS
        assert step.body_content["subject"] == "Hi {{ first_name }}"

    def test_a_bad_field_keeps_no_other_back_and_nothing_typed_is_lost(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_campaign(member.workspace)

        page = client.post(url(campaign, "edit/"), filled(member, delay_min="9", rate_limit="-3"))

        campaign.refresh_from_db()
        assert page.status_code == 422
        assert campaign.name == "Autumn"
        assert campaign.delay_max == 0
        assert 'value="9"' in page.content.decode()
        assert 'aria-invalid="true"' in page.content.decode()

    def test_a_message_that_does_not_compile_is_kept_as_it_was_typed_and_blocks(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_campaign(member.workspace)
        broken = "<p>{% if x %}</p>"

        answer = client.post(url(campaign, "edit/"), filled(member, source=broken))
        page = client.get(url(campaign, "edit/"))

        assert 'id="id_source_error"' in answer.content.decode()

        assert campaign.steps.get().body_source["source"] == broken
        assert "{% if x %}" in page.content.decode().replace("&lt;", "<")
        assert 'data-mark="bad"' in page.content.decode()

    def test_autosave_answers_with_the_parts_that_depend_on_it(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_campaign(member.workspace)

        answer = client.post(url(campaign, "edit/"), filled(member, autosave="1", rate_limit="0"))

        html = answer.content.decode()
        assert 'id="compose-estimate"' in html
        assert 'id="compose-review"' in html
        assert 'data-field="rate_limit"' in html
        assert "3 people will get it." in words(answer)

    def test_lists_count_and_a_choice_that_nothing_uses_is_forgotten(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_campaign(member.workspace)
        data = filled(member, audience="LISTS")
        chosen = List.objects.create(workspace=member.workspace, name="VIP")
        other = List.objects.create(workspace=member.workspace, name="Other")
        for contact in making.make_contacts(member.workspace, 4):
            ListMember.objects.create(list=chosen, contact=contact)

        client.post(url(campaign, "edit/"), data | {"lists": [str(other.public_id)]})
        client.post(url(campaign, "edit/"), data | {"lists": [str(chosen.public_id)]})
        page = client.get(url(campaign, "edit/"))

        assert Source.objects.count() == 1
        assert "Will receive it 4" in words(page)

    def test_a_file_becomes_the_source_and_its_columns_are_offered(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_campaign(member.workspace)
        file = SimpleUploadedFile(
            "people.csv", b"mail,city\nada@example.test,Berlin\nbob@example.test,Bonn\n"
        )

        client.post(url(campaign, "edit/"), filled(member, audience="UPLOAD", file=file))
        page = client.get(url(campaign, "edit/"))

        campaign.refresh_from_db()
        assert campaign.source is not None
        assert (campaign.source.kind, campaign.source.name) == ("UPLOAD", "people.csv")
        assert '<option value="city"' in page.content.decode()
        assert "mail Address {{ mail }}" in words(page)

    def test_a_file_is_read_again_only_when_another_column_is_chosen(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_campaign(member.workspace)
        rows = b"E-Mail;Other mail\nada@example.test;a@example.test\nbob@example.test;b@example.test\n"
        data = filled(member, audience="UPLOAD")
        client.post(url(campaign, "edit/"), data | {"file": SimpleUploadedFile("people.csv", rows)})
        first = Source.objects.get()
        data["upload"] = str(first.public_id)

        client.post(url(campaign, "edit/"), data | {"address_column": "E-Mail"})
        count = Source.objects.count()
        client.post(url(campaign, "edit/"), data | {"address_column": "Other mail"})

        campaign.refresh_from_db()
        assert count == 1
        assert campaign.source is not None
        assert campaign.source != first
        assert campaign.source.dialect["address"] == "other_mail"

    def test_another_sheet_of_a_workbook_can_be_chosen(self, client: Client, member: Membership) -> None:
        campaign = making.make_campaign(member.workspace)
        book = xlsx(
            {
                "Notes": [["a"], ["b"]],
                "May": [["mail"], ["m@example.test"]],
                "June": [["post"], ["j@example.test"]],
            }
        )
        data = filled(member, audience="UPLOAD")
        data["file"] = SimpleUploadedFile("people.xlsx", book)
        page = client.post(url(campaign, "edit/"), data)
        assert '<option value="June"' in page.content.decode()  # the first sheet has no addresses

        data["file"].seek(0)
        client.post(url(campaign, "edit/"), data | {"sheet": "May"})
        first = Source.objects.get()
        assert first.dialect["address"] == "mail"
        data = filled(member, audience="UPLOAD") | {"upload": str(first.public_id), "address_column": "mail"}
        client.post(url(campaign, "edit/"), data | {"sheet": "June"})

        campaign.refresh_from_db()
        assert campaign.source is not None
        assert (campaign.source.dialect["sheet"], campaign.source.dialect["address"]) == ("June", "post")
        again = SimpleUploadedFile("new.xlsx", xlsx({"People": [["mail"], ["n@example.test"]]}))
        client.post(url(campaign, "edit/"), data | {"sheet": "June", "file": again})
        campaign.refresh_from_db()
        assert campaign.source.dialect["sheet"] == "People"

    def test_a_file_without_addresses_says_so_at_its_field(self, client: Client, member: Membership) -> None:
        campaign = making.make_campaign(member.workspace)
        file = SimpleUploadedFile("people.csv", b"name,city\nAda,Berlin\nBob,Bonn\n")

        page = client.post(url(campaign, "edit/"), filled(member, audience="UPLOAD", file=file))

        assert "No column holds addresses" in words(page)
        assert '<option value="city"' in page.content.decode()

    def test_start_from_the_page_asks_and_then_builds(self, client: Client, member: Membership) -> None:
        campaign = making.make_campaign(member.workspace)
        data = filled(member, do="start")

        question = client.post(url(campaign, "edit/"), data)
        answer = client.post(url(campaign, "edit/"), data | {"confirmed": "1"})

        campaign.refresh_from_db()
        assert "3 people will get it." in words(question)
        assert answer["Location"] == url(campaign)
        assert campaign.status == Status.BUILDING

    def test_scheduling_takes_the_time_in_the_zone_that_was_typed(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_campaign(member.workspace, zone="Europe/Berlin")
        at = (
            (timezone.now() + timedelta(days=3))
            .astimezone(ZoneInfo("Europe/Berlin"))
            .replace(second=0, microsecond=0)
        )
        data = filled(
            member, launch="SCHEDULE", date=f"{at:%Y-%m-%d}", time=f"{at:%H:%M}", do="schedule", confirmed="1"
        )

        client.post(url(campaign, "edit/"), data)

        campaign.refresh_from_db()
        assert (campaign.status, campaign.starts_at) == (Status.SCHEDULED, at)

    def test_a_scheduled_one_is_taken_off_the_schedule_first(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.SCHEDULED)

        page = client.get(url(campaign, "edit/"))
        answer = client.post(url(campaign, "do/edit/"))

        campaign.refresh_from_db()
        assert "takes it off the schedule" in words(page)
        assert campaign.status == Status.DRAFT
        assert answer["Location"] == url(campaign, "edit/")

    def test_a_paused_one_shows_and_saves_its_timing_only(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.PAUSED, name="Kept")

        page = client.get(url(campaign, "edit/"))
        client.post(
            url(campaign, "edit/"), {"name": "Other", "delay_min": "1", "delay_max": "4", "rate_limit": "7"}
        )

        campaign.refresh_from_db()
        assert 'name="subject"' not in page.content.decode()
        assert (campaign.name, campaign.delay_max, campaign.rate_limit) == ("Kept", 4, 7)
        assert campaign.status == Status.PAUSED

    def test_the_preview_is_a_page_in_which_nothing_can_run(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace)

        answer = client.get(url(campaign, "preview/frame/"))

        assert "Hi Ada" in answer.content.decode()
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'self'" in policy

    def test_the_preview_leafs_through_recipients(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace)

        pane = client.get(url(campaign, "preview/?recipient=2"), HTTP_HX_REQUEST="true")

        assert "2 / 2" in words(pane)
        assert "Hello Ada" in words(pane)


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


class TestSendingATest:
    @pytest.fixture
    def campaign(self, member: Membership) -> Campaign:
        by = making.actor(member)
        sender = sender_operations.create_sender(by=by, channel="sandbox", name="Sandbox", config={})
        campaign = making.make_launchable(member.workspace)
        campaign.steps.update(channel="sandbox", sender=sender)
        return campaign

    def test_goes_to_each_address_and_the_preflight_is_content(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        before = preflight.check(campaign)

        client.post(url(campaign, "test/"), {"addresses": "ada@example.test, bob@example.test"})
        page = client.get(url(campaign, "edit/"))

        assert "No test of this version was sent yet." in [check.sentence for check in before]
        assert "The test to ada@example.test was taken." in words(page)
        assert "The test to bob@example.test was taken." in words(page)
        assert "A test of this version was sent." in words(page)

    def test_names_a_bad_address(self, client: Client, campaign: Campaign) -> None:
        client.post(url(campaign, "test/"), {"addresses": "nonsense"})

        page = client.get(url(campaign, "edit/"))

        assert "nonsense: This is not a mail address." in words(page)
        assert "No test of this version was sent yet." in words(page)

    @pytest.mark.parametrize(
        ("addresses", "sentence"),
        [("", "Name an address"), (",".join(f"a{n}@example.test" for n in range(6)), "at most 5 addresses")],
    )
    def test_takes_one_to_five_addresses(
        self, client: Client, campaign: Campaign, addresses: str, sentence: str
    ) -> None:
        client.post(url(campaign, "test/"), {"addresses": addresses})

        assert sentence in words(client.get(url(campaign, "edit/")))


class TestTemplates:
    def test_a_template_is_chosen_and_what_was_written_is_kept(
        self, client: Client, member: Membership
    ) -> None:
        source = {
            "subject": "Of the template",
            "mode": "text",
            "source": "Hello",
            "preheader": "",
            "text": "",
        }
        template = content_operations.create_template(
            by=making.actor(member), channel="email", name="Welcome", source=source
        )
        campaign = making.make_campaign(member.workspace)
        data = filled(member)
        client.post(url(campaign, "edit/"), data)

        client.post(
            url(campaign, "edit/"), data | {"content": "template", "template": f"{template.public_id}:1"}
        )
        page = client.get(url(campaign, "edit/"))

        step = campaign.steps.get()
        assert step.template_version is not None
        assert step.body_source["subject"] == "Hi {{ first_name }}"
        assert "Of the template" in words(page)

    def test_a_newer_version_does_not_take_the_place_of_the_chosen_one(
        self, client: Client, member: Membership
    ) -> None:
        by, source = making.actor(member), {"subject": "One", "mode": "text", "source": "Hello"}
        template = content_operations.create_template(by=by, channel="email", name="Welcome", source=source)
        campaign = making.make_campaign(member.workspace)
        data = filled(member, content="template", template=f"{template.public_id}:1")
        client.post(url(campaign, "edit/"), data)

        content_operations.save_version(by=by, template=template, source=source | {"subject": "Two"})
        client.post(url(campaign, "edit/"), data | {"name": "Changed"})

        step = campaign.steps.get()
        assert step.template_version is not None
        assert step.template_version.number == 1
