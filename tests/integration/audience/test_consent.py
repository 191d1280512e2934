"""What contacts say about channels: its history, who is left out by it, and what a file may say of it."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from clarion.audience import importing, operations, queries, segments
from clarion.audience.errors import AttributeInvalid, ContactInvalid
from clarion.audience.models import Attribute, ConsentChange, Contact, Import
from clarion.audience.queries import segments as counting
from clarion.workspaces import actors
from clarion.workspaces import operations as workspaces
from tests.factories import Cast

pytestmark = pytest.mark.django_db
MakeContact = Callable[..., Contact]


def said(contact: Contact) -> list[tuple[str, str, str, str]]:
    rows = ConsentChange.objects.filter(contact=contact).order_by("id")
    return list(rows.values_list("channel", "state", "source", "note"))


def imported(by: actors.Actor, text: str, mapping: dict[str, str]) -> Import:
    made = operations.create_import(by=by, file=io.BytesIO(text.encode()), file_name="people.csv")
    operations.start_import(by=by, the_import=made, mapping=mapping)
    return importing.run_import(made)


class TestHistory:
    def test_every_change_is_kept_with_its_source_and_time(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana, earlier = contact("ana@shop.example"), timezone.now() - timedelta(days=30)

        operations.set_consent(
            by=alice,
            contact=ana,
            channel="email",
            state="GIVEN",
            source="FORM",
            note="Fair in Rome",
            at=earlier,
        )
        assert ana.consents == ["email"]
        assert not operations.set_consent(by=alice, contact=ana, channel="email", state="GIVEN")
        operations.set_consent(by=alice, contact=ana, channel="email", state="WITHDRAWN", note="by telephone")

        ana.refresh_from_db()
        assert (ana.consents, ana.refusals) == ([], ["email"])
        assert said(ana) == [
            ("email", "GIVEN", "FORM", "Fair in Rome"), ("email", "WITHDRAWN", "PERSON", "by telephone")
        ]  # fmt: skip
        assert ConsentChange.objects.earliest("id").at == earlier

    def test_unsubscribing_is_noted_and_taking_it_back_restores_what_was(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana = contact("ana@shop.example")
        operations.set_consent(by=alice, contact=ana, channel="email", state="GIVEN")
        facts = {"workspace": alice.workspace, "channel": "email", "address": "ana@shop.example"}

        operations.suppress(**facts, reason="UNSUBSCRIBED", origin="run 7")  # type: ignore[arg-type]
        operations.suppress(**facts, reason="UNSUBSCRIBED", origin="run 8")  # type: ignore[arg-type]
        operations.withdraw_unsubscription(**facts)  # type: ignore[arg-type]

        ana.refresh_from_db()
        assert (ana.consents, ana.refusals) == (["email"], [])
        assert said(ana)[1:] == [
            ("email", "WITHDRAWN", "UNSUBSCRIBE", "run 7"),
            ("email", "GIVEN", "UNSUBSCRIBE", "The unsubscription was taken back."),
        ]

    def test_a_bounce_says_nothing_of_consent(self, alice: actors.Actor, contact: MakeContact) -> None:
        ana = contact("ana@shop.example")

        operations.suppress(
            workspace=alice.workspace, channel="email", address=ana.email, reason="BOUNCED", origin=""
        )

        assert said(ana) == []

    def test_what_makes_no_sense_and_strangers_are_refused(
        self, alice: actors.Actor, contact: MakeContact, cast: Cast
    ) -> None:
        ana = contact("ana@shop.example")

        with pytest.raises(ContactInvalid):
            operations.set_consent(by=alice, contact=ana, channel="pigeon", state="GIVEN")
        with pytest.raises(ContactInvalid):
            operations.set_consent(
                by=alice, contact=ana, channel="sms", state="GIVEN", at=timezone.now() + timedelta(days=1)
            )
        mallory = actors.of_member(cast.mallory)
        assert not operations.set_consent(by=mallory, contact=ana, channel="email", state="WITHDRAWN")
        assert said(ana) == []


class TestWhoIsLeftOut:
    def test_where_consent_is_asked_for_only_those_who_gave_it_are_written_to(
        self, alice: actors.Actor, contact: MakeContact, upload: Callable[..., object]
    ) -> None:
        for name, state in (("ana", "GIVEN"), ("bob", "WITHDRAWN"), ("cy", "")):
            one = contact(f"{name}@shop.example")
            if state:
                operations.set_consent(by=alice, contact=one, channel="email", state=state)
        everybody = operations.create_contacts_source(by=alice)
        file = upload("email\nana@shop.example\nbob@shop.example\ncy@shop.example\nnew@shop.example\n")

        def counts() -> list[tuple[int, int]]:
            everybody.workspace.refresh_from_db()
            found = [queries.estimate(one, "email") for one in (everybody, file)]  # type: ignore[arg-type]
            return [(one.no_consent, one.will_receive) for one in found]

        assert counts() == [(1, 2), (1, 3)]
        workspaces.require_consent(by=alice, channels=["email"])
        everybody.workspace = alice.workspace
        file.workspace = alice.workspace  # type: ignore[attr-defined]
        assert counts() == [(2, 1), (3, 1)]

    def test_a_segment_can_ask_for_it(self, alice: actors.Actor, contact: MakeContact) -> None:
        operations.set_consent(by=alice, contact=contact("ana@shop.example"), channel="email", state="GIVEN")
        operations.set_consent(
            by=alice, contact=contact("bob@shop.example"), channel="email", state="WITHDRAWN"
        )
        contact("cy@shop.example")

        def count(op: str) -> int | None:
            node = segments.parse({"all": [{"field": "consent", "op": op, "value": "email"}]})
            return counting.count(alice.workspace, node).value

        assert [count(op) for op in ("given_on", "not_given_on", "withdrawn_on")] == [1, 2, 1]


class TestImports:
    def test_a_file_can_bring_consent_but_never_outweighs_a_refusal(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana, bob = contact("ana@shop.example"), contact("bob@shop.example")
        operations.set_consent(by=alice, contact=ana, channel="email", state="WITHDRAWN")
        operations.set_consent(by=alice, contact=bob, channel="email", state="GIVEN")

        done = imported(
            alice,
            "email,ok\nana@shop.example,yes\nbob@shop.example,no\nnew@shop.example,ja\nodd@shop.example,maybe\n",
            {"email": "email", "ok": "consent:email"},
        )

        assert (done.status, done.bad_count) == ("DONE", 1)
        states = {one.email.partition("@")[0]: (one.consents, one.refusals) for one in Contact.objects.all()}
        assert states == {"ana": ([], ["email"]), "bob": ([], ["email"]), "new": (["email"], [])}
        assert said(bob)[-1] == ("email", "WITHDRAWN", "IMPORT", "people.csv")


class TestAttributes:
    def test_values_are_checked_when_a_contact_is_edited(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ana = contact("ana@shop.example", attributes={"points": "many", "city": "Rome"})
        operations.define_attribute(by=alice, label="Points", kind="NUMBER")
        operations.define_attribute(by=alice, label="Plan", kind="CHOICE", choices=["Free", "Paid"])

        with pytest.raises(ContactInvalid) as refusal:
            operations.update_contact(
                by=alice, contact=ana, fields={"attributes": {"points": "a lot", "plan": "x"}}
            )
        assert set(refusal.value.problems) == {"attribute:points", "attribute:plan"}

        fields = {"points": "many", "plan": "paid", "city": "Bonn"}
        operations.update_contact(by=alice, contact=ana, fields={"attributes": fields})
        assert ana.attributes == {"points": "many", "plan": "Paid", "city": "Bonn"}

    def test_values_are_checked_row_by_row_of_a_file(self, alice: actors.Actor) -> None:
        operations.define_attribute(by=alice, label="Points", kind="NUMBER")

        done = imported(
            alice,
            'email,points\na@x.example,"1,5"\nb@x.example,lots\n',
            {"email": "email", "points": "attribute:points"},
        )

        assert (done.created_count, done.bad_count) == (1, 1)
        assert Contact.objects.get().attributes == {"points": "1.5"}

    def test_names_are_the_workspaces_and_given_once(self, alice: actors.Actor, cast: Cast) -> None:
        made = operations.define_attribute(by=alice, label="Größe", kind="NUMBER")
        assert made.name == "grosse"

        for label, kind, choices in (
            ("grosse", "TEXT", ()), ("Email", "TEXT", ()), ("!", "TEXT", ()), ("Plan", "CHOICE", ()),
            ("Plan", "CHOICE", ("a,b",)), ("Plan", "COLOUR", ()),
        ):  # fmt: skip
            with pytest.raises(AttributeInvalid):
                operations.define_attribute(by=alice, label=label, kind=kind, choices=choices)
        operations.define_attribute(by=actors.of_member(cast.mallory), label="Größe", kind="DATE")
        operations.forget_attribute(by=actors.of_member(cast.mallory), attribute=made)
        assert Attribute.objects.filter(pk=made.pk).exists()
