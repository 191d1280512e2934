"""A spreadsheet from the disk into the contacts, in Chromium: upload, another sheet, start, report; in every shape."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.audience import importing
from clarion.audience.models import Contact, Import
from clarion.workspaces.models import Membership
from tests.browser.conftest import Open
from tests.browser.looks import NARROW, faults
from tests.factories import Cast, make_cast
from tests.workbooks import xlsx

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PEOPLE = [
    ["E-Mail", "Mobile", "Customer no"],
    ["ana@shop.example", "030 / 123 456", 4711],
    ["bob@shop.example", "030 123 ext. 5", 4712],
]


@pytest.fixture
def member(live_server: LiveServer) -> Membership:
    cast: Cast = make_cast()
    cast.workspace.default_country = "DE"
    cast.workspace.save()
    return cast.alice


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page(viewport=NARROW)


def test_a_workbook_is_imported_by_its_second_sheet(page: Page, tmp_path: Path, axe_source: str) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(xlsx({"Notes": [["Made in May"], ["by hand"]], "People": PEOPLE}))
    problems: list[str] = []

    page.goto("imports/new/")
    problems += faults(page, axe_source)
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_label("Sheet")).to_have_value("Notes")
    problems += faults(page, axe_source)
    page.get_by_label("Sheet").select_option("People")
    page.get_by_role("button", name="Read it again").click()
    expect(page.locator("#preview")).to_contain_text("+4930123456")
    expect(page.locator("#preview")).to_contain_text("4711")
    expect(page.locator("#preview")).to_contain_text("A number with an extension cannot be reached")
    problems += faults(page, axe_source)
    page.get_by_role("button", name="Start import").click()
    page.wait_for_selector("text=Waiting")
    importing.run_import_job(Import.objects.get().pk)
    page.reload()
    with page.expect_download() as download:
        page.locator("a[href$='rejected.csv']").first.click()
    problems += faults(page, axe_source)

    assert Contact.objects.get().phone == "+4930123456"
    rows = list(csv.reader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
    assert rows[1][:2] == ["2", "Mobile"]
    page.goto("settings/")
    expect(page.get_by_label("Country of phone numbers")).to_have_value("DE")
    problems += faults(page, axe_source)
    assert problems == []


def test_a_damaged_workbook_is_answered_with_a_sentence(
    open_page: Open, tmp_path: Path, axe_source: str
) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(b"PK\x03\x04" + b"nothing" * 20)
    page = open_page("imports/new/", NARROW, may_complain=True)

    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_role("alert")).to_contain_text("The spreadsheet is damaged.")
    assert faults(page, axe_source) == []
