"""The calendar and the timing part of the compose page, driven in Chromium at desk and phone width."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize, expect

from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.workspaces.models import Membership
from tests.browser.conftest import Open
from tests.browser.looks import NARROW, WIDE, accessible
from tests.browser.test_campaigns import member as member
from tests.integration.campaigns import making

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

BERLIN = ZoneInfo("Europe/Berlin")


def month_after(n: int = 1) -> date:
    """Return the first day of the month so many months from now, in Berlin."""
    today = timezone.now().astimezone(BERLIN).date()
    year, month = divmod(today.year * 12 + today.month - 1 + n, 12)
    return date(year, month + 1, 1)


def day(number: int) -> date:
    """Return that day of the next month."""
    return month_after().replace(day=number)


def at(number: int, hour: int = 9) -> datetime:
    return datetime.combine(day(number), time(hour), tzinfo=BERLIN)


def scheduled(member: Membership, name: str, number: int, **values: Any) -> Campaign:
    facts = {"starts_at": at(number), "next_at": at(number), "zone": "Europe/Berlin"}
    return making.make_launchable(member.workspace, status=Status.SCHEDULED, name=name, **{**facts, **values})


def open_month(open_page: Open, size: ViewportSize = WIDE, **options: Any) -> Page:
    return open_page(f"calendar/?date={month_after().isoformat()}", size, **options)


def cell(page: Page, number: int) -> Any:
    return page.locator(f'[data-date="{day(number).isoformat()}"]')


def confirm(page: Page, words: str) -> None:
    """Read the question, say yes, and wait for the calendar to be back."""
    expect(page.locator("#confirm")).to_contain_text(words)
    with page.expect_navigation():
        page.locator("#confirm").get_by_role("button", name="Move").click()


class TestCalendar:
    @pytest.fixture(autouse=True)
    def _campaigns(self, member: Membership) -> None:
        scheduled(member, "Spring", 10)
        scheduled(
            member, "Weekly", 7, launch=Launch.RECURRING, repeat_every=1, repeat_unit="WEEK", repeat_count=3
        )
        scheduled(member, "Spread", 5, launch=Launch.SPREAD, ends_at=at(20))
        making.make_launchable(
            member.workspace, status=Status.COMPLETED, name="Over", started_at=timezone.now()
        )

    @pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["desk", "phone"])
    def test_every_view_is_accessible(
        self, open_page: Open, axe_source: str, size: ViewportSize, scheme: str
    ) -> None:
        page = open_month(open_page, size, color_scheme=scheme)
        accessible(page, axe_source)
        for view in ("Week", "Day"):
            page.locator(".segmented").get_by_role("link", name=view).click()
            expect(page.locator(f"[data-view={view.lower()}]")).to_be_visible()
            accessible(page, axe_source)

    def test_leafing_by_key_and_click_stands_in_the_address_and_goes_back(self, open_page: Open) -> None:
        page = open_page("calendar/")
        expect(page.locator(".event", has_text="Over")).to_be_visible()

        page.keyboard.press("ArrowRight")
        expect(page.locator(".event", has_text="Spring")).to_be_visible()
        assert f"date={month_after().isoformat()}" in page.url
        page.get_by_role("link", name="After").click()
        expect(page.locator(".event", has_text="Spring")).to_have_count(0)
        page.go_back()
        expect(page.locator(".event", has_text="Spring")).to_be_visible()
        page.keyboard.press("t")
        expect(page.locator(".event", has_text="Over")).to_be_visible()

    def test_at_phone_width_it_is_a_list_of_the_days_on_which_something_is(self, open_page: Open) -> None:
        page = open_month(open_page, NARROW)

        expect(cell(page, 10)).to_be_visible()
        expect(cell(page, 11)).to_be_hidden()
        expect(cell(page, 10).locator(".calendar__name")).to_be_visible()
        expect(cell(page, 10).locator(".event")).to_contain_text("Scheduled")

    def test_a_click_shows_the_facts_and_the_campaign_is_moved_by_its_form(self, open_page: Open) -> None:
        page = open_month(open_page)
        page.locator(".event", has_text="Spring").click()
        drawer = page.locator("#drawer")
        expect(drawer).to_contain_text("At a set time")

        drawer.get_by_label("Date").fill(day(12).isoformat())
        drawer.get_by_label("Time").fill("14:30")
        drawer.get_by_role("button", name="Move").click()
        page.get_by_role("button", name="Move").click()

        expect(cell(page, 12)).to_contain_text("14:30")
        expect(page.locator(".toast")).to_contain_text("“Spring” is moved to")

    def test_a_drag_moves_it_and_keeps_the_time_of_day(self, open_page: Open) -> None:
        page = open_month(open_page)

        page.locator(".event", has_text="Spring").drag_to(cell(page, 25))
        confirm(page, "09:00")

        expect(cell(page, 25)).to_contain_text("Spring")
        assert Campaign.objects.get(name="Spring").next_at == at(25)

    def test_a_bar_is_dragged_by_its_first_day_also_onto_a_day_that_it_covers(self, open_page: Open) -> None:
        page = open_month(open_page)

        page.locator(".event--bar", has_text="Spread").first.drag_to(
            cell(page, 6), source_position={"x": 20, "y": 8}
        )
        confirm(page, "Its end moves too")

        moved = Campaign.objects.get(name="Spread")
        assert (moved.starts_at, moved.ends_at) == (at(6), at(21))

    def test_keys_move_it_say_where_it_is_and_leave_the_focus_on_it(self, open_page: Open) -> None:
        page = open_month(open_page)
        page.locator(".event", has_text="Weekly").first.focus()

        page.keyboard.press("m")
        expect(page.locator("[data-calendar-said]")).to_contain_text("Picked up: Weekly.")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        expect(page.locator("[data-target]")).to_have_attribute("data-date", day(15).isoformat())
        page.keyboard.press("Enter")
        confirm(page, "all its coming dates move with this one")

        expect(cell(page, 15).locator(".event", has_text="Weekly")).to_be_focused()
        expect(cell(page, 22).locator(".event", has_text="Weekly")).to_be_visible()
        assert Campaign.objects.get(name="Weekly").next_at == at(15)

    def test_escape_leaves_it_and_what_cannot_be_is_refused_with_the_reason(
        self, open_page: Open, member: Membership
    ) -> None:
        scheduled(
            member,
            "Ending",
            8,
            launch=Launch.RECURRING,
            repeat_every=1,
            repeat_unit="WEEK",
            repeat_until=day(22),
        )
        page = open_month(open_page)
        last = cell(page, 22).locator(".event", has_text="Ending")
        last.focus()

        page.keyboard.press("m")
        page.keyboard.press("Escape")
        expect(page.locator("[data-calendar-said]")).to_have_text("Left where it was.")
        page.keyboard.press("m")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")

        expect(page.locator(".toast")).to_contain_text("It would lie behind the end of the recurrence.")
        expect(last).to_be_focused()
        assert Campaign.objects.get(name="Ending").next_at == at(8)

    def test_it_is_moved_without_scripts(self, open_page: Open) -> None:
        page = open_month(open_page, java_script_enabled=False)
        page.locator(".event", has_text="Spring").click()
        expect(page.get_by_role("heading", name="Spring")).to_be_visible()

        page.get_by_label("Date").fill(day(12).isoformat())
        page.get_by_role("button", name="Move").click()
        expect(page.get_by_role("heading", name="Move “Spring”?")).to_be_visible()
        page.get_by_role("button", name="Move").click()

        expect(cell(page, 12)).to_contain_text("Spring")


class TestTiming:
    @pytest.mark.parametrize("size", [WIDE, NARROW], ids=["desk", "phone"])
    def test_every_way_to_start_is_said_and_read_back(
        self, open_page: Open, member: Membership, axe_source: str, size: ViewportSize
    ) -> None:
        campaign = making.make_launchable(member.workspace, zone="Europe/Berlin", name="Spring")
        page = open_page(f"campaigns/{campaign.public_id}/edit/#timing", size)
        timing = page.locator("#timing")
        words = page.locator("#compose-timing")
        expect(timing.locator("#id_date")).to_be_hidden()

        timing.locator("[name=launch][value=MANUAL]").check()
        expect(words).to_contain_text("When somebody starts it.")
        timing.locator("[name=launch][value=SCHEDULE]").check()
        timing.locator("#id_date").fill(day(10).isoformat())
        timing.locator("#id_time").fill("09:00")
        expect(words).to_contain_text("09:00 Europe/Berlin.")
        timing.locator("[name=launch][value=RECURRING]").check()
        timing.locator("#id_repeat_every").fill("2")
        timing.locator("[name=repeat_end][value=count]").check()
        timing.locator("#id_repeat_count").fill("7")
        expect(words).to_contain_text("Every 2 weeks")
        expect(words.locator("li")).to_have_count(6)
        expect(words).to_contain_text("7 times")
        accessible(page, axe_source)
        timing.locator("[name=launch][value=SPREAD]").check()
        timing.locator("#id_end_date").fill(day(14).isoformat())
        timing.locator("#id_end_time").fill("18:00")
        expect(words).to_contain_text("5 days on which it sends.")
        timing.locator("[name=launch][value=TRIGGER]").check()
        expect(words).to_contain_text("To whoever is pushed from")
        accessible(page, axe_source)
        timing.locator("[name=launch][value=NOW]").check()
        expect(words).to_contain_text("As soon as somebody presses Start.")
        expect(timing.locator("#id_date")).to_be_hidden()

        campaign.refresh_from_db()
        assert (campaign.launch, campaign.ends_at) == (Launch.NOW, None)

    def test_hours_are_added_removed_and_read_back(
        self, open_page: Open, member: Membership, axe_source: str
    ) -> None:
        campaign = making.make_launchable(member.workspace, zone="Europe/Berlin")
        page = open_page(f"campaigns/{campaign.public_id}/edit/#timing")
        hours = page.locator(".hours")
        expect(hours.locator("[data-hours-row]")).to_be_hidden()

        hours.locator("[name=hours][value=set]").check()
        expect(page.locator("#compose-hours")).to_contain_text("Sends 09:00–18:00 Mon–Fri Europe/Berlin.")
        hours.get_by_role("button", name="Add hours").click()
        row = hours.locator("[data-hours-rows] [data-hours-row]").nth(1)
        row.get_by_label("Sat").check()
        row.get_by_label("from").fill("10:00")
        expect(row.locator(".field__error")).to_contain_text("Say until when.")
        row.get_by_label("to", exact=True).fill("14:00")
        expect(page.locator("#compose-hours")).to_contain_text("and 10:00–14:00 Sat")
        accessible(page, axe_source)
        hours.get_by_role("button", name="Remove these hours").first.click()
        expect(page.locator("#compose-hours")).to_contain_text("Sends 10:00–14:00 Sat Europe/Berlin.")
        hours.get_by_role("button", name="Office hours").click()
        expect(page.locator("#compose-hours")).to_contain_text("Sends 09:00–18:00 Mon–Fri Europe/Berlin.")

        campaign.refresh_from_db()
        assert campaign.windows == [{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}]

    def test_the_enter_key_saves_and_removes_no_hours(self, open_page: Open, member: Membership) -> None:
        windows = [{"days": [0], "from": "09:00", "to": "18:00"}]
        campaign = making.make_launchable(member.workspace, windows=windows)
        page = open_page(f"campaigns/{campaign.public_id}/edit/")

        page.get_by_label("Subject").fill("Changed")
        with page.expect_navigation():
            page.get_by_label("Subject").press("Enter")

        campaign.refresh_from_db()
        assert (campaign.windows, campaign.status) == (windows, Status.DRAFT)
        assert campaign.steps.get().body_source["subject"] == "Changed"

    def test_hours_are_edited_without_scripts(self, open_page: Open, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace, zone="Europe/Berlin")
        page = open_page(f"campaigns/{campaign.public_id}/edit/", java_script_enabled=False)
        expect(page.locator("#id_date")).to_be_hidden()

        page.locator("[name=launch][value=RECURRING]").check()
        expect(page.locator("#id_date")).to_be_visible()
        page.locator("#id_date").fill(day(10).isoformat())
        page.locator("#id_time").fill("09:00")
        page.locator("[name=hours][value=set]").check()
        page.get_by_role("button", name="Add hours").click()
        expect(page.locator("[data-hours-rows] [data-hours-row]")).to_have_count(2)
        expect(page.locator("#id_time")).to_have_value("09:00")

        campaign.refresh_from_db()
        assert (campaign.launch, len(campaign.windows)) == (Launch.RECURRING, 1)
