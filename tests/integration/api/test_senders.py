"""Senders through the API: set up, changed, tried, stopped; what is secret goes in and never comes out."""

import pytest

from clarion.senders import secrets
from clarion.senders.models import Sender
from clarion.workspaces.models import AuditEvent
from clarion.workspaces.permissions import Permission
from tests import ledgers
from tests.factories import Cast
from tests.integration.api.asking import Asking, asking

pytestmark = pytest.mark.django_db
MAIL = {
    "host": "127.0.0.1", "port": 2525, "username": "u", "password": "sesame", "security": "none",
    "from_address": "shop@example.test",
}  # fmt: skip


@pytest.fixture
def alices(cast: Cast) -> Asking:
    return asking(cast.alice)


def test_a_secret_goes_in_and_is_told_by_its_name_alone(cast: Cast, alices: Asking) -> None:
    said = {"channel": "email", "name": "Mail", "settings": MAIL, "limit_second": 10}
    made = alices.post("/senders", said)
    assert made.status_code == 201, made.content
    url = f"/senders/{made.json()['id']}"

    changed = alices("PATCH", url, {"settings": {"host": "localhost", "password": ""}, "limit_day": 50})

    told = changed.json()
    assert (told["settings"]["host"], told["secrets"], told["limit_second"], told["limit_day"]) == (
        "localhost", ["password"], 10, 50,
    )  # fmt: skip
    assert secrets.open_config(Sender.objects.get())["password"] == "sesame"
    every = b"".join(one.content for one in (made, changed, alices.get(url), alices.get("/senders")))
    assert b"sesame" not in every
    assert "sesame" not in str(list(AuditEvent.objects.values_list("changes", flat=True)))

    assert (
        alices("PATCH", url, {"forget": ["password"], "settings": {"auth": "none"}}).json()["secrets"] == []
    )
    assert secrets.open_config(Sender.objects.get()).get("password", "") == ""


def test_what_makes_no_sense_is_told_field_by_field_and_nothing_is_kept(cast: Cast, alices: Asking) -> None:
    def refused(settings: dict[str, object], **more: object) -> tuple[int, str, set[str]]:
        answer = alices.post("/senders", {"channel": "email", "name": "Mail", "settings": settings, **more})
        told = answer.json()
        return answer.status_code, told["code"], {one["field"] for one in told.get("errors", ())}

    assert refused({"host": "", "dkim_keys": 5}) == (
        422,
        "config_invalid",
        {"host", "from_address", "dkim_keys"},
    )
    assert refused({**MAIL, "hots": "typo"}) == (422, "invalid", {"settings.hots"})
    assert refused(MAIL, limit_second=0) == (422, "limit_invalid", {"limit_second"})
    assert not Sender.objects.exists()


def test_it_is_tried_stopped_and_deleted_unless_a_campaign_needs_it(cast: Cast, alices: Asking) -> None:
    made = alices.post("/senders", {"channel": "sandbox", "name": "Sand", "settings": {}}).json()
    url = f"/senders/{made['id']}"

    assert alices.post(f"{url}/check").json()["ok"]
    tried = alices.post(f"{url}/test", {"address": "me@shop.example"}).json()
    assert (tried["outcome"], tried["reason"]) == ("accepted", None)
    assert alices.post(f"{url}/test", {"address": "nobody"}).json()["errors"][0]["field"] == "address"
    assert alices.post(f"{url}/actions/pause", {"reason": "quiet"}).json()["reason"] == "quiet"
    assert alices.post(f"{url}/actions/activate").json()["status"] == "active"

    campaign = ledgers.make_campaign(cast.alice)
    campaign.steps.update(sender=Sender.objects.get(public_id=made["id"]))
    refused = alices("DELETE", url)
    assert (refused.status_code, refused.json()["code"]) == (409, "sender_in_use")
    campaign.steps.update(sender=None)
    assert alices("DELETE", url).status_code == 204


def test_a_name_is_proposed_and_decided(cast: Cast, alices: Asking) -> None:
    settings = {"host": "127.0.0.1", "system_id": "u", "password": "p", "source": "Shop", "security": "none"}
    made = alices.post("/senders", {"channel": "sms", "name": "SMS", "settings": settings})
    assert made.status_code == 201, made.content
    url = f"/senders/{made.json()['id']}/names"

    name = asking(cast.bob).post(url, {"name": "Bazaar", "submit": True}).json()

    assert (name["status"], alices.post(url, {"name": "Third"}).json()["code"]) == ("pending", "name_refused")
    assert asking(cast.bob).post(f"{url}/{name['id']}/approve").status_code == 403
    assert alices.post(f"{url}/{name['id']}/approve").json()["status"] == "approved"
    assert Sender.objects.get().config["source"] == "Bazaar"
    assert asking(cast.mallory).get(url).status_code == 404


def test_who_may_not_change_senders_sees_neither_settings_nor_log(cast: Cast, alices: Asking) -> None:
    made = alices.post("/senders", {"channel": "email", "name": "Mail", "settings": MAIL}).json()
    url, bobs = f"/senders/{made['id']}", asking(cast.bob)

    told = bobs.get(url).json()

    assert (told["name"], told["settings"], told["secrets"]) == ("Mail", None, None)
    assert bobs.get(f"{url}/log").status_code == 403
    assert bobs("PATCH", url, {"name": "Other"}).status_code == 403
    assert asking(cast.alice, Permission.VIEW).get(url).json()["settings"] is None
    assert alices.get(f"{url}/log").json() == {"items": [], "next": None}
    assert asking(cast.mallory).get(url).status_code == 404
