"""Every page of a workspace in Chromium: what no other test looks at is looked at here, a new page by itself."""

import uuid

import pytest

from tests.browser.conftest import OpenAs
from tests.browser.looks import faults
from tests.factories import Cast
from tests.integration.web.test_walls import addresses, said, visiting
from tests.integration.web.test_walls import things as things

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

#: Judged in all their shapes by the tests of what they are for.
ELSEWHERE = {
    "audit",
    "calendar",
    "campaigns",
    "campaigns:analytics",
    "campaigns:detail",
    "campaigns:edit",
    "campaigns:errors",
    "campaigns:exports",
    "campaigns:list",
    "campaigns:new",
    "campaigns:recipient",
    "campaigns:recipients",
    "campaigns:refresh",
    "campaigns:retry",
    "campaigns:runs",
    "campaigns:trail",
    "campaigns:who",
    "contact",
    "contact_attributes",
    "contact_change",
    "contact_duplicates",
    "contact_edits",
    "contact_erasures",
    "contact_merge",
    "contacts",
    "dashboard",
    "halt",
    "history",
    "history_one",
    "import",
    "import_new",
    "media",
    "moderation",
    "moderation_review",
    "optout_rules",
    "optout_words",
    "segment",
    "segment_new",
    "segments",
    "sender",
    "sender_new",
    "send",
    "senders",
    "settings",
    "sheet",
    "sheet_new",
    "sources",
    "statistics",
    "suppressions",
    "template",
    "template_new",
    "template_version",
    "template_versions",
    "templates",
}
#: A message in its author's own words, which stands in a frame.
FRAMES = {"campaigns:message"}


def test_what_nobody_else_looks_at_fits_and_is_accessible(
    open_as: OpenAs, axe_source: str, cast: Cast, things: dict[str, uuid.UUID]
) -> None:
    alice = visiting(cast.alice)
    pages = []
    for one in addresses():
        answer = alice.get(one.url(cast.workspace.slug, things))
        if one.name not in ELSEWHERE | FRAMES and answer.status_code == 200 and "<html" in said(answer):
            pages.append(one)
    page = open_as(cast.alice)
    problems = []
    for one in pages:
        page.goto(one.url(cast.workspace.slug, things))
        problems += faults(page, axe_source, is_brief=True)

    assert len(pages) > 10
    assert problems == []
