"""The page on which a campaign is written: what is saved, found wrong, tried, and taken from templates."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from clarion.audience.models import Contact, List, ListMember, Source, SourceKind
from clarion.campaigns import preflight
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.content import operations as content_operations
from clarion.senders import operations as sender_operations
from clarion.workspaces.models import Membership, PiiPolicy
from tests.integration.campaigns import making
from tests.integration.campaigns.composing import filled
from tests.integration.campaigns.reading import base, url, words
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db


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

    def test_the_preview_hides_people_where_one_has_to_ask_for_them(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_launchable(member.workspace)
        member.workspace.pii_policy = PiiPolicy.ON_REQUEST
        member.workspace.save()

        pages = [client.get(url(campaign, place)) for place in ("edit/", "preview/", "preview/frame/")]

        assert "Hi A…" in pages[2].content.decode()
        whole = ["Ada<", "Hello Ada", *Contact.objects.values_list("email", flat=True)]
        assert [who for who in whole for page in pages if who in page.content.decode()] == []


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
