"""Campaigns through the API: made, changed, listed, started, stopped, and told of."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from clarion.audience import operations as audience
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import TRANSITIONS, Action, Status
from clarion.content import operations as content
from clarion.senders import operations as senders
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission, Role
from tests import ledgers
from tests.factories import Cast, make_user
from tests.integration.api.asking import asking
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db
BODY = {"mode": "text", "source": "Hello {{ first_name }}"}


@pytest.fixture
def parts(cast: Cast) -> dict[str, str]:
    """Return the ids of what a campaign is made of."""
    by = of_member(cast.alice)
    ana = audience.create_contact(by=by, fields={"email": "ana@shop.example", "first_name": "Ana"})
    news = audience.create_list(by=by, name="News")
    audience.add_to_list(by=by, the_list=news, contact_ids=[ana.pk])
    sender = senders.create_sender(by=by, channel="sandbox", name="Sand", config={})
    return {"list": str(news.public_id), "sender": str(sender.public_id), "contact": str(ana.public_id)}


def test_a_campaign_is_made_in_one_request_and_started_by_another(cast: Cast, parts: dict[str, str]) -> None:
    bobs = asking(cast.bob)
    made = bobs.post(
        "/campaigns",
        {
            "name": "Sale", "tags": ["spring"], "rate_limit": 5,
            "audience": {"lists": [parts["list"]]},
            "steps": [{"channel": "sandbox", "sender": parts["sender"], "body": BODY}],
        },
    )  # fmt: skip
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["status"], told["rate_limit"], told["channels"]) == ("draft", 5.0, ["sandbox"])
    assert told["audience"]["lists"] == [parts["list"]]
    assert "start" in told["actions"]
    url = f"/campaigns/{told['id']}"

    checked = bobs.get(f"{url}/preflight").json()
    assert (checked["ready"], checked["recipients"]) == (True, 1)
    started = bobs.post(f"{url}/actions/start", {"reason": "now"})
    assert (started.status_code, started.json()["status"]) == (200, "building"), started.content
    assert bobs.get(f"{url}/why").json()["status"] == "building"

    again = bobs.post(f"{url}/actions/start")
    problem = again.json()
    assert (again.status_code, problem["code"]) == (409, "transition_refused")
    assert problem["campaign_status"] == "building"
    assert "pause" in problem["actions"]
    changed = bobs("PATCH", url, {"name": "Other"})
    assert (changed.status_code, changed.json()["code"]) == (409, "transition_refused")


def test_what_blocks_a_start_is_told_in_sentences(cast: Cast) -> None:
    bobs = asking(cast.bob)
    made = bobs.post("/campaigns", {"name": "Empty"}).json()

    answer = bobs.post(f"/campaigns/{made['id']}/actions/start")

    assert (answer.status_code, answer.json()["code"]) == (422, "campaign_invalid")
    assert len(answer.json()["errors"]) > 1


def test_changing_replaces_what_is_named_and_nothing_else(cast: Cast, parts: dict[str, str]) -> None:
    bobs = asking(cast.bob)
    source = {"mode": "text", "source": "Hi"}
    template = content.create_template(by=of_member(cast.bob), channel="sandbox", name="T", source=source)
    steps = [{"channel": "sandbox", "body": BODY}, {"channel": "email", "tier": 1}]
    made = bobs.post("/campaigns", {"name": "Sale", "notes": "n", "steps": steps}).json()
    url = f"/campaigns/{made['id']}"
    assert [(one["channel"], one["tier"]) for one in made["steps"]] == [("sandbox", 0), ("email", 1)]

    one = {"channel": "sandbox", "sender": parts["sender"], "template": str(template.public_id)}
    now = bobs("PATCH", url, {"steps": [one], "audience": {"contacts": [parts["contact"]]}, "ends_at": None})

    told = now.json()
    assert now.status_code == 200, now.content
    assert [(one["template"], one["version"]) for one in told["steps"]] == [(str(template.public_id), 1)]
    assert (told["name"], told["notes"], told["audience"]["kind"]) == ("Sale", "n", "contacts")
    both = bobs("PATCH", url, {"name": "New", "audience": {"everyone": True, "lists": [parts["list"]]}})
    assert both.status_code == 422
    assert bobs.get(url).json()["name"] == "Sale"


def test_half_of_a_campaign_is_never_made(cast: Cast) -> None:
    stranger = {"channel": "sandbox", "sender": str(uuid.uuid4())}
    answer = asking(cast.bob).post("/campaigns", {"name": "Half", "steps": [stranger]})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "steps.0.sender")
    assert not Campaign.objects.exists()


def test_the_list_is_walked_by_its_cursor_under_the_filters_of_the_page(cast: Cast) -> None:
    for n in range(5):
        making.make_campaign(cast.workspace, name=f"Sale {n}", tags=["spring"])
    making.make_campaign(cast.workspace, name="Sale paused", status=Status.PAUSED)
    making.make_campaign(cast.workspace, name="Other")
    making.make_campaign(cast.elsewhere, name="Sale elsewhere")
    bobs = asking(cast.bob)

    def walked(query: str) -> list[str]:
        found, cursor = [], ""
        while True:
            page = bobs.get(f"/campaigns?limit=2&{query}&cursor={cursor}").json()
            found += [one["name"] for one in page["items"]]
            cursor = page["next"]
            if not cursor:
                return found

    drafts = [f"Sale {n}" for n in (4, 3, 2, 1, 0)]
    assert walked("q=sale&status=draft") == drafts
    assert walked("q=sale&status=draft&sort=created") == drafts[::-1]
    assert walked("tag=spring&tag=none") == drafts
    assert walked("status=draft&status=paused&q=sale") == ["Sale paused", *drafts]
    assert walked("channel=email") == walked("archived=true") == []
    assert bobs.get("/campaigns?status=nonsense").status_code == 422


def test_every_action_of_a_person_is_there_and_heeds_state_and_role(cast: Cast) -> None:
    persons = {action.value for action, one in TRANSITIONS.items() if one.permission is not None}
    paths = asking(cast.vera).get("/openapi.json").json()["paths"]
    (parameter,) = (
        one
        for one in paths["/campaigns/{id}/actions/{action}"]["post"]["parameters"]
        if one["name"] == "action"
    )
    assert persons <= set(parameter["schema"]["enum"])

    bobs, veras = asking(cast.bob), asking(cast.vera)
    for action in sorted(persons - {Action.RETRY, Action.APPROVE, Action.RELEASE, Action.SCHEDULE}):
        one = making.make_campaign(cast.workspace, status=Status.COMPLETED)
        path = f"/campaigns/{one.public_id}/actions/{action}"
        assert bobs.post(path, {"reason": "why"}).status_code in (403, 409), action
        assert veras.post(path, {"reason": "why"}).status_code in (403, 409), action
        one.refresh_from_db()
        assert one.status == Status.COMPLETED


def test_moderation_goes_by_the_digest_of_what_was_looked_at(cast: Cast) -> None:
    workspaces.update_workspace(by=of_member(cast.alice), moderation=True)
    mona = workspaces.add_member(workspace=cast.workspace, user=make_user(name="mona"), role=Role.MODERATOR)
    campaign = making.make_launchable(cast.workspace, launch="MANUAL", created_by=cast.bob.user)
    url = f"/campaigns/{campaign.public_id}"
    assert (
        asking(cast.bob).post(f"{url}/actions/submit", {"reason": "please"}).json()["status"] == "in_review"
    )

    monas = asking(mona)
    assert monas.post(f"{url}/actions/approve").status_code == 422
    stale = monas.post(f"{url}/actions/approve", {"digest": "0" * 64})
    assert (stale.status_code, stale.json()["code"]) == (409, "review_stale")
    digest = monas.get(url).json()["digest"]
    assert monas.post(f"{url}/actions/approve", {"digest": digest}).json()["status"] == "ready"


def test_what_else_can_be_done_with_a_campaign(cast: Cast) -> None:
    bobs = asking(cast.bob)
    one = making.make_campaign(cast.workspace, name="Old")
    url = f"/campaigns/{one.public_id}"

    assert bobs.post(f"{url}/actions/archive").json()["archived_at"]
    assert bobs.post(f"{url}/actions/restore").json()["archived_at"] is None
    copy = bobs.post(f"{url}/actions/duplicate")
    assert copy.status_code == 201
    assert copy.json()["id"] != str(one.public_id)
    assert bobs.post(f"{url}/notes", {"text": "Look at it on Monday."}).status_code == 204
    assert bobs("DELETE", url).status_code == 204
    assert bobs.get(url).status_code == 404

    sending = making.make_campaign(cast.workspace, status=Status.SENDING)
    faster = bobs("PUT", f"/campaigns/{sending.public_id}/speed", {"rate_limit": 7})
    assert faster.json()["rate_limit"] == 7
    at = (timezone.now() + timedelta(days=1)).isoformat()
    draft = making.make_launchable(cast.workspace)
    said = {"starts_at": at, "zone": "Europe/Berlin"}
    planned = bobs.post(f"/campaigns/{draft.public_id}/actions/schedule", said)
    assert (planned.json()["status"], planned.json()["launch"]) == ("scheduled", "schedule")


def test_runs_and_deliveries_are_told_with_masks_for_who_may_not_see_people(cast: Cast) -> None:
    campaign = ledgers.make_campaign(cast.alice, status=Status.PAUSED)
    run = ledgers.make_run(campaign, skipped=1, sent=3, failed=1, unknown=1, pending=1)
    url = f"/campaigns/{campaign.public_id}"
    bobs, veras = asking(cast.bob), asking(cast.vera)

    listed = bobs.get(f"{url}/runs").json()["items"]
    assert [(one["number"], one["sent"], one["total"]) for one in listed] == [(1, 3, 7)]
    assert bobs.get(f"{url}/runs/{run.number}").json()["problems"]
    assert bobs.get(f"{url}/progress").json()["unknown"] == 1

    def people(who: Any, query: str = "") -> list[dict[str, Any]]:
        found, cursor = [], ""
        while cursor is not None:
            page = who.get(f"{url}/deliveries?limit=2&cursor={cursor}&{query}").json()
            found += page["items"]
            cursor = page["next"]
        return found

    everybody = people(bobs)
    assert len(everybody) == 7
    assert len({one["recipient"] for one in everybody}) == 7
    assert [one["status"] for one in people(bobs, "status=failed")] == ["failed"]
    assert people(bobs, "status=failed")[0]["messages"][0]["reason"]
    assert bobs.get(f"{url}/runs/{run.number}/deliveries?status=sent").json()["items"] == people(
        bobs, "status=sent"
    )
    whole = {one["address"] for one in everybody}
    masked = people(veras)
    assert len(masked) == 7
    assert not whole & {one["address"] for one in masked if one["address"]}
    unseeing = asking(cast.bob, Permission.EXPORT)
    assert people(unseeing) == masked

    settled = bobs.post(f"{url}/unknowns", {"choice": "sent"})
    assert settled.json() == {"settled": 1}


def test_a_stranger_finds_nothing(cast: Cast) -> None:
    campaign = making.make_launchable(cast.workspace)
    mallorys = asking(cast.mallory)
    url = f"/campaigns/{campaign.public_id}"

    for method, path, said in (
        ("GET", url, None), ("PATCH", url, {"name": "Mine"}), ("DELETE", url, None),
        ("POST", f"{url}/actions/start", None), ("GET", f"{url}/deliveries", None),
        ("POST", f"{url}/people", {"people": [{"key": "1"}]}),
    ):  # fmt: skip
        assert mallorys(method, path, said).status_code == 404
    campaign.refresh_from_db()
    assert (campaign.status, campaign.name) != ("BUILDING", "Mine")
    assert mallorys.get("/campaigns").json()["items"] == []
