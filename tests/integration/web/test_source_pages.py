"""Live sources on screen, chosen for campaigns, with people left out and people fixed; closed to strangers."""

from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clarion.audience import fixing, operations, queries
from clarion.audience.livesheets import rereading
from clarion.audience.models import Contact, List, LiveSheet, Source, SourceKind
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.lib.reach import Reach
from clarion.workspaces import actors
from clarion.workspaces.models import Membership
from tests.factories import Cast
from tests.webfiles import WebFile, served

pytestmark = pytest.mark.django_db
Visit = Callable[[Membership], Client]
TWO = b"email,first_name\nada@example.test,Ada\nbo@example.test,Bo\nnobody,No\n"


@pytest.fixture
def visit() -> Visit:
    def make(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return make


@pytest.fixture
def web(settings: Any) -> Iterator[WebFile]:
    settings.CLARION_FETCH_ALLOW = Reach.of("127.0.0.1")
    with served(WebFile(TWO)) as file:
        yield file


@pytest.fixture
def sheet(cast: Cast, web: WebFile) -> LiveSheet:
    made = operations.create_sheet(
        by=actors.of_member(cast.alice), name="Guests", url=f"{web.url}?key=s3cret"
    )
    return rereading.reread(made)


@pytest.fixture
def team(cast: Cast) -> List:
    by = actors.of_member(cast.alice)
    ada = Contact.objects.create(workspace=cast.workspace, email="ada@example.test")
    made = operations.create_list(by=by, name="Team")
    operations.add_to_list(by=by, the_list=made, contact_ids=[ada.pk])
    return made


@pytest.fixture
def campaign(cast: Cast) -> Campaign:
    return campaigns.create_campaign(by=actors.of_member(cast.alice), name="Invitation")


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return unescape(answer.content.decode())


def edit_url(campaign: Campaign) -> str:
    return f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/edit/"


def choose(client: Client, campaign: Campaign, **said: Any) -> Source:
    answer = client.post(edit_url(campaign), {"name": campaign.name, "do": "message", **said})
    assert answer.status_code in (200, 302), answer.content
    campaign.refresh_from_db()
    assert campaign.source is not None
    return Source.objects.get(pk=campaign.source.pk)


def test_a_live_source_is_made_read_and_shown(cast: Cast, visit: Visit, web: WebFile) -> None:
    browser, base = visit(cast.alice), f"/w/{cast.workspace.slug}/sources/"
    assert "No live sources yet" in text(browser.get(base))
    said = {
        "name": "Guests",
        "url": web.url,
        "channel": "email",
        "when_unreadable": "KEEP",
        "keep_hours": "12",
    }

    made = browser.post(f"{base}new/", said)
    assert "Reading" in text(browser.get(made["Location"]))
    rereading.read_sheet_job(LiveSheet.objects.get().pk)

    page = text(browser.get(made["Location"]))
    assert "ada@example.test" in page
    assert "Download rejected rows" in page
    listed = text(browser.get(base))
    assert "Guests" in listed
    assert "+3" not in listed  # the row that cannot be used is none of the people
    assert "+2" in listed


def test_what_is_wrong_stands_at_its_field(cast: Cast, visit: Visit) -> None:
    said = {
        "name": "Guests",
        "url": "ftp://example.org/x.csv",
        "channel": "email",
        "when_unreadable": "FAIL",
        "keep_hours": "1",
    }

    answer = visit(cast.alice).post(f"/w/{cast.workspace.slug}/sources/new/", said)

    assert "begins with https://" in text(answer)
    assert not LiveSheet.objects.exists()


def test_a_failed_reading_is_told_and_can_be_asked_for_again(
    cast: Cast, visit: Visit, sheet: LiveSheet, web: WebFile
) -> None:
    browser, url = visit(cast.alice), f"/w/{cast.workspace.slug}/sources/{sheet.public_id}/"
    web.status = 404
    assert browser.post(f"{url}refresh/").status_code == 302
    assert browser.get(f"{url}live/").json()["final"] is False
    rereading.read_sheet_job(sheet.pk)

    page = text(browser.get(url))
    assert "It could not be read; runs fail" in page
    assert "nothing at this address" in page
    assert browser.get(f"{url}live/").json()["final"] is True


def test_the_whole_address_is_for_whoever_may_change_it(cast: Cast, visit: Visit, sheet: LiveSheet) -> None:
    url = f"/w/{cast.workspace.slug}/sources/{sheet.public_id}/"

    assert "s3cret" in text(visit(cast.alice).get(url))
    seen = text(visit(cast.vera).get(url))
    assert "s3cret" not in seen
    assert "ada@example.test" not in seen
    assert "Refresh now" not in seen
    assert visit(cast.vera).post(f"{url}refresh/").status_code == 403


def test_a_source_in_use_stays(cast: Cast, visit: Visit, sheet: LiveSheet, campaign: Campaign) -> None:
    browser, url = visit(cast.alice), f"/w/{cast.workspace.slug}/sources/{sheet.public_id}/"
    choose(browser, campaign, audience="SHEET", live=str(sheet.public_id))

    answer = browser.post(f"{url}delete/", {"confirmed": "1"}, follow=True)
    assert LiveSheet.objects.filter(pk=sheet.pk).exists()
    assert "It is in use by" in text(answer)


def test_a_campaign_goes_to_a_live_source_without_people_of_a_list(
    cast: Cast, visit: Visit, sheet: LiveSheet, team: List, campaign: Campaign
) -> None:
    browser = visit(cast.alice)
    assert "Guests" in text(browser.get(edit_url(campaign)))

    source = choose(
        browser, campaign, audience="SHEET", live=str(sheet.public_id), without_lists=[str(team.public_id)]
    )

    assert (source.kind, source.sheet) == (SourceKind.SHEET, sheet)
    page = text(browser.get(edit_url(campaign)))
    assert "Excluded" in page
    again = choose(
        browser, campaign, audience="SHEET", live=str(sheet.public_id), without_lists=[str(team.public_id)]
    )
    assert again == source


def test_people_of_a_list_are_left_out_of_a_file(
    cast: Cast, visit: Visit, team: List, campaign: Campaign
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    browser = visit(cast.alice)
    file = SimpleUploadedFile("guests.csv", TWO)
    source = choose(browser, campaign, audience="UPLOAD", file=file, without_lists=[str(team.public_id)])

    assert source.rows_of is not None
    upload = str(source.rows_of.public_id)
    assert (
        choose(browser, campaign, audience="UPLOAD", upload=upload, without_lists=[str(team.public_id)])
        == source
    )
    assert choose(browser, campaign, audience="UPLOAD", upload=upload) == source.rows_of
    assert not Source.objects.filter(pk=source.pk).exists()


def test_people_are_fixed_now_or_found_when_it_is_sent(
    cast: Cast, visit: Visit, team: List, campaign: Campaign
) -> None:
    browser, lists = visit(cast.alice), [str(team.public_id)]
    later = choose(browser, campaign, audience="LISTS", lists=lists, people="later")
    assert later.fixed_at is None

    fixed = choose(browser, campaign, audience="LISTS", lists=lists, people="fixed")
    assert "written down" in text(browser.get(edit_url(campaign)))
    fixing.fix_source_job(fixed.pk)

    assert choose(browser, campaign, audience="LISTS", lists=lists, people="fixed") == fixed
    assert fixed.fixed_at is not None and fixed.fixed_at <= timezone.now()  # noqa: PT018


def test_a_rule_is_written_for_one_campaign_only(
    cast: Cast, visit: Visit, team: List, campaign: Campaign
) -> None:
    browser, base = visit(cast.alice), f"/w/{cast.workspace.slug}/segments/"
    Contact.objects.filter(email="ada@example.test").update(tags=["vip"])
    Contact.objects.create(workspace=cast.workspace, email="bo@example.test")
    url = f"{base}new/?campaign={campaign.public_id}"
    assert "Use for this campaign only" in text(browser.get(url))
    rows = {
        "kind-0": "all", "node": ["0.0"], "field-0.0": "tag", "op-0.0": "has", "value-0.0": "vip",
        "name": "", "do": "once",
    }  # fmt: skip

    assert browser.post(url, rows)["Location"].endswith("/edit/#audience")

    campaign.refresh_from_db()
    assert campaign.source is not None
    once = campaign.source.segments.get()
    assert once.is_once
    assert "Only for this campaign" not in text(browser.get(base))
    page = text(browser.get(edit_url(campaign)))
    assert "Only for this campaign" in page
    assert choose(browser, campaign, audience="SEGMENTS", segments=[str(once.public_id)]) == campaign.source
    choose(browser, campaign, audience="CONTACTS")
    assert not type(once).objects.filter(pk=once.pk).exists()
    stranger = visit(cast.mallory).get(
        f"/w/{cast.mallory.workspace.slug}/segments/new/?campaign={campaign.public_id}"
    )
    assert "Use for this campaign only" not in text(stranger)


def test_a_campaign_is_begun_for_contacts_that_were_picked(cast: Cast, visit: Visit, team: List) -> None:
    browser, url = visit(cast.alice), f"/w/{cast.workspace.slug}/contacts/campaign/"
    bo = Contact.objects.create(workspace=cast.workspace, email="bo@example.test")
    theirs = Contact.objects.create(workspace=cast.mallory.workspace, email="m@example.test")

    answer = browser.post(url, {"selected": [str(bo.public_id), str(theirs.public_id), "x"]})

    made = Campaign.objects.get()
    assert answer["Location"].endswith(f"{made.public_id}/edit/")
    assert made.source is not None
    assert "1 chosen contact" in text(browser.get(edit_url(made)))
    kept = choose(browser, made, audience="CONTACTS", people="chosen", without_lists=[str(team.public_id)])
    assert [one.pk for one in queries.members_of(kept)] == [bo.pk]
    assert browser.post(url, {"selected": [str(theirs.public_id)]})["Location"].endswith("/contacts/")
    assert visit(cast.vera).post(url, {"selected": [str(bo.public_id)]}).status_code == 403
    assert visit(cast.mallory).post(url).status_code == 404


def test_the_same_list_is_not_both_written_to_and_left_out(
    cast: Cast, visit: Visit, team: List, campaign: Campaign
) -> None:
    lists = [str(team.public_id)]
    said = {
        "name": "Invitation",
        "audience": "LISTS",
        "lists": lists,
        "without_lists": lists,
        "do": "message",
    }

    answer = visit(cast.alice).post(edit_url(campaign), said)

    assert answer.status_code == 422
    assert "both included and excluded" in unescape(answer.content.decode())


def test_a_stranger_finds_nothing(cast: Cast, visit: Visit, sheet: LiveSheet) -> None:
    stranger = visit(cast.mallory)
    for slug in (cast.workspace.slug, cast.mallory.workspace.slug):
        base = f"/w/{slug}/sources/{sheet.public_id}/"
        assert [stranger.get(f"{base}{part}").status_code for part in ("", "live/", "state/")] == [404] * 3
        assert [stranger.post(f"{base}{part}").status_code for part in ("refresh/", "delete/")] == [404] * 2
