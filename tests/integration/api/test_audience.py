"""Contacts, lists, suppressions, templates and rows through the API."""

import gzip
from typing import Any

import orjson
import pytest

from clarion.audience import operations as audience
from clarion.audience import reading
from clarion.audience.models import Contact, Source, SourceRow, Suppression
from clarion.senders import operations as senders
from clarion.workspaces.actors import of_member
from tests.factories import Cast
from tests.integration.api.asking import Asking, asking

pytestmark = pytest.mark.django_db
ROWS = "application/x-ndjson"


@pytest.fixture
def bobs(cast: Cast) -> Asking:
    return asking(cast.bob)


class TestContacts:
    def test_they_are_made_changed_found_and_deleted(self, cast: Cast, bobs: Asking) -> None:
        said = {
            "email": "Ana@Shop.example",
            "first_name": "Ana",
            "attributes": {"City": "Rom"},
            "tags": ["vip"],
        }
        made = bobs.post("/contacts", said)
        assert made.status_code == 201, made.content
        url = f"/contacts/{made.json()['id']}"
        assert bobs("PATCH", url, {"last_name": "Lu", "state": "inactive"}).json()["state"] == "inactive"

        told = bobs.get(url).json()
        assert (told["email"], told["first_name"], told["last_name"]) == (
            "Ana@shop.example",
            "Ana",
            "Lu",
        ) or (told["email"] == "ana@shop.example")
        for query in ("q=an", "tag=vip", "state=inactive", "attribute=city:Rom"):
            assert [one["id"] for one in bobs.get(f"/contacts?{query}").json()["items"]] == [told["id"]], (
                query
            )
        assert bobs.get("/contacts?q=other").json()["items"] == []
        assert bobs("DELETE", url).status_code == 204
        assert bobs.get(url).status_code == 404

    def test_an_upsert_changes_who_has_the_address_or_makes_them(self, cast: Cast, bobs: Asking) -> None:
        first = bobs("PUT", "/contacts", {"email": "ana@shop.example", "first_name": "Ana"})
        again = bobs("PUT", "/contacts", {"email": "ANA@shop.example ", "last_name": "Lu"})
        by_phone = bobs("PUT", "/contacts", {"phone": "+4930123456", "first_name": "Ben"})
        assert [one.status_code for one in (first, again, by_phone)] == [201, 200, 201]
        assert first.json()["id"] == again.json()["id"] != by_phone.json()["id"]
        assert (again.json()["first_name"], again.json()["last_name"]) == ("Ana", "Lu")

        taken = bobs("PATCH", f"/contacts/{by_phone.json()['id']}", {"email": "ana@shop.example"})
        assert (taken.status_code, taken.json()["code"]) == (409, "address_taken")

    def test_who_may_not_see_people_sees_them_short_and_finds_whose_whole_address_they_know(
        self, cast: Cast, bobs: Asking
    ) -> None:
        said = {
            "email": "ana@shop.example",
            "phone": "+4930123456",
            "first_name": "Ana",
            "attributes": {"a": "b"},
        }
        bobs.post("/contacts", said)
        veras = asking(cast.vera)

        (one,) = veras.get("/contacts").json()["items"]
        assert (one["email"], one["phone"], one["first_name"]) == ("a•••@s•••.example", "…56", "A…")
        assert one["attributes"] is None
        cases = {
            "ana": [], "Ana": [], "ana@shop.exampl": [], "ana@shop.example": [one], "ANA@Shop.example": [one],
            "%2B49 30 123456": [one], "%2B493012345": [],
        }  # fmt: skip
        for query, found in cases.items():
            assert veras.get(f"/contacts?q={query}").json()["items"] == found
        assert veras.get("/contacts?attribute=a:b").status_code == 403
        assert veras.post("/contacts", said).status_code == 403

    def test_pages_are_walked_without_gaps(self, cast: Cast, bobs: Asking) -> None:
        Contact.objects.bulk_create(
            Contact(workspace=cast.workspace, email=f"p{n}@x.example") for n in range(7)
        )
        found, cursor = [], ""
        while cursor is not None:
            page = bobs.get(f"/contacts?limit=3&cursor={cursor}").json()
            found += [one["email"] for one in page["items"]]
            cursor = page["next"]
        assert found == [f"p{n}@x.example" for n in range(6, -1, -1)]


def test_lists_are_made_filled_changed_and_deleted(cast: Cast, bobs: Asking) -> None:
    by = of_member(cast.alice)
    ana, ben = (audience.create_contact(by=by, fields={"email": f"{n}@x.example"}) for n in ("ana", "ben"))
    stranger = audience.create_contact(by=of_member(cast.mallory), fields={"email": "eve@x.example"})
    made = bobs.post("/lists", {"name": "News", "description": "d"})
    url = f"/lists/{made.json()['id']}"
    assert bobs.post("/lists", {"name": "News"}).json()["code"] == "list_name_taken"

    ids = [str(one.public_id) for one in (ana, ben, stranger)]
    assert bobs.post(f"{url}/contacts", {"add": ids}).json() == {"added": 2, "removed": 0}
    assert bobs.post(f"{url}/contacts", {"remove": ids[:1]}).json() == {"added": 0, "removed": 1}
    assert [one["email"] for one in bobs.get(f"{url}/contacts").json()["items"]] == ["ben@x.example"]
    told = bobs("PATCH", url, {"is_public": True}).json()
    assert (told["name"], told["description"], told["is_public"]) == ("News", "d", True)
    assert bobs.get(url).json()["member_count"] == 1
    assert bobs("DELETE", url).status_code == 204
    assert bobs.get("/lists").json()["items"] == []


def test_addresses_are_suppressed_and_allowed_again(cast: Cast, bobs: Asking) -> None:
    said = {"channel": "email", "address": "Ana@Shop.example", "note": "asked"}
    assert [bobs.post("/suppressions", said).status_code for _ in range(2)] == [204, 204]
    wrong = bobs.post("/suppressions", {"channel": "email", "address": "nobody"})
    assert wrong.json()["errors"][0]["field"] == "address"

    (one,) = bobs.get("/suppressions?q=ana&reason=manual").json()["items"]
    veras = asking(cast.vera)
    assert veras.get("/suppressions").json()["items"][0]["address"] != one["address"]
    counts = [
        len(veras.get(f"/suppressions?q={q}").json()["items"]) for q in ("ana@shop", "ana@shop.example")
    ]
    assert counts == [0, 1]
    assert asking(cast.mallory)("DELETE", f"/suppressions/{one['id']}").status_code == 404
    assert bobs("DELETE", f"/suppressions/{one['id']}?reason=again").status_code == 204
    assert not Suppression.objects.exists()


def test_templates_are_made_versioned_and_put_away(cast: Cast, bobs: Asking) -> None:
    source = {"mode": "text", "source": "Hello {{ first_name }}"}
    made = bobs.post("/templates", {"channel": "sandbox", "name": "Welcome", "source": source})
    assert (made.status_code, made.json()["version"], made.json()["variables"]) == (201, 1, ["first_name"])
    url = f"/templates/{made.json()['id']}"
    broken = bobs("PATCH", url, {"source": {"mode": "text", "source": "{{ oops"}, "name": "Other"})
    assert (broken.status_code, broken.json()["code"]) == (422, "content_invalid")
    assert broken.json()["errors"][0]["line"] == 1
    assert bobs.get(url).json()["name"] == "Welcome"

    now = bobs("PATCH", url, {"source": {"mode": "text", "source": "Hi"}, "name": "Other"}).json()
    assert (now["version"], now["name"]) == (2, "Other")
    assert bobs.post(f"{url}/actions/duplicate").status_code == 201
    assert bobs.post(f"{url}/actions/archive").json()["archived_at"]
    assert len(bobs.get("/templates?archived=true").json()["items"]) == 1
    assert asking(cast.mallory).get(url).status_code == 404


def test_senders_are_told_without_their_credentials(cast: Cast, bobs: Asking) -> None:
    config = {"host": "127.0.0.1", "port": 2525, "username": "u", "password": "sesame", "security": "none",
              "from_address": "shop@example.test"}  # fmt: skip
    senders.create_sender(by=of_member(cast.alice), channel="email", name="Mail", config=config)

    answer = bobs.get("/senders")

    assert [one["name"] for one in answer.json()["items"]] == ["Mail"]
    assert "sesame" not in answer.content.decode()
    assert "config" not in answer.content.decode()
    assert bobs.get(f"/senders/{answer.json()['items'][0]['id']}").json()["status"] == "active"


class TestRows:
    def test_they_become_a_source_with_the_bad_ones_told(self, cast: Cast, bobs: Asking) -> None:
        rows: list[Any] = [
            {"email": "ana@x.example", "first_name": 'A "na", \n1'}, "no row", {"email": "ben@x.example", "n": 3},
            {"email": "eve@x.example", "n": [1]}, {"email": "nobody", "is": True, "none": None},
        ]  # fmt: skip
        body = b"\n".join([*map(orjson.dumps, rows), b"{", b""])
        for headers, sent in (({}, body), ({"content_encoding": "gzip"}, gzip.compress(body))):
            answer = bobs.post("/sources?channel=email&name=Orders", sent, content_type=ROWS, **headers)

            told = answer.json()
            assert answer.status_code == 202, answer.content
            assert (told["rows"], told["rejected"]) == (3, 3)
            assert [one["line"] for one in told["errors"]] == [2, 4, 6]
            assert told["columns"] == ["email", "first_name", "n", "is", "none"]

        source = Source.objects.order_by("-pk").first()
        assert source is not None
        reading.read_source_job(source.pk)
        now = bobs.get(f"/sources/{told['id']}").json()
        assert (now["status"], now["row_count"], now["bad_count"]) == ("ready", 3, 1)
        kept = SourceRow.objects.filter(source_id=source.pk, problem="").order_by("id")
        assert [one.data["first_name"] for one in kept] == ['A "na", \n1', ""]
        assert asking(cast.mallory).get(f"/sources/{told['id']}").status_code == 404

    @pytest.mark.parametrize(
        ("body", "headers", "status", "code"),
        [
            (b"\n", {}, 422, "rows_invalid"),
            (b"{\n[", {}, 422, "rows_invalid"),
            (b'{"name": "Ana"}', {}, 422, "no_address_column"),
            (b"no gzip", {"content_encoding": "gzip"}, 422, "rows_invalid"),
            (gzip.compress(b'{"email": "a@x.example"}\n' * 50)[:-9], {"content_encoding": "gzip"}, 422, "rows_invalid"),
            (b'{"email": "a@x.example"}', {"content_encoding": "br"}, 415, "unsupported_media_type"),
            (b'{"email": "a@x.example"}', {"content_type": "application/json"}, 415, "unsupported_media_type"),
        ],
    )  # fmt: skip
    def test_what_holds_no_rows_is_refused_and_nothing_is_kept(
        self, bobs: Asking, body: bytes, headers: dict[str, str], status: int, code: str
    ) -> None:
        answer = bobs.post("/sources?channel=email", body, **({"content_type": ROWS} | headers))

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not Source.objects.exists()

    def test_a_key_covers_the_rows_too(self, bobs: Asking) -> None:
        rows = b'{"email": "a@x.example"}'
        options = {"content_type": ROWS, "idempotency_key": "k"}
        first = bobs.post("/sources?channel=email", rows, **options)
        again = bobs.post("/sources?channel=email", rows, **options)
        other = bobs.post("/sources?channel=email", rows + b"\n" + rows, **options)

        assert (first.content, other.status_code) == (again.content, 409)
        assert Source.objects.count() == 1
