"""Contacts, lists and suppressions change through their operations, audited, within their workspace."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from clarion.audience import importing, operations, queries, uploads
from clarion.audience.errors import AddressTaken, ContactInvalid, ListNameTaken
from clarion.audience.models import Contact, ImportStatus, List, ListMember, Suppression
from clarion.audience.queries import contacts as paging
from clarion.workspaces import actors, audit
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent, Membership
from tests.factories import Cast

pytestmark = pytest.mark.django_db
MakeContact = Callable[..., Contact]


class TestContacts:
    def test_addresses_are_normalised_and_the_trail_holds_them_shortened(self, alice: actors.Actor) -> None:
        made = operations.create_contact(
            by=alice,
            fields={"email": " Ana@Shop.example ", "phone": "0049 (30) 123-456", "tags": ["vip", "vip "]},
        )
        operations.update_contact(by=alice, contact=made, fields={"email": "bea@shop.example"})

        made.refresh_from_db()
        assert (made.email, made.phone, made.tags) == ("bea@shop.example", "+4930123456", ["vip"])
        event = AuditEvent.objects.get(action="contact.changed")
        assert event.changes == {"email": ["a•••@s•••.example", "b•••@s•••.example"]}
        assert audit.first_broken(alice.workspace) is None

    def test_every_problem_is_told_at_once(self, alice: actors.Actor) -> None:
        with pytest.raises(ContactInvalid) as refusal:
            operations.create_contact(
                by=alice,
                fields={"email": "nonsense", "phone": "12", "zone": "Moon/Crater", "first_name": "x" * 101},
            )

        assert set(refusal.value.problems) == {"email", "phone", "zone", "first_name"}

    def test_an_address_belongs_to_one_contact_of_a_workspace(
        self, alice: actors.Actor, contact: MakeContact, cast: Cast
    ) -> None:
        contact("ana@shop.example")
        other = contact("bob@shop.example")

        with pytest.raises(AddressTaken):
            contact("ANA@shop.example")
        with pytest.raises(AddressTaken):
            operations.update_contact(by=alice, contact=other, fields={"email": "ana@shop.example"})
        operations.create_contact(by=actors.of_member(cast.mallory), fields={"email": "ana@shop.example"})

    def test_the_last_address_cannot_be_taken_away(self, alice: actors.Actor, contact: MakeContact) -> None:
        made = contact("ana@shop.example")

        with pytest.raises(ContactInvalid):
            operations.update_contact(by=alice, contact=made, fields={"email": ""})

    def test_deleting_keeps_the_lists_counts_true_and_stays_within_the_workspace(
        self, alice: actors.Actor, contact: MakeContact, cast: Cast
    ) -> None:
        ana, bob = contact("ana@shop.example"), contact("bob@shop.example")
        theirs = operations.create_contact(
            by=actors.of_member(cast.mallory), fields={"email": "eve@other.example"}
        )
        news = operations.create_list(by=alice, name="News")
        operations.add_to_list(by=alice, the_list=news, contact_ids=[ana.pk, bob.pk])

        deleted = operations.delete_contacts(by=alice, contact_ids=[ana.pk, theirs.pk])

        news.refresh_from_db()
        assert (deleted, news.member_count) == (1, 1)
        assert Contact.objects.filter(pk=theirs.pk).exists()

    def test_bulk_changes_say_how_many_changed(self, alice: actors.Actor, contact: MakeContact) -> None:
        ids = [contact("ana@shop.example", tags=["old"]).pk, contact("bob@shop.example", tags=["new"]).pk]

        assert operations.add_tags(by=alice, contact_ids=ids, tags=["new"]) == 1
        assert operations.remove_tags(by=alice, contact_ids=ids, tags=["old"]) == 1
        assert operations.set_contact_state(by=alice, contact_ids=ids, state="DO_NOT_CONTACT") == 2
        assert operations.set_contact_state(by=alice, contact_ids=ids, state="DO_NOT_CONTACT") == 0

        assert list(Contact.objects.values_list("tags", flat=True)) == [["new"], ["new"]]
        assert AuditEvent.objects.get(action="contacts.state_set").changes == {
            "contacts": [None, 2], "state": [None, "DO_NOT_CONTACT"]
        }  # fmt: skip


class TestLists:
    def test_counts_follow_the_members(self, alice: actors.Actor, contact: MakeContact) -> None:
        ids = [contact(f"p{n}@shop.example").pk for n in range(3)]
        news = operations.create_list(by=alice, name="News")

        assert operations.add_to_list(by=alice, the_list=news, contact_ids=ids[:2]) == 2
        assert operations.add_to_list(by=alice, the_list=news, contact_ids=ids) == 1
        assert operations.remove_from_list(by=alice, the_list=news, contact_ids=[ids[0], 999]) == 1

        news.refresh_from_db()
        assert news.member_count == ListMember.objects.filter(list=news).count() == 2

    def test_a_name_is_given_once(self, alice: actors.Actor) -> None:
        operations.create_list(by=alice, name="News")
        other = operations.create_list(by=alice, name="Offers")

        with pytest.raises(ListNameTaken):
            operations.create_list(by=alice, name=" News ")
        with pytest.raises(ListNameTaken):
            operations.update_list(by=alice, the_list=other, name="News", description="")

    def test_deleting_a_list_leaves_its_contacts(self, alice: actors.Actor, contact: MakeContact) -> None:
        ana = contact("ana@shop.example")
        news = operations.create_list(by=alice, name="News")
        operations.add_to_list(by=alice, the_list=news, contact_ids=[ana.pk])

        operations.delete_list(by=alice, the_list=news)

        assert Contact.objects.filter(pk=ana.pk).exists()
        assert not List.objects.exists()

    def test_strangers_contacts_and_lists_stay_out(
        self, alice: actors.Actor, contact: MakeContact, cast: Cast
    ) -> None:
        mallory = actors.of_member(cast.mallory)
        ana = contact("ana@shop.example")
        news = operations.create_list(by=alice, name="News")
        theirs = operations.create_list(by=mallory, name="Theirs")

        assert operations.add_to_list(by=mallory, the_list=theirs, contact_ids=[ana.pk]) == 0
        assert operations.add_to_list(by=mallory, the_list=news, contact_ids=[ana.pk]) == 0
        assert queries.list_for(cast.mallory, news.public_id) is None


class TestSuppressions:
    def test_suppressing_again_keeps_the_first_reason(self, cast: Cast) -> None:
        first, again = (
            operations.suppress(
                workspace=cast.workspace,
                channel="email",
                address="ana@shop.example",
                reason=reason,
                origin="run",
            )
            for reason in ("BOUNCED", "COMPLAINED")
        )

        assert (first, again) == (True, False)
        assert Suppression.objects.get().reason == "BOUNCED"

    def test_by_hand_it_is_normalised_and_audited_and_can_be_undone(self, alice: actors.Actor) -> None:
        operations.add_suppression(
            by=alice, channel="email", address=" Ana@Shop.example", note="asked by phone"
        )
        row = Suppression.objects.get()
        operations.unsuppress(by=alice, suppression=row)
        operations.unsuppress(by=alice, suppression=row)

        assert (row.address, row.origin) == ("ana@shop.example", "asked by phone")
        actions = AuditEvent.objects.order_by("number").values_list("action", flat=True)
        assert list(actions) == ["suppression.added", "suppression.removed"]

    def test_a_file_brings_its_reasons_and_what_is_wrong_is_told(
        self, alice: actors.Actor, cast: Cast
    ) -> None:
        text = b"address,reason\nana@shop.example,BOUNCED\nbob@shop.example,whatever\nrubbish,\nana@shop.example,\n"

        made = operations.suppress_file(by=alice, file=io.BytesIO(text), file_name="old.csv", channel="email")
        assert (made.status, Suppression.objects.count()) == (ImportStatus.WAITING, 0)
        importing.run_import(made)

        assert (made.status, made.created_count, made.skipped_count, made.bad_count) == ("DONE", 2, 1, 1)
        report = uploads.path_of(made.report_path).read_text("utf-8-sig").splitlines()
        assert report[1].startswith("3,")
        assert report[1].endswith(",rubbish,")
        rows = list(queries.suppression_rows(cast.alice, queries.Wanted()))
        assert [row[:4] for row in rows[1:]] == [
            ["ana@shop.example", "email", "BOUNCED", "old.csv"], ["bob@shop.example", "email", "MANUAL", "old.csv"]
        ]  # fmt: skip
        assert len(list(queries.suppression_rows(cast.mallory, queries.Wanted()))) == 1


def test_a_viewer_changes_nothing(cast: Cast, contact: MakeContact) -> None:
    vera = actors.of_member(cast.vera)
    ana = contact("ana@shop.example")

    for refused in (
        lambda: operations.create_contact(by=vera, fields={"email": "x@shop.example"}),
        lambda: operations.update_contact(by=vera, contact=ana, fields={"first_name": "x"}),
        lambda: operations.delete_contacts(by=vera, contact_ids=[ana.pk]),
        lambda: operations.set_contact_state(by=vera, contact_ids=[ana.pk], state="INACTIVE"),
        lambda: operations.add_tags(by=vera, contact_ids=[ana.pk], tags=["x"]),
        lambda: operations.create_list(by=vera, name="x"),
        lambda: operations.add_suppression(by=vera, channel="email", address="x@shop.example"),
        lambda: operations.create_contacts_source(by=vera),
    ):
        with pytest.raises(NotAllowed):
            refused()


def found(member: Membership, **wanted: Any) -> list[int]:
    page = queries.contacts_page(member, queries.Filter(**wanted))
    assert page is not None
    return [row.pk for row in page.rows]


class TestContactsPage:
    def test_pages_by_key_both_ways(self, cast: Cast, contact: MakeContact) -> None:
        made = [contact(f"p{n}@shop.example").pk for n in range(120)][::-1]

        first = queries.contacts_page(cast.alice)
        second = queries.contacts_page(cast.alice, after=first.older)
        third = queries.contacts_page(cast.alice, after=second.older)
        back = queries.contacts_page(cast.alice, before=third.newer)

        assert [row.pk for page in (first, second, third) for row in page.rows] == made
        assert (first.newer, third.older) == (None, None)
        assert [row.pk for row in back.rows] == [row.pk for row in second.rows]

    def test_finds_by_the_beginning_of_names_and_addresses(self, cast: Cast, contact: MakeContact) -> None:
        ana = contact(
            "ana@shop.example", first_name="Ana", last_name="Öztürk", phone="+4930123456", tags=["vip"]
        )
        contact("bob@shop.example", first_name="Bob", last_name="Banana")

        for search in ("an", "ANA@SHOP", "özt", "ana ö", "+4930", "49 30"):
            assert found(cast.alice, search=search) == [ana.pk], search
        assert found(cast.alice, tag="vip") == [ana.pk]
        assert found(cast.mallory, search="ana") == []

    @pytest.mark.parametrize(
        ("near", "most"), [(7, 7), (3, 9), (3, 3), (1, 0)], ids=["near", "further away", "far", "anywhere"]
    )
    def test_a_search_is_paged_both_ways_wherever_they_are(
        self, cast: Cast, contact: MakeContact, monkeypatch: pytest.MonkeyPatch, near: int, most: int
    ) -> None:
        monkeypatch.setattr(paging, "NEIGHBOURS", near)
        monkeypatch.setattr(paging, "MOST_NEIGHBOURS", most)
        made = [
            contact(
                f"p{n}@shop.example",
                first_name="Pat",
                state="ACTIVE" if n % 2 else "INACTIVE",
                tags=["x"],
                attributes={"plan": "gold"},
            ).pk
            for n in range(9)
        ]
        contact("q@shop.example")
        wanted = queries.Filter(search="p", attribute="plan", value="gold")

        first = queries.contacts_page(cast.alice, wanted, limit=4)
        second = queries.contacts_page(cast.alice, wanted, after=first.older, limit=4)
        back = queries.contacts_page(cast.alice, wanted, before=second.newer, limit=4)

        assert [row.pk for page in (first, second) for row in page.rows] == made[::-1][:8]
        assert [row.pk for row in back.rows] == made[::-1][:4]
        assert found(cast.alice, search="p", state="INACTIVE") == made[::-1][::2]
        assert found(cast.alice, search="p", tag="x") == found(cast.alice, tag="x") == made[::-1]
        assert found(cast.alice, search="p", tag="y") == []
        assert (
            found(cast.alice, search="p") == found(cast.alice, attribute="plan", value="gold") == made[::-1]
        )
        assert found(cast.alice, attribute="plan", value="Gold") == []
        assert found(cast.mallory, attribute="plan", value="gold") == found(cast.mallory, tag="x") == []

    def test_who_is_found_in_several_ways_is_shown_once(
        self, cast: Cast, alice: actors.Actor, contact: MakeContact, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(paging, "NEIGHBOURS", 1)
        made = [
            contact(f"ana{n}@shop.example", first_name="Ana", last_name="Anand", phone=f"+4930{n}23456").pk
            for n in range(1, 6)
        ]
        for n in range(3):
            contact(f"bob{n}@shop.example")
        page = queries.contacts_page(cast.alice, queries.Filter(search="ana"), limit=3)

        assert page is not None
        assert [row.pk for row in page.rows] == made[::-1][:3]
        following = queries.contacts_page(cast.alice, queries.Filter(search="ana"), after=page.older, limit=3)
        assert following is not None
        assert [row.pk for row in following.rows] == made[::-1][3:]

    @pytest.mark.parametrize("wanted", [{"attribute": "city", "value": "Rome"}, {"tag": "vip"}], ids=str)
    def test_an_index_knows_who_has_an_attribute_or_a_tag(self, cast: Cast, wanted: dict[str, str]) -> None:
        Contact.objects.bulk_create(
            Contact(
                workspace=cast.workspace, email=f"p{n}@shop.example", tags=[f"t{n % 500}"],
                attributes={"city": f"City {n % 500}", "number": str(n)},
            )
            for n in range(5_000)
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("analyze audience_contact")

        plan = queries.Filter(**wanted).rows(cast.workspace).order_by().explain()

        assert f"contact_{'tags' if 'tag' in wanted else 'attributes'}" in plan

    def test_the_planner_knows_how_many_names_begin_so(self, cast: Cast) -> None:
        names = ["Miller"] * 450 + [f"Name{n}" for n in range(50)]
        Contact.objects.bulk_create(
            Contact(workspace=cast.workspace, email=f"p{n}@shop.example", first_name=name, last_name=name)
            for n, name in enumerate(names)
        )
        with connection.cursor() as cursor:
            cursor.execute("analyze audience_contact")

        for field in ("first_name", "last_name"):
            rows = Contact.objects.filter(**{f"{field}__istartswith": "mil"}).order_by()
            (plan,) = json.loads(rows.explain(format="json"))
            assert 300 < plan["Plan"]["Plan Rows"] < 600, field

    def test_finds_by_further_addresses_lists_and_attributes(
        self, cast: Cast, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana, bob = contact("ana@shop.example", attributes={"city": "Rome"}), contact("bob@shop.example")
        operations.add_address(by=alice, contact=ana, kind="email", address="sol@home.example")
        operations.add_address(by=alice, contact=bob, kind="phone", address="+4930123456")
        operations.add_address(by=alice, contact=bob, kind="phone", address="+4930999999")
        news = operations.create_list(by=alice, name="News")
        operations.add_to_list(by=alice, the_list=news, contact_ids=[bob.pk])

        assert found(cast.alice, search="SOL@") == [ana.pk]
        assert found(cast.alice, search="49 30 999") == [bob.pk]
        assert found(cast.alice, list_id=news.pk) == [bob.pk]
        assert found(cast.alice, attribute="city", value="Rome") == [ana.pk]
        assert found(cast.alice, attribute="city", value="Bonn") == []
        assert found(cast.mallory, list_id=news.pk) == found(cast.mallory, search="sol@") == []
        assert queries.count_of(alice.workspace, queries.Filter(attribute="city", value="Rome")) == 1
