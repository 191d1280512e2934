"""Several addresses of a contact: one of each kind is written to, and all of them are known as the person's."""

import io
from collections.abc import Callable

import pytest

from clarion.audience import addresses, importing, operations, queries
from clarion.audience.errors import AddressTaken, ContactInvalid
from clarion.audience.models import Address, Contact, Import, Suppression
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent
from tests.factories import Cast

pytestmark = pytest.mark.django_db
MakeContact = Callable[..., Contact]


def all_of(contact: Contact) -> dict[str, list[str]]:
    contact.refresh_from_db()
    return addresses.all_of(contact)


def imported(by: actors.Actor, text: str, mapping: dict[str, str], **options: object) -> Import:
    made = operations.create_import(by=by, file=io.BytesIO(text.encode()), file_name="people.csv")
    operations.start_import(by=by, the_import=made, mapping=mapping, **options)  # type: ignore[arg-type]
    return importing.run_import(made)


class TestOneContact:
    def test_the_first_of_a_kind_is_written_to_and_the_next_are_kept_beside_it(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana = contact("ana@shop.example")

        for kind, address in (
            ("email", "Ana@Home.example"),
            ("phone", "0049 30 123456"),
            ("phone", "+4930999"),
        ):
            operations.add_address(by=alice, contact=ana, kind=kind, address=address)

        assert all_of(ana) == {
            "email": ["ana@shop.example", "ana@home.example"], "phone": ["+4930123456", "+4930999"]
        }  # fmt: skip
        assert (ana.email, ana.phone) == ("ana@shop.example", "+4930123456")

    def test_another_can_be_preferred_and_the_one_before_stays(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana = contact("ana@shop.example")
        operations.add_address(by=alice, contact=ana, kind="email", address="ana@home.example")

        operations.prefer_address(by=alice, contact=ana, kind="email", address="ana@home.example")

        assert all_of(ana)["email"] == ["ana@home.example", "ana@shop.example"]
        assert "ana@" not in str(AuditEvent.objects.latest("number").changes)

    def test_when_the_preferred_one_goes_the_next_takes_its_place(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana = contact("ana@shop.example")
        operations.add_address(by=alice, contact=ana, kind="email", address="ana@home.example")

        operations.remove_address(by=alice, contact=ana, kind="email", address="ana@shop.example")
        assert all_of(ana) == {"email": ["ana@home.example"]}
        with pytest.raises(ContactInvalid):
            operations.remove_address(by=alice, contact=ana, kind="email", address="ana@home.example")

    def test_writing_a_further_one_into_the_form_prefers_it(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana = contact("ana@shop.example")
        operations.add_address(by=alice, contact=ana, kind="email", address="ana@home.example")

        operations.update_contact(by=alice, contact=ana, fields={"email": "ana@home.example"})
        assert all_of(ana) == {"email": ["ana@home.example"]}

        operations.add_address(by=alice, contact=ana, kind="email", address="ana@shop.example")
        operations.update_contact(by=alice, contact=ana, fields={"email": ""})
        assert all_of(ana) == {"email": ["ana@shop.example"]}

    def test_mail_addresses_are_one_persons_and_telephones_are_shared(
        self, alice: actors.Actor, contact: MakeContact, cast: Cast
    ) -> None:
        ana, bob = contact("ana@shop.example", phone="+4930123456"), contact("bob@shop.example")
        operations.add_address(by=alice, contact=ana, kind="email", address="ana@home.example")

        for taken in ("ana@shop.example", "ana@home.example"):
            with pytest.raises(AddressTaken):
                operations.add_address(by=alice, contact=bob, kind="email", address=taken)
            with pytest.raises(AddressTaken):
                operations.update_contact(by=alice, contact=bob, fields={"email": taken})
            with pytest.raises(AddressTaken):
                contact(taken)
        operations.add_address(by=alice, contact=bob, kind="phone", address="+4930123456")
        operations.create_contact(by=actors.of_member(cast.mallory), fields={"email": "ana@home.example"})

        assert all_of(bob)["phone"] == ["+4930123456"]

    def test_unknown_kinds_and_nonsense_are_refused(self, alice: actors.Actor, contact: MakeContact) -> None:
        ana = contact("ana@shop.example")

        for kind, address in (("pigeon", "loft 4"), ("email", "nobody"), ("phone", "12")):
            with pytest.raises(ContactInvalid):
                operations.add_address(by=alice, contact=ana, kind=kind, address=address)

    def test_a_stranger_changes_nothing(self, alice: actors.Actor, contact: MakeContact, cast: Cast) -> None:
        ana = contact("ana@shop.example")

        with pytest.raises(ContactInvalid):
            operations.add_address(
                by=actors.of_member(cast.mallory), contact=ana, kind="email", address="eve@x.example"
            )
        assert all_of(ana) == {"email": ["ana@shop.example"]}


class TestWhoIsLeftOut:
    def test_a_bounce_of_one_address_leaves_the_others(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana = contact("ana@shop.example")
        operations.add_address(by=alice, contact=ana, kind="email", address="ana@home.example")
        source = operations.create_contacts_source(by=alice)

        operations.suppress(
            workspace=alice.workspace,
            channel="email",
            address="ana@home.example",
            reason="BOUNCED",
            origin="run 1",
        )
        assert queries.estimate(source, "email").will_receive == 1
        operations.prefer_address(by=alice, contact=ana, kind="email", address="ana@home.example")

        assert queries.estimate(source, "email").suppressed == 1

    def test_unsubscribing_by_one_address_holds_for_all_of_them(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana = contact("ana@shop.example")
        operations.add_address(by=alice, contact=ana, kind="email", address="ana@home.example")
        source = operations.create_contacts_source(by=alice)

        operations.suppress(
            workspace=alice.workspace,
            channel="email",
            address="ana@home.example",
            reason="UNSUBSCRIBED",
            origin="",
        )

        assert queries.estimate(source, "email").no_consent == 1
        assert not queries.reaches_anybody(source, "email")
        ana.refresh_from_db()
        assert ana.refusals == ["email"]
        operations.unsuppress(by=alice, suppression=Suppression.objects.get())
        assert queries.estimate(source, "email").will_receive == 1

    def test_a_file_finds_its_people_by_any_of_their_addresses(
        self, alice: actors.Actor, contact: MakeContact, upload: Callable[..., object]
    ) -> None:
        ana = contact("ana@shop.example", state="DO_NOT_CONTACT")
        bob = contact("bob@shop.example")
        operations.add_address(by=alice, contact=ana, kind="email", address="ana@home.example")
        operations.add_address(by=alice, contact=bob, kind="email", address="bob@home.example")
        operations.set_consent(by=alice, contact=bob, channel="email", state="WITHDRAWN")
        source = upload("email\nana@home.example\nbob@home.example\neve@home.example\n")

        counted = queries.estimate(source, "email")  # type: ignore[arg-type]

        assert (counted.do_not_contact, counted.no_consent, counted.will_receive) == (1, 1, 1)


class TestImports:
    def test_a_further_address_finds_its_contact_instead_of_making_another(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana, bob = contact("ana@shop.example"), contact("bob@shop.example", phone="+4930111111")
        operations.add_address(by=alice, contact=ana, kind="email", address="ana@home.example")
        operations.add_address(by=alice, contact=bob, kind="phone", address="+4930222222")

        done = imported(
            alice,
            "email,phone,city\nana@home.example,,Rome\nana@shop.example,+4930123456,\n,+4930222222,Bonn\n",
            {"email": "email", "phone": "phone", "city": "attribute:city"},
        )

        assert (done.status, done.created_count, done.updated_count, Contact.objects.count()) == (
            "DONE",
            0,
            3,
            2,
        )
        assert all_of(ana) == {"email": ["ana@shop.example", "ana@home.example"], "phone": ["+4930123456"]}
        assert all_of(bob)["phone"] == ["+4930111111", "+4930222222"]
        assert (ana.attributes, bob.attributes) == ({"city": "Rome"}, {"city": "Bonn"})

    def test_columns_can_be_further_addresses(self, alice: actors.Actor, contact: MakeContact) -> None:
        contact("taken@shop.example")

        done = imported(
            alice,
            "email,work,mobile,home\na@x.example,taken@shop.example,+4930333333,+4930222222\n"
            "b@x.example,b2@x.example,+4930333333,\nc@x.example,nonsense,,\n",
            {"email": "email", "work": "address:email", "mobile": "address:phone", "home": "address:phone"},
        )

        assert (done.status, done.created_count, done.bad_count) == ("DONE", 2, 1)
        first, second = Contact.objects.get(email="a@x.example"), Contact.objects.get(email="b@x.example")
        assert all_of(first) == {"email": ["a@x.example"], "phone": ["+4930222222", "+4930333333"]}
        assert all_of(second) == {"email": ["b@x.example", "b2@x.example"], "phone": ["+4930333333"]}

    def test_known_contacts_are_left_alone_when_asked(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana = contact("ana@shop.example")
        operations.add_address(by=alice, contact=ana, kind="email", address="ana@home.example")

        done = imported(
            alice,
            "email,mobile\nana@home.example,+4930333333\n",
            {"email": "email", "mobile": "address:phone"},
            updates_known=False,
        )

        assert (done.created_count, done.skipped_count) == (0, 1)
        assert all_of(ana) == {"email": ["ana@shop.example", "ana@home.example"]}
        assert Address.objects.count() == 1
