"""The look at a page finds what is wrong in one of its looks only."""

import pytest
from playwright.sync_api import Browser

from tests.browser.looks import WIDE, faults

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = """<!doctype html><html lang="en"><title>A page</title><style>
p { color: #000; background: #fff } .phone { display: none }
@media (prefers-color-scheme: dark) { p { color: #333; background: #222 } }
@media (max-width: 600px) { .phone { display: block; width: 700px } }
</style><main><h1>A page</h1><p>Hello</p><img class="phone" src="data:,"></main></html>"""


def test_what_is_wrong_only_in_the_dark_or_only_in_a_narrow_window_is_found(
    browser: Browser, axe_source: str
) -> None:
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.set_content(PAGE)

    found = faults(page, axe_source)

    assert [line.removeprefix("about:blank ").partition(":")[0] for line in found] == [
        "dark 1440 color-contrast",
        "light 390 image-alt",
        "light 390 scrolls sideways",
    ]
    assert page.viewport_size == WIDE
    context.close()
