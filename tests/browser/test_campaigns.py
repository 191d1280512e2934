"""The list of campaigns and the compose page, driven in Chromium at desk and phone width."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from clarion.audience import reading
from clarion.audience.models import Source
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries.models import Run
from clarion.workspaces.models import Membership
from tests.browser.conftest import Open
from tests.browser.looks import NARROW, WIDE, accessible
from tests.integration.campaigns import making

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def member(live_server: Any) -> Membership:
    return making.make_member()


def names(page: Page) -> list[str]:
    return page.locator(".table__link").all_inner_texts()


class TestList:
    @pytest.fixture(autouse=True)
    def _campaigns(self, member: Membership) -> None:
        for name, status in (("Autumn", "DRAFT"), ("Black Friday", "SENDING"), ("Christmas", "COMPLETED")):
            campaign = making.make_launchable(member.workspace, status=Status(status), name=name)
            if status != "DRAFT":
                making.make_run(campaign, total=1_000, sent=250 if status == "SENDING" else 1_000)

    @pytest.mark.parametrize("size", [WIDE, NARROW], ids=["desk", "phone"])
    def test_filters_apply_at_once_and_the_back_button_takes_them_back(
        self, open_page: Open, axe_source: str, size: ViewportSize
    ) -> None:
        page = open_page("campaigns/", size)
        accessible(page, axe_source)
        if size == NARROW:
            page.get_by_role("button", name="Filters").click()

        page.locator("input[name=status][value=SENDING]").check()
        expect(page.locator(".table__link")).to_have_text(["Black Friday"])
        assert "status=SENDING" in page.url
        page.locator("input[name=status][value=DRAFT]").check()
        expect(page.locator(".table__link")).to_have_text(["Black Friday", "Autumn"])
        page.locator(".chip", has_text="Sending").get_by_role("link").click()
        expect(page.locator(".table__link")).to_have_text(["Autumn"])
        expect(page.locator("input[name=status][value=SENDING]")).not_to_be_checked()

        page.go_back()
        expect(page.locator(".table__link")).to_have_text(["Black Friday", "Autumn"])
        page.go_back()
        expect(page.locator(".table__link")).to_have_text(["Black Friday"])
        page.go_back()
        expect(page.locator(".table__link")).to_have_count(3)
        expect(page.locator("input[name=status]:checked")).to_have_count(0)

    def test_a_cold_visit_costs_little(self, open_page: Open, member: Membership) -> None:
        """At most 60 kB and 8 requests with 15 rows."""
        for number in range(12):
            making.make_launchable(member.workspace, name=f"Newsletter {number}")

        page = open_page("campaigns/")
        page.wait_for_load_state("networkidle")

        visit: list[tuple[str, int]] = page.evaluate(
            "['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))"
            ".filter(one => !['fetch', 'xmlhttprequest'].includes(one.initiatorType))"
            ".map(one => [one.name, one.transferSize])"
        )
        assert 4 <= len(visit) <= 8, visit
        assert 20_000 < sum(size for _, size in visit) <= 60_000, visit

    def test_search_begins_at_three_letters_and_survives_in_the_address(self, open_page: Open) -> None:
        page = open_page("campaigns/")

        field = page.get_by_label("Name, ID, sender")
        before = page.evaluate("history.length")

        field.press_sequentially("bla")
        expect(page.locator(".table__link")).to_have_text(["Black Friday"])
        for letter, typed in (("c", "blac"), ("k", "black")):
            field.press(letter)
            page.wait_for_url(f"**/campaigns/?q={typed}")
        field.blur()

        assert page.evaluate("history.length") == before + 1, (
            "a search is one step back, not one for each letter"
        )
        page.reload()
        expect(page.locator(".table__link")).to_have_text(["Black Friday"])
        expect(page.get_by_label("Name, ID, sender")).to_have_value("black")
        page.go_back()
        expect(page.locator(".table__link")).to_have_count(3)

    def test_a_column_head_sorts_and_again_the_other_way(self, open_page: Open) -> None:
        page = open_page("campaigns/")

        page.get_by_role("link", name=re.compile("^Campaign")).nth(-1).click()
        expect(page.locator(".table__link")).to_have_text(["Autumn", "Black Friday", "Christmas"])
        page.locator("th[aria-sort=ascending] a").click()
        expect(page.locator(".table__link")).to_have_text(["Christmas", "Black Friday", "Autumn"])

    def test_numbers_move_by_themselves_and_the_row_is_drawn_anew_when_its_state_changes(
        self, open_page: Open, member: Membership
    ) -> None:
        page = open_page("campaigns/")
        row = page.locator("tr", has_text="Black Friday")
        expect(row).to_contain_text("250 / 1,000")

        Run.objects.filter(campaign__name="Black Friday").update(sent=600, pending=400)
        expect(row).to_contain_text("600 / 1,000")
        Campaign.objects.filter(name="Black Friday").update(
            status=Status.PAUSED, pause_cause="PERSON", paused_from=Status.SENDING
        )
        expect(row.locator(".badge")).to_have_text("Paused")
        row.get_by_role("button", name="Actions for Black Friday").click()
        expect(row.get_by_role("button", name="Continue")).to_be_visible()

    def test_cancel_names_the_people_in_a_dialog_before_it_is_done(self, open_page: Open) -> None:
        page = open_page("campaigns/")
        row = page.locator("tr", has_text="Black Friday")

        row.get_by_role("button", name="Actions for Black Friday").click()
        row.get_by_role("button", name="Cancel campaign").click()
        expect(page.locator("#confirm")).to_contain_text("750 people will not be messaged.")
        page.locator("#confirm").get_by_role("button", name="Go back").click()
        assert Campaign.objects.get(name="Black Friday").status == Status.SENDING
        row.get_by_role("button", name="Actions for Black Friday").click()
        row.get_by_role("button", name="Cancel campaign").click()
        page.locator("#confirm").get_by_role("button", name="Cancel campaign").click()

        expect(page.get_by_text("“Black Friday” is cancelled.")).to_be_visible()
        assert Campaign.objects.get(name="Black Friday").status == Status.CANCELLED

    def test_chosen_rows_are_archived_together(self, open_page: Open) -> None:
        page = open_page("campaigns/")

        page.get_by_label("Select Autumn").check()
        page.get_by_label("Select Christmas").check()
        expect(page.locator("[data-bulk]")).to_contain_text("2 selected")
        page.locator("[data-bulk]").get_by_role("button", name="Archive").click()

        expect(page.locator(".table__link")).to_have_text(["Black Friday"])


class TestCompose:
    @pytest.mark.parametrize("size", [WIDE, NARROW], ids=["desk", "phone"])
    def test_from_a_name_to_the_start(
        self, open_page: Open, member: Membership, axe_source: str, size: ViewportSize
    ) -> None:
        sender = making.make_sender(member.workspace, name="Shop")
        making.make_contacts(member.workspace, 3)
        page = open_page("campaigns/new/", size)
        accessible(page, axe_source)
        page.get_by_label("Name").fill("Autumn")
        page.get_by_role("button", name="Create the draft").click()

        page.locator("input[name=audience][value=CONTACTS]").check()
        expect(page.locator("#compose-estimate")).to_contain_text("Will receive it")
        page.get_by_label("Sender").select_option(str(sender.public_id))
        # It was once as flat as its padding beside the sender.
        size_of_choice = page.locator(".compose__fit").bounding_box()
        assert size_of_choice is not None
        assert size_of_choice["height"] > 30
        page.get_by_label("Subject").fill("Hi {{ first_name }}")
        page.get_by_label("HTML", exact=True).check()
        page.locator("#id_source").fill("<h1>Hello</h1>")
        page.locator("#id_source").press("End")
        page.locator("#compose-fields").get_by_role("button", name="unsubscribe_url").click()
        expect(page.locator("#compose-preview")).to_contain_text("Hi Ada")
        frame = page.frame_locator("#compose-preview iframe")
        expect(frame.get_by_role("heading", name="Hello")).to_be_visible()
        expect(page.locator("#compose-review")).to_contain_text("3 people will get it.")
        expect(page.locator("[data-saved]")).to_have_text("All changes saved")
        accessible(page, axe_source)
        page.get_by_role("button", name="Start sending").click()
        expect(page.locator("#confirm")).to_contain_text("3 people will get it.")
        page.locator("#confirm").get_by_role("button", name="Start sending").click()

        campaign = Campaign.objects.get()
        page.wait_for_url(f"**/campaigns/{campaign.public_id}/")
        campaign.refresh_from_db()
        assert campaign.status == Status.BUILDING

    def test_a_file_is_uploaded_at_once_and_counted_when_it_is_read(
        self, open_page: Open, member: Membership, tmp_path: Path
    ) -> None:
        campaign = making.make_campaign(member.workspace)
        file = tmp_path / "people.csv"
        file.write_text("email,first_name\nada@example.test,Ada\nbob@example.test,Bob\nnonsense,Eve\n")
        page = open_page(f"campaigns/{campaign.public_id}/edit/")

        page.locator("input[type=file]").set_input_files(file)
        expect(page.locator("#compose-estimate")).to_contain_text("Reading the file")
        reading.read_source(Source.objects.get())

        expect(page.locator("#compose-estimate")).to_contain_text(re.compile(r"Will receive it\s*2"))
        expect(page.locator("#compose-fields")).to_contain_text("first_name")

    def test_a_file_without_addresses_is_refused_until_its_column_is_named(
        self, open_page: Open, member: Membership, tmp_path: Path
    ) -> None:
        campaign = making.make_campaign(member.workspace)
        file = tmp_path / "people.csv"
        file.write_text("who,where\nAda,Berlin\nBob,Bonn\n")
        page = open_page(f"campaigns/{campaign.public_id}/edit/")

        page.locator("input[type=file]").set_input_files(file)

        expect(page.locator("#audience")).to_contain_text("No column holds addresses")
        expect(page.get_by_label("Column with the addresses").locator("option")).to_have_text(
            ["Found by itself", "who", "where"]
        )

    def test_a_bad_field_is_told_at_its_field_while_one_writes(
        self, open_page: Open, member: Membership
    ) -> None:
        campaign = making.make_launchable(member.workspace)
        page = open_page(f"campaigns/{campaign.public_id}/edit/")

        page.locator("#id_rate_limit").fill("-4")
        page.locator("#id_delay_max").fill("3")

        expect(page.locator("#id_rate_limit")).to_have_attribute("aria-invalid", "true")
        expect(
            page.locator(".field", has=page.locator("#id_rate_limit")).locator(".field__error")
        ).to_be_visible()
        expect(page.locator("#id_rate_limit")).to_have_value("-4")

    def test_works_without_scripts(self, open_page: Open, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace, name="Plain")
        page = open_page(f"campaigns/{campaign.public_id}/edit/", java_script_enabled=False)

        page.get_by_label("Subject").fill("Changed")
        page.get_by_role("button", name="Start sending").click()
        expect(page.get_by_role("heading", name="Start “Plain” now?")).to_be_visible()
        page.get_by_role("button", name="Start sending").click()

        campaign.refresh_from_db()
        assert campaign.status == Status.BUILDING
        assert campaign.steps.get().body_content["subject"] == "Changed"


class TestDashboard:
    @pytest.mark.parametrize("size", [WIDE, NARROW], ids=["desk", "phone"])
    def test_a_campaign_that_starts_shows_up_by_itself(
        self, open_page: Open, member: Membership, axe_source: str, size: ViewportSize
    ) -> None:
        page = open_page("", size)
        expect(page.locator("#live-panel")).to_contain_text("Nothing is being sent")

        making.make_run(
            making.make_launchable(member.workspace, status=Status.SENDING, name="Autumn"), total=4, sent=1
        )

        expect(page.locator("#live-panel")).to_contain_text("Autumn")
        expect(page.locator("#live-panel")).to_contain_text("1 / 4")
        accessible(page, axe_source)
