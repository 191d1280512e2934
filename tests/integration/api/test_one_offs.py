"""One-offs through the API: sent, told of, cancelled, once for each key."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from clarion.audience import operations as audience
from clarion.campaigns.models import Campaign
from clarion.deliveries import building
from clarion.senders import operations as senders
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission
from tests.factories import Cast
from tests.integration.api.asking import asking

pytestmark = pytest.mark.django_db
BODY = {"mode": "text", "source": "It is on its way."}


@pytest.fixture
def sender(cast: Cast) -> str:
    made = senders.create_sender(by=of_member(cast.alice), channel="sandbox", name="Sand", config={})
    return str(made.public_id)


def said(sender: str, **more: Any) -> dict[str, Any]:
    return {"sender": sender, "to": {"address": "ada@shop.example"}, "body": BODY} | more


def test_one_request_sends_it_and_another_tells_what_became_of_it(cast: Cast, sender: str) -> None:
    bobs = asking(cast.bob)

    made = bobs.post("/one-offs", said(sender))

    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["state"], told["to"], told["channel"], told["delivery"]) == (
        "sending", "ada@shop.example", "sandbox", None,
    )  # fmt: skip
    one = Campaign.objects.get(public_id=told["id"])
    building.build(one.pk)
    building.build_run(one.runs.get())
    delivery = bobs.get(f"/one-offs/{told['id']}").json()["delivery"]
    assert (delivery["address"], delivery["messages"][0]["text"]) == ("ada@shop.example", "It is on its way.")
    assert bobs.get("/campaigns").json()["items"] == []
    assert bobs.get(f"/campaigns/{told['id']}").status_code == 404
    assert asking(cast.mallory).get(f"/one-offs/{told['id']}").status_code == 404


def test_the_same_key_sends_it_once(cast: Cast, sender: str) -> None:
    bobs = asking(cast.bob)

    first = bobs.post("/one-offs", said(sender), Idempotency_Key="order-7")
    again = bobs.post("/one-offs", said(sender), Idempotency_Key="order-7")

    assert first.json()["id"] == again.json()["id"]
    assert Campaign.objects.count() == 1


def test_one_to_a_contact_waits_for_its_time_and_is_cancelled(cast: Cast, sender: str) -> None:
    bobs = asking(cast.bob)
    ana = audience.create_contact(by=of_member(cast.alice), fields={"email": "ana@shop.example"})
    at = timezone.now() + timedelta(hours=2)
    to = {"contact": str(ana.public_id)}

    told = bobs.post("/one-offs", said(sender, to=to, starts_at=at.isoformat())).json()

    assert (told["state"], told["to"]) == ("scheduled", "ana@shop.example")
    assert {"start", "pause", "cancel"} <= {*told["actions"]}
    url = f"/one-offs/{told['id']}"
    assert asking(cast.mallory).post(f"{url}/actions/cancel", {}).status_code == 404
    assert bobs.post(f"{url}/actions/cancel", {}).json()["state"] == "cancelled"
    refused = bobs.post(f"{url}/actions/cancel", {})
    assert (refused.status_code, refused.json()["actions"]) == (409, ["delete"])
    assert bobs("DELETE", url).status_code == 204
    assert bobs.get(url).status_code == 404


def test_the_history_is_narrowed_and_paged(cast: Cast, sender: str) -> None:
    bobs = asking(cast.bob)
    for name in ("ada", "eve", "ida"):
        bobs.post("/one-offs", said(sender, to={"address": f"{name}@shop.example"}))

    first = bobs.get("/one-offs?limit=2").json()
    rest = bobs.get(f"/one-offs?limit=2&cursor={first['next']}").json()

    assert [one["to"][:3] for one in (*first["items"], *rest["items"])] == ["ida", "eve", "ada"]
    assert rest["next"] is None
    assert len(bobs.get("/one-offs?q=eve@").json()["items"]) == 1
    assert bobs.get("/one-offs?state=failed").json()["items"] == []
    assert bobs.get("/one-offs?channel=sms").json()["items"] == []
    assert asking(cast.mallory).get("/one-offs").json()["items"] == []


def test_who_may_not_see_people_is_told_neither_address_nor_words(cast: Cast, sender: str) -> None:
    told = asking(cast.bob).post("/one-offs", said(sender)).json()
    veras = asking(cast.vera)

    shown = veras.get(f"/one-offs/{told['id']}")

    assert b"ada@" not in shown.content
    assert shown.json()["body"] is None
    assert veras.get("/one-offs?q=ada@").json()["items"] == []
    assert len(veras.get("/one-offs?q=ada@shop.example").json()["items"]) == 1
    assert veras.post("/one-offs", said(sender)).status_code == 403


def test_each_mistake_is_told_at_its_field(cast: Cast, sender: str) -> None:
    bobs = asking(cast.bob)

    def fields(**more: Any) -> list[str]:
        answer = bobs.post("/one-offs", said(sender, **more))
        assert answer.status_code == 422
        return [one["field"] for one in answer.json()["errors"]]

    assert fields(to={"address": "nobody"}) == ["to"]
    assert fields(to={}) == ["to"]
    assert fields(body=None) == ["source"]
    assert fields(body={"mode": "text", "source": "{{ code }}"}) == ["values"]
    assert fields(starts_at="2020-01-01T00:00:00Z") == ["starts_at"]
    assert fields(template=sender) == ["template"]
    assert not Campaign.objects.exists()


def test_a_moderated_one_is_approved_where_it_is_listed(cast: Cast, sender: str) -> None:
    cast.workspace.moderation = True
    cast.workspace.save()
    told = asking(cast.bob).post("/one-offs", said(sender)).json()
    alices = asking(cast.alice)

    (waiting,) = alices.get("/moderation").json()

    assert (told["state"], waiting["one_off"], waiting["campaign"]) == ("in_review", True, told["id"])
    url = f"/one-offs/{told['id']}/actions"
    assert asking(cast.bob).post(f"{url}/approve", {"digest": waiting["digest"]}).status_code == 403
    assert alices.post(f"{url}/approve", {"digest": waiting["digest"]}).json()["status"] == "building"


def test_a_token_without_the_scope_sends_nothing(cast: Cast, sender: str) -> None:
    program = asking(cast.bob, Permission.VIEW, Permission.EDIT)

    assert program.post("/one-offs", said(sender)).status_code == 403
    assert not Campaign.objects.exists()
