"""The workspace through the API: its settings, members, tokens, money, media, trail, and what is to come."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from clarion.api.models import KeptAnswer
from clarion.campaigns.models import Launch
from clarion.campaigns.states import Status
from clarion.content import operations as content
from clarion.senders import operations as senders
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import ApiToken, LedgerEntry, Membership, Workspace
from clarion.workspaces.permissions import Permission
from tests import ledgers
from tests.factories import Cast
from tests.integration.api.asking import Asking, asking
from tests.integration.api.test_document import PIXEL

pytestmark = pytest.mark.django_db
OCTETS = "application/octet-stream"


@pytest.fixture
def alices(cast: Cast) -> Asking:
    return asking(cast.alice)


def test_settings_rules_and_branding_are_changed(cast: Cast, alices: Asking) -> None:
    wrong = alices("PATCH", "/workspace", {"zone": "Nowhere", "windows": [{"days": [9]}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "windows")
    now = alices("PATCH", "/workspace", {"zone": "Europe/Berlin", "pii_policy": "on_request"}).json()
    assert (now["zone"], now["pii_policy"]) == ("Europe/Berlin", "on_request")
    assert alices.post("/workspace/halt", {"reason": "fire"}).json()["halt_reason"] == "fire"
    assert alices.post("/workspace/lift").json()["halted_at"] is None

    caps = [{"channel": None, "messages": 3, "days": 7}]
    assert alices("PUT", "/caps", {"caps": caps}).json() == alices.get("/caps").json() == caps
    rules = {"soft_bounces": 5, "soft_days": 10, "page_text": "Hello", "consent_channels": ["sms"]}
    assert alices("PUT", "/opt-out/rules", rules).json() == alices.get("/opt-out/rules").json() == rules
    assert alices("PUT", "/opt-out/words/en", {"stop": ["enough"]}).json()["own"]
    assert alices("DELETE", "/opt-out/words/en").status_code == 204
    assert alices("DELETE", "/opt-out/words/en").status_code == 404
    assert alices("PUT", "/branding", {"colour": "#112233"}).json()["colour"] == "#112233"
    assert alices("PUT", "/branding/logo", PIXEL, content_type=OCTETS).json() == {
        "colour": "#112233",
        "has_logo": True,
    }

    for method, path, said in (("PATCH", "/workspace", {"name": "X"}), ("PUT", "/opt-out/rules", rules),
                               ("GET", "/branding", None), ("POST", "/workspace/halt", None)):  # fmt: skip
        assert asking(cast.bob)(method, path, said).status_code == 403, path
    assert Workspace.objects.get(pk=cast.workspace.pk).name == "Acme"


def test_members_are_invited_moved_suspended_and_removed(cast: Cast, alices: Asking) -> None:
    made = alices.post("/invitations", {"email": "Eva@Shop.example", "role": "viewer"}, idempotency_key="i")
    again = alices.post("/invitations", {"email": "Eva@Shop.example", "role": "viewer"}, idempotency_key="i")
    assert "/join/" in made.json()["link"]
    assert (again.json()["id"], again.json()["link"]) == (made.json()["id"], None)
    assert alices("DELETE", f"/invitations/{made.json()['id']}").status_code == 204

    url = f"/members/{cast.vera.public_id}"
    assert alices("PATCH", url, {"role": "author"}).json()["role"] == "author"
    assert alices.post(f"{url}/suspend").json()["suspended_at"]
    assert alices.post(f"{url}/reinstate").json()["suspended_at"] is None
    last = alices("DELETE", f"/members/{cast.alice.public_id}")
    assert (last.status_code, last.json()["code"]) == (409, "member_refused")
    assert alices("DELETE", url).status_code == 204
    # Nobody's membership ends by a token that was not given for that, not even the member's own.
    assert asking(cast.bob)("DELETE", f"/members/{cast.bob.public_id}").status_code == 403
    assert asking(cast.mallory).get(f"/members/{cast.bob.public_id}").status_code == 404
    assert Membership.objects.filter(pk=cast.bob.pk).exists()


class TestTokens:
    def test_a_secret_is_told_once_and_kept_nowhere(self, cast: Cast, alices: Asking) -> None:
        said = {"name": "Shop", "scopes": ["edit"]}
        made = alices.post("/tokens", said, idempotency_key="t").json()
        again = alices.post("/tokens", said, idempotency_key="t").json()

        assert Asking(made["secret"]).get("/workspace").json()["scopes"] == ["edit", "view"]
        assert (again["id"], again["secret"]) == (made["id"], None)
        assert made["secret"].encode() not in bytes(KeptAnswer.objects.get().body)
        assert made["secret"] not in alices.get("/tokens").content.decode()
        assert alices("DELETE", f"/tokens/{made['id']}").status_code == 204
        assert Asking(made["secret"]).get("/workspace").status_code == 401

    def test_it_may_no_more_no_longer_and_no_faster_than_the_one_that_asks(self, cast: Cast) -> None:
        until = timezone.now() + timedelta(days=1)
        bobs = asking(cast.bob, Permission.EDIT, expires_at=until, per_minute=100)
        later = (until + timedelta(seconds=1)).isoformat()

        for more in ({"scopes": ["launch"]}, {"expires_at": later}, {"per_minute": 101}):
            assert bobs.post("/tokens", {"name": "More", **more}).status_code in (403, 422), more
        made = bobs.post("/tokens", {"name": "Same", "scopes": ["edit"]}).json()

        token = ApiToken.objects.get(public_id=made["id"])
        assert (token.expires_at, token.per_minute) == (until, 100)
        assert asking(cast.mallory)("DELETE", f"/tokens/{made['id']}").status_code == 404


def test_money_is_added_priced_and_told_entry_by_entry(cast: Cast, alices: Asking) -> None:
    assert alices.get("/balance").json()["on"] is False
    assert alices.get("/prices").status_code == 404
    assert alices("PUT", "/balance", {"on": True, "currency": "EUR"}).json()["currency"] == "EUR"
    for _ in range(2):  # a call without an answer is simply repeated
        added = alices.post("/balance/top-ups", {"amount": "10.50"}, idempotency_key="first")
    assert added.json()["available"] == "10.50"
    assert LedgerEntry.objects.count() == 1
    low = alices.post("/balance/corrections", {"amount": "-99", "note": "no"})
    assert (low.status_code, low.json()["code"]) == (409, "balance_too_low")
    assert alices.post("/balance/top-ups", {"amount": "ten"}).json()["errors"][0]["field"] == "amount"

    set_ = alices.post("/prices", {"channel": "sms", "prefix": "+49", "price": "0.045"})
    assert (set_.status_code, set_.json()["prefix"], set_.json()["price"]) == (201, "49", "0.045")
    twice = {"prices": [{"channel": "sms", "price": "1"}, {"channel": "sms", "price": "2"}]}
    assert alices("PUT", "/prices", twice).json()["code"] == "price_list_invalid"
    (only,) = alices("PUT", "/prices", {"prices": twice["prices"][:1]}).json()
    assert asking(cast.bob)("DELETE", f"/prices/{only['id']}").status_code == 403
    assert asking(cast.mallory)("DELETE", f"/prices/{only['id']}").status_code == 404
    assert alices("DELETE", f"/prices/{only['id']}").status_code == 204
    (entry,) = alices.get("/balance/ledger?kind=top_up").json()["items"]
    assert (entry["number"], entry["balance"], entry["by"]) == (1, "10.50", "alice")


def test_files_are_kept_once_and_deleted_unless_they_are_needed(cast: Cast, alices: Asking) -> None:
    one, same = (alices.post(f"/media?name={n}.gif", PIXEL, content_type=OCTETS).json() for n in ("a", "b"))
    assert (one["id"], one["content_type"], one["width"]) == (same["id"], "image/gif", 1)
    unknown = alices.post("/media?name=x.exe", b"MZ\x90\x00\x01", content_type=OCTETS)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "media_invalid")
    url = f"/media/{one['id']}"
    source = {"mode": "html", "subject": "Hi", "source": f'<p>Hi</p><img src="{one["url"]}" alt="">'}
    template = content.create_template(by=of_member(cast.alice), channel="email", name="T", source=source)
    assert alices("DELETE", url).json()["code"] == "media_in_use"
    content.delete_template(template=template, by=of_member(cast.alice))
    assert asking(cast.mallory)("DELETE", url).status_code == 404
    assert alices("DELETE", url).status_code == 204


def test_the_trail_is_read_and_checked_by_whoever_may(cast: Cast, alices: Asking) -> None:
    alices.post("/lists", {"name": "News"})

    (event,) = alices.get("/audit?kind=list").json()["items"]

    assert (event["action"], event["via"], event["actor"]) == ("list.created", "api", "alice")
    assert alices.post("/audit/check").json()["broken"] is None
    assert asking(cast.bob).get("/audit").status_code == 403


class TestCampaigns:
    def test_a_test_is_sent_as_one_of_the_recipients(self, cast: Cast, alices: Asking) -> None:
        sender = senders.create_sender(by=of_member(cast.alice), channel="sandbox", name="Sand", config={})
        rows = b'{"email": "ana@x.example", "first_name": "Ana"}\n'
        source = alices.post("/sources?channel=sandbox", rows, content_type="application/x-ndjson").json()[
            "id"
        ]
        body = {"mode": "text", "source": "Hello {{ first_name }}"}
        step = {"channel": "sandbox", "sender": str(sender.public_id), "body": body}
        made = alices.post(
            "/campaigns", {"name": "Sale", "audience": {"source": source}, "steps": [step]}
        ).json()
        url = f"/campaigns/{made['id']}"

        told = alices.post(f"{url}/test", {"addresses": ["me@shop.example", "nobody"]}).json()

        assert [one["outcome"] for one in told] == ["accepted", "refused"]
        assert "Hello" in alices.get(f"{url}/preview").json()["text"]
        assert alices.get(f"{url}/trail?limit=1").json()["items"][0]["action"] == "campaign.test"
        assert asking(cast.vera).post(f"{url}/test", {"addresses": ["me@x.example"]}).status_code == 403
        assert asking(cast.vera).get(f"{url}/preview").status_code == 403
        assert asking(cast.mallory).post(f"{url}/test", {"addresses": ["me@x.example"]}).status_code == 404

    def test_a_persons_messages_are_told_whole_to_who_may_see_them(self, cast: Cast, alices: Asking) -> None:
        campaign = ledgers.make_campaign(cast.alice, status=Status.PAUSED)
        ledgers.make_run(campaign, sent=1, failed=1)
        url = f"/campaigns/{campaign.public_id}/deliveries"
        number = alices.get(url).json()["items"][0]["recipient"]

        whole: Any = alices.get(f"{url}/{number}").json()
        masked: Any = asking(cast.vera).get(f"{url}/{number}").json()

        assert whole["messages"][0]["tries"]
        assert (masked["variables"], masked["messages"][0]["text"]) == (None, None)
        assert masked["address"] != whole["address"]
        assert asking(cast.vera).post(f"{url}/{number}/reveal").status_code == 403
        assert asking(cast.mallory).get(f"{url}/{number}").status_code == 404
        assert alices.get(f"{url}/999999").status_code == 404

    def test_the_calendar_and_the_moderators_queue_tell_what_is_to_come(
        self, cast: Cast, alices: Asking
    ) -> None:
        at = timezone.now() + timedelta(days=3)
        ledgers.make_campaign(
            cast.alice, status=Status.SCHEDULED, launch=Launch.SCHEDULE, starts_at=at, next_at=at
        )
        span = f"first={timezone.now():%Y-%m-%d}&last={at + timedelta(days=1):%Y-%m-%d}"

        (one,) = alices.get(f"/calendar?{span}").json()

        assert one["status"] == "scheduled"
        assert alices.get("/calendar?first=2030-02-01&last=2030-01-01").status_code == 422
        assert asking(cast.mallory).get(f"/calendar?{span}").json() == []
        assert alices.get("/moderation").json() == []
        assert asking(cast.vera).get("/moderation").status_code == 403


def test_templates_have_versions_languages_and_a_check(cast: Cast, alices: Asking) -> None:
    source = {"mode": "text", "source": "Hello {{ first_name }}"}
    made = alices.post("/templates", {"channel": "sandbox", "name": "T", "source": source}).json()
    url = f"/templates/{made['id']}"
    alices("PATCH", url, {"source": {"mode": "text", "source": "Bye"}})

    assert [one["number"] for one in alices.get(f"{url}/versions").json()["items"]] == [2, 1]
    assert alices.post(f"{url}/versions/1/restore").json()["version"] == 3
    added = alices.post(f"{url}/languages", {"language": "de", "first": "en"}).json()
    assert list(added["source"]["languages"]) == ["de"]
    assert not alices("DELETE", f"{url}/languages/de").json()["source"].get("languages")
    said = {"channel": "sandbox", "source": source, "variables": {"first_name": "Ana"}}
    assert alices.post("/templates/check", said).json()["text"] == "Hello Ana"
    broken = alices.post(
        "/templates/check", {"channel": "sandbox", "source": {"mode": "text", "source": "{{"}}
    )
    assert (broken.status_code, broken.json()["code"]) == (422, "content_invalid")
    assert asking(cast.mallory).get(f"{url}/versions/1").status_code == 404
