"""Templates and senders in Chromium: the live preview, mistakes at their line, accessibility, a silent console."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from clarion.audience.models import Contact
from clarion.content import operations as templates
from clarion.content.models import Template
from clarion.senders import operations as senders
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import Membership
from tests.browser.conftest import PATIENCE, Open
from tests.browser.looks import faults
from tests.factories import Cast, make_cast
from tests.pictures import png

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MJML = """<mjml>
  <mj-body>
    <mj-section><mj-column><mj-text>Hello {{ first_name|default("there") }}</mj-text></mj-column></mj-section>
  </mj-body>
</mjml>
"""


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    Contact.objects.create(workspace=cast.workspace, email="zoe@example.test", first_name="Zoë")
    return cast


@pytest.fixture
def member(cast: Cast) -> Membership:
    return cast.alice


@pytest.fixture
def template(cast: Cast) -> Template:
    source = {"mode": "mjml", "subject": "For {{ first_name }}", "source": MJML}
    return templates.create_template(by=of_member(cast.bob), channel="email", name="Welcome", source=source)


def test_the_preview_follows_what_is_typed(open_page: Open, template: Template) -> None:
    page = open_page(f"templates/{template.public_id}/")
    frame = page.frame_locator(".preview__frame")
    expect(frame.get_by_text("Hello Zoë")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#check")).to_contain_text("For Zoë", timeout=PATIENCE)
    before = page.evaluate("history.length")

    page.locator("#id_source").fill(MJML.replace("Hello", "Servus"))

    expect(frame.get_by_text("Servus Zoë")).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("history.length") == before


def test_a_mail_is_shown_on_a_desk_on_a_telephone_and_in_the_dark_without_any_rights(
    open_page: Open, template: Template
) -> None:
    page = open_page(f"templates/{template.public_id}/")
    frame, words = (
        page.locator(".preview__frame"),
        page.frame_locator(".preview__frame").get_by_text("Hello Zoë"),
    )
    expect(words).to_be_visible(timeout=PATIENCE)
    expect(frame).to_have_attribute("sandbox", "")
    mail = page.frame_locator(".preview__frame").locator("html")
    expect(mail).to_have_css("filter", "none")
    wide = width_of(frame)

    page.get_by_role("radio", name="Phone").check()
    assert width_of(frame) <= 400 < wide
    page.get_by_label("Dark", exact=True).check()
    expect(mail).to_have_css("filter", re.compile("invert"), timeout=PATIENCE)
    expect(words).to_be_visible(timeout=PATIENCE)
    page.get_by_role("radio", name="Desktop").check()
    assert width_of(page.locator(".preview__frame")) == wide


def width_of(frame: Locator) -> float:
    box = frame.bounding_box()
    assert box is not None
    return box["width"]


def test_a_mail_is_put_together_from_blocks_by_keyboard(
    open_page: Open, cast: Cast, live_server: Any, settings: Any, tmp_path: Any
) -> None:
    settings.CLARION_HOME, settings.CLARION_PUBLIC_URL = tmp_path, live_server.url
    templates.store_media(by=of_member(cast.bob), file=io.BytesIO(png(40, 20)), name="Banner.png")
    page = open_page("templates/new/")
    frame = page.frame_locator(".preview__frame")
    rows = page.locator("[data-block-open]")
    expect(frame.get_by_text("Hello Zoë")).to_be_visible(timeout=PATIENCE)
    page.get_by_label("Name", exact=True).fill("Spring")
    page.get_by_label("Subject").fill("Spring, {{ first_name }}")

    # Changed in the side panel, and shown at once.
    rows.first.press("Enter")
    expect(page.locator("#block-heading-text")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Spring is here")
    expect(frame.get_by_role("heading", name="Spring is here")).to_be_visible(timeout=PATIENCE)
    # A picture from the library, added before the footer and moved to the top.
    page.locator("[data-block-add=image]").press("Enter")
    page.get_by_role("button", name="Choose from the library").press("Enter")
    page.locator("[data-media-pick]").press("Enter")
    expect(page.locator("#block-image-src")).to_have_value(re.compile("/m/.+/banner.png$"))
    rows.nth(2).focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    expect(rows.first).to_contain_text("Picture")
    expect(rows.first).to_be_focused()
    # One down and away with it.
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Delete")
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Save").first.press("Enter")

    expect(page.get_by_text("The template is saved.")).to_be_visible(timeout=PATIENCE)
    saved = Template.objects.get().versions.get()
    kinds = [block["type"] for block in json.loads(saved.source["source"])["blocks"]]
    assert kinds == ["image", "heading", "footer"]
    assert saved.media.count() == 1
    expect(frame.locator("img")).to_be_visible(timeout=PATIENCE)
    assert frame.locator("img").evaluate("image => image.naturalWidth") == 40


def test_an_sms_is_shown_as_a_bubble_and_made_shorter_with_one_click(open_page: Open) -> None:
    page = open_page("templates/new/")
    page.get_by_label("Name", exact=True).fill("Parcel")
    page.get_by_label("Channel").select_option("sms")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Parcel", timeout=PATIENCE)
    expect(page.get_by_label("Subject")).to_have_count(0)

    page.locator("#id_source").fill("Hello “{{ first_name|default('you') }}” – your parcel…")

    expect(page.locator(".chat__text")).to_contain_text("your parcel…", timeout=PATIENCE)
    expect(page.locator(".chat__caption")).to_contain_text("1 message")
    expect(page.locator("#check")).to_contain_text("UCS-2")
    page.get_by_role("button", name="Replace them all").click()
    expect(page.locator("#id_source")).to_have_value(
        "Hello \"{{ first_name|default('you') }}\" - your parcel..."
    )


def test_a_mistake_is_shown_at_its_line(open_page: Open, template: Template) -> None:
    page = open_page(f"templates/{template.public_id}/")
    expect(page.locator("#check")).to_contain_text("For Zoë", timeout=PATIENCE)

    page.locator("#id_source").fill(MJML.replace("<mj-text>", "<mj-txt>"))

    expect(page.locator("#check")).to_contain_text("There is no tag <mj-txt>", timeout=PATIENCE)
    expect(page.locator(".code__lines [data-bad]").first).to_have_text("3")
    page.locator("[data-go-to-line]").first.click()
    selected = page.evaluate(
        "(() => { const a = document.querySelector('#id_source');"
        " return a.value.slice(a.selectionStart, a.selectionEnd); })()"
    )
    assert "<mj-txt>" in selected


def test_saving_keeps_what_was_typed(open_page: Open, template: Template) -> None:
    page = open_page(f"templates/{template.public_id}/")
    expect(page.locator("#check")).to_contain_text("For Zoë", timeout=PATIENCE)

    page.locator("#id_subject").fill("News")
    page.get_by_role("button", name="Save").first.click()

    expect(page.get_by_text("Version 2 is saved.")).to_be_visible(timeout=PATIENCE)


def test_the_preview_works_without_scripts(open_page: Open, template: Template) -> None:
    page = open_page(f"templates/{template.public_id}/", java_script_enabled=False)

    page.get_by_role("button", name="Show the preview").click()

    expect(page.frame_locator(".preview__frame").get_by_text("Hello Zoë")).to_be_visible(timeout=PATIENCE)


def test_pages_are_accessible_and_silent(
    open_page: Open, template: Template, cast: Cast, live_server: Any, axe_source: str
) -> None:
    sender = senders.create_sender(
        by=of_member(cast.alice), channel="email", name="Shop",
        config={"host": "mail.example.test", "from_address": "shop@example.test"},
    )  # fmt: skip
    one = f"templates/{template.public_id}/"
    paths = ["templates/", one, f"{one}versions/", f"{one}versions/1/"]
    paths += [
        "templates/new/",
        "templates/new/?channel=sms",
        "media/",
        "senders/",
        "senders/new/",
        f"senders/{sender.public_id}/",
    ]

    page = open_page(paths[0])
    for path in paths:
        page.goto(f"{live_server.url}/w/{cast.workspace.slug}/{path}")
        expect(page.locator(".htmx-request")).to_have_count(0)
        assert faults(page, axe_source) == []
