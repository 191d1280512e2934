"""Moderation in Chromium: an author submits, somebody else approves, and it goes; at desk and phone width."""

from typing import Any

import pytest
from playwright.sync_api import expect

from clarion.campaigns import operations, review
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import PauseCause, Status
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.browser.conftest import OpenAs
from tests.browser.looks import faults
from tests.integration.campaigns import making

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def bob(live_server: Any) -> Membership:
    return making.make_member(making.make_workspace(moderation=True), Role.AUTHOR, "Bob")


@pytest.fixture
def mona(bob: Membership) -> Membership:
    return making.make_member(bob.workspace, Role.MODERATOR, "Mona")


def draft(author: Membership, **values: Any) -> Campaign:
    values = {"launch": "MANUAL", "name": "Autumn offer", "created_by": author.user, **values}
    return making.make_launchable(author.workspace, **values)


def submitted_again(author: Membership, moderator: Membership) -> Campaign:
    """Return a campaign that was approved once, changed, and waits again."""
    campaign = operations.submit(campaign=draft(author), by=making.actor(author), note="For Friday.")
    operations.approve(campaign=campaign, digest=review.digest_of(campaign), by=making.actor(moderator))
    step = campaign.steps.select_related("sender").get()
    source = '<h1>Only today</h1>\n<p>Hi {{ first_name }}</p>\n<a href="{{ unsubscribe_url }}">out</a>'
    operations.set_step(
        campaign=campaign, channel="email", sender=step.sender, by=making.actor(author),
        body={**step.body_source, "subject": "Only today, {{ first_name }}", "source": source},
    )  # fmt: skip
    return operations.submit(campaign=campaign, by=making.actor(author), note="With the new headline.")


def test_an_author_submits_a_moderator_approves_and_it_starts(
    open_as: OpenAs, bob: Membership, mona: Membership
) -> None:
    making.make_contacts(bob.workspace, 5)
    campaign = draft(bob)
    theirs = open_as(bob, f"campaigns/{campaign.public_id}/")

    theirs.get_by_role("link", name="Review and submit").click()
    theirs.get_by_label("Note for the moderators").fill("Please look at the price.")
    theirs.get_by_role("button", name="Submit for review").click()
    expect(theirs.locator(".badge").first).to_have_text("In review")
    expect(theirs.get_by_role("button", name="Start now")).to_have_count(0)

    hers = open_as(mona, "moderation/")
    expect(hers.locator(".nav__link[aria-current]")).to_contain_text("1")
    hers.keyboard.press("j")
    hers.keyboard.press("Enter")
    expect(hers.get_by_text("Please look at the price.")).to_be_visible()
    frame = hers.frame_locator("iframe")
    expect(frame.get_by_text("Hi Ada")).to_be_visible()
    hers.get_by_role("link", name="Next recipient").click()
    expect(hers.get_by_text("2 / 5")).to_be_visible()
    hers.get_by_role("button", name="Approve").click()
    expect(hers.get_by_text("“Autumn offer” is approved.")).to_be_visible()
    expect(hers.get_by_text("Nothing waits for a decision")).to_be_visible()

    theirs.reload()
    expect(theirs.get_by_text("Approved as it is")).to_be_visible()
    theirs.get_by_role("button", name="Start now").click()
    theirs.get_by_role("button", name="Start sending").click()
    expect(theirs.locator(".badge").first).to_have_text("Building")
    campaign.refresh_from_db()
    assert campaign.status == Status.BUILDING


def test_it_works_without_scripts(open_as: OpenAs, bob: Membership, mona: Membership) -> None:
    campaign = submitted_again(bob, mona)
    page = open_as(mona, f"moderation/{campaign.public_id}/", java_script_enabled=False)

    page.get_by_role("link", name="Ada").last.click()
    expect(page.locator("#preview-picks [aria-current]")).to_have_count(1)
    page.get_by_label("Or reject it, because").fill("Wrong price.")
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(page.get_by_text("“Autumn offer” is rejected.")).to_be_visible()


def test_everybody_can_use_the_pages(
    open_as: OpenAs, axe_source: str, bob: Membership, mona: Membership
) -> None:
    campaign = submitted_again(bob, mona)
    held = draft(bob, name="Winter offer")
    operations.submit(campaign=held, by=making.actor(bob))
    operations.approve(campaign=held, digest=review.digest_of(held), by=making.actor(mona), canary_percent=10)
    making.make_run(held, total=1_000, sent=98, failed=2, bounced=1)
    Campaign.objects.filter(pk=held.pk).update(
        status=Status.PAUSED, pause_cause=PauseCause.REVIEW, paused_from=Status.SENDING
    )
    owner = making.make_member(bob.workspace, Role.OWNER, "Olga")

    problems: list[str] = []
    for member, tail in (
        (mona, "moderation/"),
        (mona, f"moderation/{campaign.public_id}/"),
        (mona, f"moderation/{held.public_id}/"),
        (bob, f"moderation/{campaign.public_id}/"),
        (mona, f"campaigns/{held.public_id}/"),
        (owner, "settings/"),
    ):
        page = open_as(member, tail)
        expect(page.locator(".htmx-request")).to_have_count(0)
        problems += faults(page, axe_source)
        page.context.close()
    assert problems == []
