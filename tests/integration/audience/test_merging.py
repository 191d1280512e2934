"""Two contacts become one, and many are changed at once: nothing of either is lost, and counts stay true."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarion.audience import addresses, operations, queries
from clarion.audience.errors import BulkEditNotPossible, ContactInvalid
from clarion.audience.models import BulkStatus, ConsentChange, Contact, List, ListMember
from clarion.audience.operations import bulk
from clarion.audience.queries import duplicates
from clarion.audience.queries.contacts import Filter
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent
from tests.factories import Cast

pytestmark = pytest.mark.django_db
MakeContact = Callable[..., Contact]
STRICTNESS = ["ACTIVE", "INACTIVE", "DO_NOT_CONTACT"]
NAMES = st.sampled_from(["", "Ana", "Bob"])


@st.composite
def people(draw: st.DrawFn, name: str) -> dict[str, Any]:
    has_email = draw(st.booleans())
    return {
        "email": f"{name}@x.test" if has_email else "",
        "phone": draw(st.sampled_from(["+4930111111", "+4930222222"] + [""] * has_email)),
        "first_name": draw(NAMES), "language": draw(st.sampled_from(["", "de", "fr"])),
        "state": draw(st.sampled_from(STRICTNESS)),
        "tags": draw(st.lists(st.sampled_from(["a", "b", "c"]), unique=True)),
        "attributes": draw(st.dictionaries(st.sampled_from(["city", "plan"]), st.sampled_from(["x", "y"]))),
        "further": draw(st.lists(st.sampled_from(["+4930111111", "+4930333333"]), unique=True)),
        "mail": draw(st.booleans()) and has_email,
        "lists": draw(st.lists(st.integers(0, 1), unique=True)),
        "said": draw(st.dictionaries(st.sampled_from(["email", "sms"]), st.sampled_from(["GIVEN", "WITHDRAWN"]))),
    }  # fmt: skip


def made(alice: actors.Actor, name: str, facts: dict[str, Any], lists: list[List]) -> Contact:
    own = {k: v for k, v in facts.items() if k not in ("further", "mail", "lists", "said")}
    one = operations.create_contact(by=alice, fields=own)  # type: ignore[arg-type]
    for number in facts["further"]:
        operations.add_address(by=alice, contact=one, kind="phone", address=number)
    if facts["mail"]:
        operations.add_address(by=alice, contact=one, kind="email", address=f"{name}-2@x.test")
    for index in facts["lists"]:
        operations.add_to_list(by=alice, the_list=lists[index], contact_ids=[one.pk])
    for channel, state in facts["said"].items():
        operations.set_consent(by=alice, contact=one, channel=channel, state=state)
    one.refresh_from_db()
    return one


@pytest.fixture
def lists(alice: actors.Actor) -> list[List]:
    return [operations.create_list(by=alice, name=name) for name in ("News", "Offers")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(
    first=people("first"),
    second=people("second"),
    take=st.sets(st.sampled_from(["email", "phone", "first_name", "language", "state", "attribute:city"])),
)
def test_nothing_of_two_contacts_is_lost(
    alice: actors.Actor, lists: list[List], first: dict[str, Any], second: dict[str, Any], take: set[str]
) -> None:
    with transaction.atomic():
        lose_nothing(alice, lists, first, second, take)
        transaction.set_rollback(True)  # the next two find neither these nor what was said of them


def lose_nothing(
    alice: actors.Actor, lists: list[List], first: dict[str, Any], second: dict[str, Any], take: set[str]
) -> None:
    kept, gone = made(alice, "first", first, lists), made(alice, "second", second, lists)
    ways = [
        {(kind, one) for kind, every in addresses.all_of(row).items() for one in every}
        for row in (kept, gone)
    ]
    said = ConsentChange.objects.count()
    was, other = Contact.objects.get(pk=kept.pk), Contact.objects.get(pk=gone.pk)

    operations.merge_contacts(by=alice, kept=kept, gone=gone, take=take)

    found = addresses.all_of(kept)
    flat = [(kind, one) for kind, every in found.items() for one in every]
    assert set(flat) == ways[0] | ways[1]
    assert len(flat) == len(set(flat))
    for name in ("email", "phone", "first_name", "language"):
        mine, theirs = getattr(was, name), getattr(other, name)
        assert getattr(kept, name) == ((theirs or mine) if name in take else (mine or theirs)), name
    states = [was.state, other.state]
    assert kept.state == (other.state if "state" in take else max(states, key=STRICTNESS.index))
    assert set(kept.tags) == {*was.tags, *other.tags}
    assert kept.attributes.keys() == was.attributes.keys() | other.attributes.keys()
    if "city" in other.attributes and "attribute:city" in take:
        assert kept.attributes["city"] == other.attributes["city"]
    assert set(kept.refusals) == {*was.refusals, *other.refusals}
    assert set(kept.consents) == {*was.consents, *other.consents} - set(kept.refusals)
    for channel in {*kept.consents, *kept.refusals}:
        latest = ConsentChange.objects.filter(contact=kept, channel=channel).latest("id")
        assert latest.state == operations.state_of(kept, channel)
    assert ConsentChange.objects.count() >= said
    on = set(ListMember.objects.filter(contact=kept).values_list("list__name", flat=True))
    assert on == {lists[index].name for index in {*first["lists"], *second["lists"]}}
    for one in List.objects.all():
        assert one.member_count == one.members.count()
    assert Contact.objects.count() == 1


def test_a_merged_contact_is_found_as_the_one_it_is_part_of_now(
    alice: actors.Actor, contact: MakeContact, cast: Cast
) -> None:
    ana, bob, cy = contact("ana@x.test"), contact("bob@x.test"), contact("cy@x.test")
    ids = [ana.pk, bob.pk, cy.pk]

    operations.merge_contacts(by=alice, kept=bob, gone=cy)
    operations.merge_contacts(by=alice, kept=ana, gone=bob)

    for public_id in (bob.public_id, cy.public_id):
        assert queries.merged_into(cast.alice, public_id) == ana
        assert queries.merged_into(cast.mallory, public_id) is None
    assert sorted(queries.ids_of(ana)) == ids
    assert "@x.test" not in str(list(AuditEvent.objects.filter(action="contact.merged").values()))


def test_strangers_and_the_same_contact_twice_are_not_merged(
    alice: actors.Actor, contact: MakeContact, cast: Cast
) -> None:
    ana = contact("ana@x.test")
    eve = operations.create_contact(by=actors.of_member(cast.mallory), fields={"email": "eve@x.test"})

    for other in (eve, ana):
        with pytest.raises(ContactInvalid):
            operations.merge_contacts(by=alice, kept=ana, gone=other)
    assert Contact.objects.count() == 2


def test_duplicates_share_a_telephone_or_both_names(
    alice: actors.Actor, contact: MakeContact, cast: Cast
) -> None:
    ana = contact("ana@x.test", phone="+4930111111", first_name="Ana", last_name="Sol")
    same_name = contact("sol@x.test", first_name="ANA", last_name="sol")
    same_phone = contact("bob@x.test", phone="+4930111111", first_name="Bob", last_name="Sol")
    further = contact("cy@x.test", phone="+4930222222")
    operations.add_address(by=alice, contact=further, kind="phone", address="+4930111111")
    operations.create_contact(
        by=actors.of_member(cast.mallory), fields={"email": "eve@x.test", "phone": "+4930111111"}
    )

    assert {one.pk for one, _why in duplicates.of_contact(ana)} == {same_name.pk, same_phone.pk, further.pk}
    groups = duplicates.suggestions(alice.workspace).groups
    assert [sorted(one.pk for one in group.contacts) for group in groups] == [
        sorted([ana.pk, same_phone.pk]), sorted([ana.pk, same_name.pk])
    ]  # fmt: skip


class TestBulk:
    @pytest.fixture(autouse=True)
    def _small_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk, "CHUNK", 3)

    def test_all_that_match_are_changed_chunk_by_chunk_and_given_back_what_they_had(
        self, alice: actors.Actor, contact: MakeContact, cast: Cast
    ) -> None:
        before = {
            contact(f"p{n}@x.test", state=STRICTNESS[n % 3], tags=["vip"] if n % 2 else []).pk: STRICTNESS[
                n % 3
            ]
            for n in range(10)
        }
        stranger = operations.create_contact(by=actors.of_member(cast.mallory), fields={"email": "e@x.test"})

        edit = operations.begin_bulk_edit(by=alice, wanted=Filter(), action="state", value="INACTIVE")
        assert edit.status == BulkStatus.RUNNING  # the rest is a job's
        late = contact("late@x.test")
        while bulk.work_on(edit):
            pass
        edit.refresh_from_db()

        assert (edit.status, edit.seen_count, edit.changed_count) == (BulkStatus.DONE, 10, 7)
        assert set(Contact.objects.filter(pk__in=before).values_list("state", flat=True)) == {"INACTIVE"}
        assert [row.state for row in Contact.objects.filter(pk__in=[late.pk, stranger.pk])] == ["ACTIVE"] * 2
        touched = next(pk for pk, state in before.items() if state == "ACTIVE")
        operations.set_contact_state(by=alice, contact_ids=[touched], state="DO_NOT_CONTACT")
        operations.undo_bulk_edit(by=alice, edit=edit)
        while bulk.work_on(edit):
            pass
        after = dict(Contact.objects.filter(pk__in=before).values_list("pk", "state"))
        assert after == before | {touched: "DO_NOT_CONTACT"}
        with pytest.raises(BulkEditNotPossible):
            operations.undo_bulk_edit(by=alice, edit=edit)

    def test_lists_and_tags_are_given_and_taken_back_where_they_were_not_before(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        ids = [contact(f"p{n}@x.test", tags=["vip"] if n == 0 else []).pk for n in range(2)]
        news = operations.create_list(by=alice, name="News")
        operations.add_to_list(by=alice, the_list=news, contact_ids=ids[:1])

        edits = [
            operations.begin_bulk_edit(by=alice, wanted=Filter(search="p"), action=action, value=value)
            for action, value in (("tag", "vip"), ("list", str(news.pk)))
        ]
        news.refresh_from_db()
        assert (news.member_count, [edit.changed_count for edit in edits]) == (2, [1, 1])
        for edit in edits:
            operations.undo_bulk_edit(by=alice, edit=edit)

        news.refresh_from_db()
        assert (news.member_count, news.members.get().contact_id) == (1, ids[0])
        tags = Contact.objects.filter(pk__in=ids).order_by("pk").values_list("tags", flat=True)
        assert list(tags) == [["vip"], []]

    @pytest.mark.parametrize(
        ("action", "value"),
        [
            ("state", "ASLEEP"),
            ("tag", ""),
            ("tag", "x" * 41),
            ("list", "999999"),
            ("list", "x"),
            ("sell", "all"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, alice: actors.Actor, action: str, value: str) -> None:
        with pytest.raises(ContactInvalid):
            operations.begin_bulk_edit(by=alice, wanted=Filter(), action=action, value=value)
