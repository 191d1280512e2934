"""People through the API: files of them, what they said, finding why, showing, handing out and forgetting them."""

import gzip
import io
import zipfile

import orjson
import pytest

from clarion.audience import importing
from clarion.audience.models import Contact, Import, Source
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import AuditEvent, PiiPolicy
from clarion.workspaces.permissions import Permission
from tests.factories import Cast
from tests.integration.api.asking import Asking, asking

pytestmark = pytest.mark.django_db
CSV, ROWS, OCTETS = "text/csv", "application/x-ndjson", "application/octet-stream"


@pytest.fixture
def bobs(cast: Cast) -> Asking:
    return asking(cast.bob)


class TestImports:
    def test_a_file_is_understood_started_and_its_bad_rows_are_told(self, cast: Cast, bobs: Asking) -> None:
        table = b"mail,town\nana@shop.example,Rome\nnobody,Bonn\n"
        made = bobs.post(
            "/imports?name=people.csv", gzip.compress(table), content_type=CSV, content_encoding="gzip"
        )
        assert made.status_code == 202, made.content
        told = made.json()
        assert (told["status"], told["columns"]) == ("mapping", {"mail": "mail", "town": "town"})
        url = f"/imports/{told['id']}"

        wrong = bobs.post(f"{url}/start", {"mapping": {"mail": "", "town": "attribute:city"}})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "mapping_invalid")
        news = bobs.post("/lists", {"name": "News"}).json()["id"]
        mapping = {"mail": "email", "town": "attribute:city"}
        begun = bobs.post(f"{url}/start", {"mapping": mapping, "list": news})
        assert (begun.status_code, begun.json()["status"]) == (202, "waiting")
        importing.run_import_job(Import.objects.get().pk)

        done = bobs.get(url).json()
        assert [done[name] for name in ("status", "percent", "rows", "created", "rejected")] == [
            "done",
            100,
            2,
            1,
            1,
        ]
        report = b"".join(bobs.get(f"{url}/report").streaming_content).decode()
        assert "nobody" in report
        assert Contact.objects.get().attributes == {"city": "Rome"}
        assert bobs.get(f"/lists/{news}").json()["member_count"] == 1
        assert bobs.post(f"{url}/cancel").json()["code"] == "import_not_possible"
        assert asking(cast.mallory).get(url).status_code == 404

    def test_rows_are_imported_in_one_request(self, cast: Cast, bobs: Asking) -> None:
        rows = [orjson.dumps({"email": "ana@shop.example", "first_name": "Ana"}), b"no row"]
        made = bobs.post("/imports?start=true&known=only", b"\n".join(rows), content_type=ROWS)

        assert (made.json()["status"], made.json()["errors"][0]["line"]) == ("waiting", 2)
        importing.run_import_job(Import.objects.get().pk)
        assert not Contact.objects.exists()  # only known ones

    def test_only_who_may_change_and_see_people_sends_them(self, cast: Cast) -> None:
        for scope in (Permission.MANAGE_AUDIENCE, Permission.VIEW_PII):
            answer = asking(cast.bob, scope).post("/imports", b"email\na@x.example\n", content_type=CSV)
            assert answer.status_code == 403
        broken = asking(cast.bob).post("/imports", b"x", content_type=CSV, content_encoding="gzip")
        assert (broken.status_code, Import.objects.count()) == (400, 0)

    def test_a_file_can_be_a_campaigns_source_too(self, bobs: Asking) -> None:
        made = bobs.post("/sources?channel=email&name=a.csv", b"email\na@x.example\n", content_type=OCTETS)

        assert (made.status_code, made.json()["rows"], made.json()["columns"]) == (202, None, ["email"])
        assert Source.objects.get().name == "a.csv"


def test_segments_are_made_counted_explained_and_deleted(cast: Cast, bobs: Asking) -> None:
    for name, tags in (("ana", ["vip"]), ("ben", [])):
        bobs.post("/contacts", {"email": f"{name}@shop.example", "tags": tags})
    rule = {"all": [{"field": "tag", "op": "has", "value": "vip"}]}

    broken = bobs.post("/segments", {"name": "Loyal", "rule": {"all": [{"field": "tag", "op": "has"}]}})
    assert (broken.json()["code"], broken.json()["errors"][0]["detail"] != "") == ("rule_invalid", True)
    made = bobs.post("/segments", {"name": "Loyal", "rule": rule})
    url = f"/segments/{made.json()['id']}"
    counted = bobs.post("/segments/count", {"rule": rule}).json()
    assert (counted["count"], counted["exact"], "vip" in counted["sentence"]) == (1, True, True)
    assert bobs.get(f"{url}/count").json() == counted
    assert [one["email"] for one in bobs.get(f"{url}/contacts").json()] == ["ana@shop.example"]
    why = bobs.get(f"{url}/explain?who=ben@shop.example").json()
    assert (why["is_in"], [one["holds"] for one in why["because"]]) == (False, [False])
    assert asking(cast.vera).get(f"{url}/explain?who=ben@shop.example").status_code == 403
    assert asking(cast.vera).get(f"{url}/explain?who={why['contact']}").json()["is_in"] is False

    assert bobs("PATCH", url, {"name": "Dear"}).json()["rule"] == rule
    assert bobs.post("/segments", {"name": "Dear", "rule": rule}).json()["code"] == "segment_name_taken"
    assert bobs("DELETE", url).status_code == 204
    assert asking(cast.mallory).get(url).status_code == 404


def test_a_person_has_addresses_and_a_say(cast: Cast, bobs: Asking) -> None:
    url = f"/contacts/{bobs.post('/contacts', {'email': 'ana@shop.example'}).json()['id']}"
    other = {"kind": "email", "address": "ana@home.example"}

    bobs.post(f"{url}/addresses", other)
    told = bobs.post(f"{url}/addresses/prefer", other).json()["addresses"]["email"]
    assert told == ["ana@home.example", "ana@shop.example"]
    assert asking(cast.vera).get(f"{url}/addresses").json()["addresses"]["email"][0] == "a•••@h•••.example"
    bobs.post(f"{url}/addresses/remove", {"kind": "email", "address": "ana@shop.example"})
    assert bobs.get(url).json()["email"] == "ana@home.example"

    said = bobs.post(f"{url}/consents", {"channel": "email", "state": "withdrawn", "note": "by phone"}).json()
    assert said["refusals"] == ["email"]
    (one,) = bobs.get(f"{url}/consents").json()
    assert (one["state"], one["source"], one["note"]) == ("withdrawn", "api", "by phone")
    assert asking(cast.vera).get(f"{url}/consents").json()[0]["note"] == ""


def test_a_masked_person_is_shown_on_request_which_the_trail_keeps(cast: Cast, bobs: Asking) -> None:
    workspaces.update_workspace(by=of_member(cast.alice), pii_policy=PiiPolicy.ON_REQUEST)
    url = f"/contacts/{bobs.post('/contacts', {'email': 'ana@shop.example'}).json()['id']}"
    assert bobs.get(url).json()["email"] == "a•••@s•••.example"

    shown = bobs.post(f"{url}/reveal", idempotency_key="r")
    again = bobs.post(f"{url}/reveal", idempotency_key="r")

    assert (shown.json()["email"], again.json()["email"]) == ("ana@shop.example", "a•••@s•••.example")
    assert AuditEvent.objects.filter(action="contact.revealed", via="api").count() == 1
    assert asking(cast.vera).post(f"{url}/reveal").status_code == 403


def test_a_person_is_handed_out_merged_and_forgotten(cast: Cast, bobs: Asking) -> None:
    ana, eve = (bobs.post("/contacts", {"email": f"{n}@shop.example"}).json()["id"] for n in ("ana", "eve"))

    file = b"".join(bobs.post(f"/contacts/{ana}/file").streaming_content)
    assert b"ana@shop.example" in zipfile.ZipFile(io.BytesIO(file)).read("person.json")
    assert asking(cast.bob, Permission.EXPORT).post(f"/contacts/{ana}/file").status_code == 403
    assert bobs.post(f"/contacts/{ana}/merge", {"gone": eve}).json()["id"] == ana
    assert bobs.get(f"/contacts/{eve}").json()["id"] == ana
    erased = bobs.post(f"/contacts/{ana}/erase", {"reason": "asked"})
    assert erased.status_code == 202
    assert not Contact.objects.exists()
    assert bobs.get("/erasures").json()[0]["id"] == erased.json()["id"]
    allow = {"kind": "email", "address": "ana@shop.example"}
    assert bobs.post("/contacts", {"email": "ana@shop.example"}).status_code == 422
    assert bobs.post("/erasures/allow", allow).status_code == 403
    assert asking(cast.alice).post("/erasures/allow", allow).json() == {"was_erased": True}


def test_many_are_changed_at_once_and_back(cast: Cast, bobs: Asking) -> None:
    ids = [bobs.post("/contacts", {"email": f"p{n}@x.example"}).json()["id"] for n in range(3)]

    assert bobs.post("/contacts/bulk", {"action": "tag", "value": "vip"}).status_code == 422  # whom?
    done = bobs.post("/contacts/bulk", {"action": "tag", "value": "vip", "contacts": ids[:2]}).json()
    assert (done["status"], done["changed"]) == ("done", 2)
    assert len(bobs.get("/contacts?tag=vip").json()["items"]) == 2
    assert bobs.post(f"/contacts/bulk/{done['id']}/undo").json()["status"] == "undone"
    assert bobs.get("/contacts?tag=vip").json()["items"] == []
    everyone = {"action": "state", "value": "inactive", "everyone": True}
    assert bobs.post("/contacts/bulk", everyone).json()["changed"] == 3
    assert asking(cast.mallory).post(f"/contacts/bulk/{done['id']}/undo").status_code == 404


def test_attributes_are_defined_changed_and_forgotten(bobs: Asking) -> None:
    made = bobs.post("/attributes", {"label": "Orders", "kind": "number"})
    assert (made.status_code, made.json()["name"]) == (201, "orders")
    wrong = bobs.post("/contacts", {"email": "a@x.example", "attributes": {"orders": "many"}})
    assert wrong.status_code == 422
    assert bobs("PUT", "/attributes/orders", {"label": "Number", "kind": "text"}).json()["kind"] == "text"
    assert bobs("DELETE", "/attributes/orders").status_code == 204
    assert bobs("DELETE", "/attributes/orders").status_code == 404


def test_many_suppressions_come_and_go(cast: Cast, bobs: Asking) -> None:
    table = b"email\nana@x.example\nben@x.example\nwrong\n"
    made = bobs.post("/suppressions/import?channel=email", table, content_type=CSV)
    assert (made.status_code, made.json()["status"], made.json()["suppresses"]) == (202, "waiting", "email")
    assert asking(cast.mallory).get(f"/imports/{made.json()['id']}").status_code == 404
    importing.run_import(Import.objects.get())
    told = bobs.get(f"/imports/{made.json()['id']}").json()
    assert [told[name] for name in ("status", "created", "unchanged", "rejected")] == ["done", 2, 0, 1]
    file = b"".join(bobs.get("/suppressions/file?channel=email").streaming_content)
    assert b"ana@x.example" in file
    assert asking(cast.bob, Permission.EXPORT).get("/suppressions/file").status_code == 403

    assert bobs.post("/suppressions/remove", {"why": "asked"}).status_code == 422  # all of them?
    gone = bobs.post("/suppressions/remove", {"why": "asked", "address": "ana@"}).json()
    assert gone == {"removed": 1}
    assert asking(cast.mallory).post("/suppressions/remove", {"why": "x", "channel": "email"}).json() == {
        "removed": 0
    }


class TestTemplates:
    def test_what_somebody_saved_meanwhile_is_not_written_over(self, cast: Cast, bobs: Asking) -> None:
        source = {"mode": "html", "subject": "Hi", "source": "<p>One</p>"}
        made = bobs.post("/templates", {"channel": "email", "name": "Welcome", "source": source}).json()
        url, theirs = f"/templates/{made['id']}", source | {"source": "<p>Two</p>"}
        mine = {"source": source | {"source": "<p>Three</p>"}, "version": made["version"]}
        assert asking(cast.alice)("PATCH", url, {"source": theirs, "version": 1}).json()["version"] == 2

        refused = bobs("PATCH", url, mine | {"name": "Renamed"})

        assert (refused.status_code, refused.json()["code"]) == (409, "template_changed")
        assert "changed this text meanwhile" in refused.json()["detail"]
        kept = bobs.get(url).json()
        assert (kept["version"], kept["name"], kept["source"]["source"]) == (2, "Welcome", "<p>Two</p>")
        again = bobs("PATCH", url, mine | {"version": 2}).json()
        assert (again["version"], again["source"]["source"]) == (3, "<p>Three</p>")
        assert bobs("PATCH", url, mine | {"version": 0}).status_code == 422
        assert asking(cast.mallory)("PATCH", url, mine).status_code == 404
