"""Webhooks by the pages and the API."""

import re
from collections.abc import Iterator

import pytest
from django.test import override_settings

from clarion.api.models import KeptAnswer
from clarion.webhooks import operations, secrets
from clarion.webhooks.models import Batch, BatchStatus, Endpoint, EndpointStatus
from clarion.webhooks.publishing import publish
from clarion.workspaces.actors import of_member
from tests.factories import Cast, client_of
from tests.integration.api.asking import asking
from tests.integration.webhooks.telling import HERE, endpoint, tell
from tests.receiver import Receiver, is_signed, receiving

pytestmark = pytest.mark.django_db
URL = "/w/acme/settings/webhooks/"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found, override_settings(CLARION_FETCH_ALLOW=HERE):
        yield found


def happened(cast: Cast) -> None:
    publish(cast.workspace.pk, "campaign.state", key="campaign:x", data={"campaign": "x", "name": "Spring"})


class TestPages:
    def test_one_is_made_tested_and_its_secret_shown_once(self, cast: Cast, receiver: Receiver) -> None:
        alice = client_of(cast.alice)
        assert "No webhooks yet" in alice.get(URL).content.decode()
        said = {"url": receiver.url, "description": "Shop", "kinds": ["campaign", "run"]}
        made = alice.post(f"{URL}new/", said)
        (secret,) = set(re.findall(r"whsec_[\w+/=]{40,}", made.content.decode()))
        one = Endpoint.objects.get()
        page = f"{URL}{one.public_id}/"
        assert secrets.current(one) == [secret]
        assert made["Cache-Control"] == "no-store"
        assert secret not in alice.get(page).content.decode()

        answer = alice.post(f"{page}test/", follow=True)

        assert "204" in answer.content.decode()
        assert receiver.types == ["test.event"]
        assert is_signed(secret, *receiver.requests[0])
        told = Batch.objects.get()
        drawer = {"hx-request": "true", "hx-target": "drawer-body"}
        shown = alice.get(f"{page}requests/{told.public_id}/", headers=drawer)
        assert "test.event" in shown.content.decode()
        assert "<html" not in shown.content.decode()

    def test_what_is_wrong_stands_beside_its_field(self, cast: Cast) -> None:
        alice = client_of(cast.alice)
        answer = alice.post(f"{URL}new/", {"url": "ftp://x.example/", "kinds": ["campaign"]})
        assert answer.status_code == 422
        assert "begins with https://" in answer.content.decode()
        assert alice.post(f"{URL}new/", {"url": "https://x.example/"}).status_code == 422
        assert not Endpoint.objects.exists()

    def test_one_that_is_ill_says_so_on_its_page_and_the_dashboard_until_it_is_switched_on(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        one, _secret = endpoint(cast.alice, receiver.url, ["campaign"], description="Shop")
        receiver.answering = lambda _events: (410, {})
        happened(cast)
        tell()
        alice, page = client_of(cast.alice), f"{URL}{one.public_id}/"
        for url in (page, "/w/acme/", URL):
            assert "410" in alice.get(url, follow=True).content.decode()
        assert "410" not in client_of(cast.bob).get("/w/acme/", follow=True).content.decode()

        receiver.answering = lambda _events: (204, {})
        assert alice.post(f"{page}on/").status_code == 302
        tell()
        assert "410" not in alice.get("/w/acme/", follow=True).content.decode()
        assert Batch.objects.get().status == BatchStatus.DELIVERED

        told = Batch.objects.get()
        assert alice.post(f"{page}requests/{told.public_id}/replay/").status_code == 302
        tell()
        assert len({event["id"] for event in receiver.events}) == 1

    def test_it_is_changed_switched_off_and_removed_by_who_may_and_no_stranger_finds_it(
        self, cast: Cast
    ) -> None:
        one, _secret = endpoint(cast.alice, "https://x.example/", ["campaign"])
        alice, page = client_of(cast.alice), f"{URL}{one.public_id}/"
        said = {"url": "https://y.example/", "kinds": ["reply"], "with_addresses": "on"}
        assert alice.post(page, said).status_code == 302
        assert alice.post(f"{page}off/").status_code == 302
        one.refresh_from_db()
        assert (one.url, one.kinds, one.addresses, one.status) == (
            "https://y.example/", ["reply"], "MEMBER", EndpointStatus.OFF,
        )  # fmt: skip
        assert alice.post(f"{page}remove/").status_code == 200  # the question

        bob, mallory = client_of(cast.bob), client_of(cast.mallory)
        assert bob.get(page).status_code == 403
        for url in (page, f"/w/elsewhere/settings/webhooks/{one.public_id}/"):
            assert mallory.get(url).status_code == 404
            assert mallory.post(f"{url}remove/", {"confirmed": "1"}).status_code == 404
        assert alice.post(f"{page}remove/", {"confirmed": "1"}).status_code == 302
        assert not Endpoint.objects.exists()


def test_the_api_does_all_of_it_and_keeps_no_secret(cast: Cast, receiver: Receiver) -> None:
    alices = asking(cast.alice)
    said = {"url": receiver.url, "events": ["campaign"]}
    made = alices.post("/webhooks", said, Idempotency_Key="once")
    again = alices.post("/webhooks", said, Idempotency_Key="once")
    assert (made.status_code, again.status_code) == (201, 201)
    secret = made.json()["secret"]
    assert (again.json()["id"], again.json()["secret"]) == (made.json()["id"], "")
    assert secret.encode() not in bytes(KeptAnswer.objects.get().body)

    path = f"/webhooks/{made.json()['id']}"
    assert alices.post(f"{path}/test").json()["status"] == 204
    assert is_signed(secret, *receiver.requests[0])
    changed = alices("PATCH", path, {"events": ["run"], "status": "off"}).json()
    assert (changed["events"], changed["status"]) == (["run"], "off")
    (row,) = alices.get(f"{path}/requests").json()["items"]
    assert (row["is_test"], row["status"]) == (True, "delivered")
    assert alices.post(f"{path}/requests/{row['id']}/replay").json() == {"requests": 0}
    assert alices.post("/webhooks", said | {"url": "gopher://x"}).status_code == 422

    for member, status in ((cast.bob, 403), (cast.mallory, 404)):
        assert asking(member).get(path).status_code == status
    assert alices("DELETE", path).status_code == 204
    assert not Endpoint.objects.exists()


def test_who_may_not_see_people_is_not_asked_whether_addresses_are_told(cast: Cast) -> None:
    alice = client_of(cast.alice)
    assert 'name="with_addresses"' in alice.get(f"{URL}new/").content.decode()
    type(cast.workspace).objects.filter(pk=cast.workspace.pk).update(pii_policy="ON_REQUEST")
    assert 'name="with_addresses"' not in alice.get(f"{URL}new/").content.decode()
    cast.alice.workspace.refresh_from_db()
    from clarion.webhooks.errors import EndpointInvalid

    with pytest.raises(EndpointInvalid):
        operations.create_endpoint(
            by=of_member(cast.alice), url="https://x.example/", kinds=["reply"], with_addresses=True
        )
