"""Segments on screen: built without a script, counted, masked, chosen for a campaign, and closed to strangers."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clarion.audience import operations
from clarion.audience.models import Contact, ContactActivity, List, Segment, SourceKind
from clarion.audience.queries import segments as counting
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.workspaces import actors
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Permission
from tests.factories import Cast
from tests.following import make_followed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("contexts")]
Visit = Callable[[Membership], Client]
VIPS = {"all": [{"field": "tag", "op": "has", "value": "vip"}]}


@pytest.fixture
def visit() -> Visit:
    """Return a function that gives a signed-in browser."""

    def make(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return make


@pytest.fixture
def vips(cast: Cast) -> Segment:
    return operations.create_segment(by=actors.of_member(cast.alice), name="VIPs", rule=VIPS)


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return unescape(answer.content.decode())


def contact(cast: Cast, email: str, **facts: Any) -> Contact:
    return Contact.objects.create(workspace=cast.workspace, email=email, **facts)


def test_a_rule_is_built_row_by_row_with_buttons_alone(cast: Cast, visit: Visit) -> None:
    contact(cast, "ana@shop.example", tags=["vip"], language="de")
    contact(cast, "bo@shop.example", tags=["vip"], attributes={"orders": "12"})
    contact(cast, "cy@shop.example", language="de")
    browser, url = visit(cast.alice), f"/w/{cast.workspace.slug}/segments/new/"
    assert 'name="field-0.0"' in text(browser.get(url))

    rows = {
        "kind-0": "all",
        "node": ["0.0"],
        "field-0.0": "tag",
        "op-0.0": "has",
        "value-0.0": "vip",
        "name": "Best",
    }
    page = text(browser.post(url, rows | {"do": "group:0"}))
    assert 'name="kind-0.1"' in page
    assert 'name="field-0.1.0"' in page
    rows |= {"node": ["0.0", "0.1", "0.1.0"], "kind-0.1": "any"}
    rows |= {"field-0.1.0": "attribute", "attribute-0.1.0": "orders", "op-0.1.0": "ge", "value-0.1.0": "ten"}
    page = text(browser.post(url, rows | {"do": "add:0.1"}))
    assert "Write a number, such as 12 or 12.5." in page
    assert 'name="field-0.1.1"' in page

    rows |= {"value-0.1.0": "10", "node": ["0.0", "0.1", "0.1.0", "0.1.1"]}
    rows |= {"field-0.1.1": "language", "op-0.1.1": "begins", "value-0.1.1": "fr"}
    page = text(browser.post(url, rows | {"do": "count"}))
    assert "has the tag “vip” and (orders is at least 10 or language begins with “fr”)" in page
    assert "<b>1</b> contact" in page
    assert "bo@shop.example" in page
    assert "ana@shop.example" not in page
    page = text(browser.post(url, rows | {"do": "remove:0.1"}))
    assert 'name="kind-0.1"' not in page

    answer: Any = browser.post(url, rows | {"do": "save"})
    made = Segment.objects.get()
    assert answer.url == f"/w/{cast.workspace.slug}/segments/{made.public_id}/?count=1"
    assert (made.name, made.workspace) == ("Best", cast.workspace)
    page = text(browser.get(answer.url))
    assert 'value="orders"' in page
    listed = text(browser.get(f"/w/{cast.workspace.slug}/segments/"))
    assert "has the tag “vip” and (orders is at least 10" in listed

    answer = browser.post(f"/w/{cast.workspace.slug}/segments/{made.public_id}/delete/", {"confirmed": "1"})
    assert answer.status_code == 302
    assert not Segment.objects.exists()


def test_what_cannot_be_kept_is_said_in_the_form(cast: Cast, vips: Segment, visit: Visit) -> None:
    browser, url = visit(cast.alice), f"/w/{cast.workspace.slug}/segments/new/"
    rows = {
        "kind-0": "all",
        "node": "0.0",
        "field-0.0": "tag",
        "op-0.0": "has",
        "value-0.0": "vip",
        "do": "save",
    }

    assert "There is already a segment with this name." in text(browser.post(url, rows | {"name": "VIPs"}))
    assert "Some conditions are not complete." in text(
        browser.post(url, rows | {"name": "x", "value-0.0": ""})
    )
    assert "The group is empty" in text(browser.post(url, {"name": "x", "do": "save"}))
    for odd in ("add:9.9", "remove:0", "group:0.7.7", "remove:0.99", "add:0.0", "x" * 5000):
        assert browser.post(url, rows | {"do": odd}).status_code == 200
    assert Segment.objects.count() == 1


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "attribute:renewal", "op": "before", "value": {"days": -7}},
        {"field": "attribute:renewal", "op": "on", "value": "2026-12-31"},
        {"field": "attribute:orders", "op": "le", "value": "2.5"},
        {"field": "created", "op": "last_days", "value": 30},
        {"field": "suppressed", "op": "not_on_channel", "value": "email"},
        {"field": "state", "op": "is", "value": "INACTIVE"},
        {"field": "first_name", "op": "empty"},
    ],
)
def test_a_saved_rule_is_drawn_so_that_saving_it_again_changes_nothing(
    cast: Cast, visit: Visit, condition: dict[str, Any]
) -> None:
    rule = {"any": [condition, {"not": {"any": [condition]}}]}
    made = operations.create_segment(by=actors.of_member(cast.alice), name="Some", rule=rule)
    browser, url = visit(cast.alice), f"/w/{cast.workspace.slug}/segments/{made.public_id}/"
    root = browser.get(url).context["root"]
    rows: dict[str, Any] = {"name": "Some", "do": "save", "node": []}

    def draw(node: Any) -> None:
        if node.place != "0":
            rows["node"].append(node.place)
        if node.is_group:
            rows[f"kind-{node.place}"] = node.kind
            for part in node.parts:
                draw(part)
        else:
            for name in ("field", "attribute", "op", "value"):
                rows[f"{name}-{node.place}"] = getattr(node, name)

    draw(root)
    assert browser.post(url, rows).status_code == 302
    made.refresh_from_db()
    assert made.rule == rule


def test_a_viewer_reads_the_rule_and_sees_shortened_addresses(
    cast: Cast, vips: Segment, visit: Visit
) -> None:
    contact(cast, "ana.sol@shop.example", first_name="Ana", tags=["vip"])
    browser, url = visit(cast.vera), f"/w/{cast.workspace.slug}/segments/{vips.public_id}/"

    page = text(browser.get(f"{url}?count=1"))

    assert "has the tag “vip”" in page
    assert "ana.sol@shop.example" not in page
    assert "a•••@s•••.example" in page
    assert 'name="do"' not in page
    assert browser.post(url, {"do": "save"}).status_code == 403
    assert browser.post(f"{url}delete/", {"confirmed": "1"}).status_code == 403
    assert browser.get(f"/w/{cast.workspace.slug}/segments/new/").status_code == 403


def test_a_campaign_is_sent_to_segments_without_the_people_of_a_list(
    cast: Cast, vips: Segment, visit: Visit
) -> None:
    by = actors.of_member(cast.alice)
    staff = List.objects.create(workspace=cast.workspace, name="Staff")
    for name in ("ana", "bo"):
        one = contact(cast, f"{name}@shop.example", tags=["vip"])
    operations.add_to_list(by=by, the_list=staff, contact_ids=[one.pk])
    campaign = campaigns.create_campaign(name="Autumn", by=by)
    browser, url = visit(cast.alice), f"/w/{cast.workspace.slug}/campaigns/{campaign.public_id}/edit/"
    assert "Leave people out" in text(browser.get(url))
    chosen = {
        "name": "Autumn", "audience": "SEGMENTS", "segments": [str(vips.public_id)],
        "without_lists": [str(staff.public_id)],
    }  # fmt: skip

    browser.post(url, chosen)

    source = Campaign.objects.get().source
    assert source is not None
    assert source.kind == SourceKind.SEGMENTS
    assert (list(source.segments.all()), list(source.excluded_lists.all())) == ([vips], [staff])
    page = text(browser.get(url))
    assert "Excluded" in page
    browser.post(url, chosen)
    assert Campaign.objects.get().source == source

    answer = browser.post(url, chosen | {"without_segments": [str(vips.public_id)]}, follow=True)
    assert "“VIPs” is both included and excluded" in unescape(answer.content.decode())
    assert Campaign.objects.get().source == source


def test_a_stranger_gets_404_everywhere(cast: Cast, vips: Segment, visit: Visit) -> None:
    mallory = visit(cast.mallory)
    for slug in (cast.workspace.slug, cast.elsewhere.slug):
        url = f"/w/{slug}/segments/{vips.public_id}/"
        assert mallory.get(url).status_code == 404
        assert mallory.post(url, {"do": "save", "name": "Mine"}).status_code == 404
        assert mallory.post(f"{url}delete/", {"confirmed": "1"}).status_code == 404
    for page in ("segments/", "segments/new/"):
        assert mallory.get(f"/w/{cast.workspace.slug}/{page}").status_code == 404
    assert Segment.objects.get().name == "VIPs"


def test_somebody_is_in_it_or_not_for_a_reason(cast: Cast, visit: Visit) -> None:
    rule = {
        "all": [*VIPS["all"], {"field": "clicked", "op": "activity_days", "value": 7}],
    }
    segment = operations.create_segment(by=actors.of_member(cast.alice), name="Clickers", rule=rule)
    ana = Contact.objects.create(workspace=cast.workspace, email="ana@example.test", tags=["vip"])
    url = f"/w/{cast.workspace.slug}/segments/{segment.public_id}/"

    page = text(visit(cast.alice).get(url, {"who": "Ana@example.test"}))
    assert "Not in it, because:" in page
    assert "followed a link in the last 7 days" in page
    assert "There is no such contact" in text(visit(cast.alice).get(url, {"who": "bob@example.test"}))

    told = text(visit(cast.vera).get(url, {"who": "ana@example.test"}))
    by_id = text(visit(cast.vera).get(url, {"who": str(ana.public_id)}))
    assert ("There is no such contact" in told) is not cast.vera.may(Permission.VIEW_PII)
    assert "Not in it, because:" in by_id
    assert visit(cast.mallory).get(url, {"who": "ana@example.test"}).status_code == 404


def test_activity_is_asked_about_in_the_builder(cast: Cast, visit: Visit) -> None:
    made = make_followed(count=2)
    actors_own = Contact.objects.create(workspace=cast.workspace, email="ana@example.test")
    campaign = Campaign.objects.create(workspace=cast.workspace, name="Autumn", started_at=timezone.now())
    ContactActivity.objects.create(
        contact=actors_own, run_id=1, workspace_id=cast.workspace.pk, campaign_id=campaign.pk,
        opened_on=timezone.now().date(),
    )  # fmt: skip
    form = {
        "name": "Readers", "do": "save", "node": ["0.0", "0.1", "0.2"], "kind-0": "all",
        "field-0.0": "opened", "op-0.0": "in_campaign", "value-0.0": str(campaign.public_id),
        "field-0.1": "opened", "op-0.1": "at_least", "attribute-0.1": "1", "value-0.1": "30",
        "field-0.2": "clicked", "op-0.2": "no_activity_days", "value-0.2": "5",
    }  # fmt: skip

    answer = visit(cast.alice).post(f"/w/{cast.workspace.slug}/segments/new/", form, follow=True)

    page = text(answer)
    assert (
        "opened a message in campaign “Autumn” and opened a message at least 1 time in the last 30 days"
        in page
    )
    assert "followed no link in the last 5 days" in page
    assert made.campaign.name not in page  # another workspace's
    (kept,) = Segment.objects.filter(name="Readers")
    assert kept.rule["all"][1] == {"field": "opened", "op": "at_least", "value": {"messages": 1, "days": 30}}
    form |= {"value-0.1": "x", "name": "Others"}
    assert "Write a number of days from 0 to 3660." in text(
        visit(cast.alice).post(f"/w/{cast.workspace.slug}/segments/new/", form)
    )


def test_a_segment_is_shown_before_its_people_are_counted(cast: Cast, visit: Visit) -> None:
    Contact.objects.create(workspace=cast.workspace, email="ana@example.test", tags=["vip"])
    rule = {"all": [{"field": "tag", "op": "has", "value": "vip"}]}
    made = Segment.objects.create(workspace=cast.workspace, name="Few", rule=rule)
    page = f"/w/{cast.workspace.slug}/segments/{made.public_id}/"
    browser = visit(cast.alice)

    with CaptureQueriesContext(connection) as asked:
        shown = text(browser.get(page))

    assert "Counting…" in shown
    assert not [one for one in asked if "select count(*) from audience_contact" in one["sql"]]
    counted = text(browser.get(f"{page}?part=people", headers={"hx-request": "true"}))
    assert "<b>1</b>" in counted
    assert "ana@example.test" in counted
    assert "<h1>" not in counted
    assert "ana@example.test" in text(browser.get(f"{page}?count=1"))
    assert visit(cast.mallory).get(f"{page}?part=people").status_code == 404


def test_behind_an_estimate_comes_the_exact_number(
    cast: Cast, vips: Segment, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        contact(cast, f"p{n}@example.test", tags=["vip"] if n else [])
    with connection.cursor() as cursor:
        cursor.execute("analyze audience_contact")
    in_time = counting.in_time

    def slow(statement: str, parameters: Any, milliseconds: int, **rest: Any) -> Any:
        is_count = statement.startswith("select count(*)")
        late = is_count and milliseconds <= counting.COUNT_MS
        return None if late else in_time(statement, parameters, milliseconds, **rest)

    monkeypatch.setattr(counting, "in_time", slow)
    page = f"/w/{cast.workspace.slug}/segments/{vips.public_id}/"
    browser, part = visit(cast.alice), {"hx-request": "true"}
    kept = text(browser.get(f"{page}?part=people", headers=part))
    rows = {"kind-0": "all", "node": ["0.0"], "field-0.0": "tag", "op-0.0": "has", "value-0.0": "vip"}
    drawn = text(browser.post(page, rows | {"do": "count"}, headers=part))

    assert "about" in kept
    assert f'hx-get="{page}?part=exact" hx-trigger="load"' in kept
    exact = text(browser.get(f"{page}?part=exact", headers=part))
    assert "<b>3</b>" in exact
    assert "about" not in exact
    assert "hx-trigger" not in exact
    assert f'hx-post="{page}" hx-include="#segment-builder form"' in drawn
    changed = text(browser.post(page, rows | {"do": "exact"}, headers=part))
    assert "<b>3</b>" in changed
    assert "<form" not in changed
    assert browser.post(page, {"do": "exact"}, headers=part).status_code == 204
    assert visit(cast.mallory).get(f"{page}?part=exact", headers=part).status_code == 404


def test_whom_it_takes_longer_to_find_comes_behind_the_number(
    cast: Cast, vips: Segment, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact(cast, "ana@example.test", tags=["vip"])
    find = counting.members

    def slow(*given: Any, milliseconds: int = counting.MEMBERS_MS, **rest: Any) -> Any:
        return None if milliseconds <= counting.COUNT_MS else find(*given, **rest)

    monkeypatch.setattr(counting, "members", slow)
    page = f"/w/{cast.workspace.slug}/segments/{vips.public_id}/"
    browser, part = visit(cast.alice), {"hx-request": "true"}

    counted = text(browser.get(f"{page}?part=people", headers=part))
    later = text(browser.get(f"{page}?part=exact", headers=part))

    assert "<b>1</b>" in counted
    assert "about" not in counted
    assert f'hx-get="{page}?part=exact" hx-trigger="load"' in counted
    assert "ana@example.test" not in counted
    assert "ana@example.test" in later
    assert "<b>1</b>" in later
    assert "hx-trigger" not in later
    assert "ana@example.test" in text(browser.get(f"{page}?count=1"))  # without scripts nothing comes later


def test_nobody_in_a_sample_is_not_told_as_nobody(
    cast: Cast, vips: Segment, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "count", lambda *_given, **_rest: counting.Count(0, is_exact=False))

    shown = text(
        visit(cast.alice).get(
            f"/w/{cast.workspace.slug}/segments/{vips.public_id}/?part=people", headers={"hx-request": "true"}
        )
    )

    assert "Few contacts or none" in shown
    assert "<b>0</b>" not in shown
