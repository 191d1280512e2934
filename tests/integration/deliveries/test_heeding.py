"""Whoever is suppressed by hand, by a file or through the API gets nothing more from runs that are under way."""

import io
from collections.abc import Callable

import psycopg
import pytest

from clarion.audience import importing, operations
from clarion.audience.models import Suppression
from clarion.audience.queries.contacts import Filter
from clarion.deliveries import heeding, ledger
from clarion.deliveries.models import Delivery, Heeded, Recipient, Run, Waiting
from clarion.deliveries.states import Skip, Stage
from clarion.runtime import scheduler
from clarion.workspaces import actors
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import Workspace
from clarion.workspaces.permissions import Role
from tests import factories
from tests.cascades import built, follow, make_cascade, messages
from tests.conftest import conninfo
from tests.integration.api.asking import asking
from tests.runs import add_run, make_run
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db

PERSON = "person1@example.test"


def by_hand(by: Actor) -> None:
    operations.add_suppression(by=by, channel="email", address="Person1@Example.test")


def by_file(by: Actor) -> None:
    file = io.BytesIO(f"email\n{PERSON}\nnobody@example.test\n".encode())
    importing.run_import(operations.suppress_file(by=by, file=file, file_name="gone.csv", channel="email"))


def by_api(by: Actor) -> None:
    user = factories.make_user(name="Olga", email="olga@example.test")
    olga = workspaces.add_member(workspace=by.workspace, user=user, role=Role.OWNER)
    said = {"channel": "email", "address": PERSON}
    assert asking(olga).post("/suppressions", said).status_code == 204


def suppress(workspace: Workspace, address: str = PERSON, channel: str = "email") -> None:
    operations.suppress(
        workspace=workspace, channel=channel, address=address, reason="MANUAL", origin="a person"
    )


def counters(run: Run) -> tuple[int, int]:
    run.refresh_from_db()
    return run.pending, run.skipped


@pytest.mark.parametrize("way", [by_hand, by_file, by_api], ids=lambda way: way.__name__)
def test_what_waits_for_them_is_skipped_in_every_open_run_of_the_workspace(
    way: Callable[[Actor], None],
) -> None:
    first = make_run(count=3, channel="email")
    second = add_run(first.workspace, first.sender, count=3)
    Waiting.objects.create(run_id=second.run.pk, delivery_id=16, step=0, not_before=second.run.built_at)
    elsewhere = make_run(count=3, channel="email")
    heeding.heed()

    way(actors.operator(first.workspace))
    heeding.heed()

    for made in (first, second):
        assert counters(made.run) == (2, 1)
        assert made.run.waterfall["suppressed"] == 1
        assert Recipient.objects.get(run_id=made.run.pk, id=1).skip == Skip.SUPPRESSED
        assert Delivery.objects.get(run_id=made.run.pk, id=16).stage == Stage.SKIPPED
        assert ledger.check(made.run).findings == []
    assert not Waiting.objects.exists()
    assert counters(elsewhere.run) == (3, 0)


def test_another_channel_and_what_is_on_its_way_are_left_alone() -> None:
    made = make_run(count=3, channel="email")
    Delivery.objects.filter(run_id=made.run.pk, id=32).update(stage=Stage.IN_FLIGHT, attempts=1, claim_id=1)
    Run.objects.filter(pk=made.run.pk).update(pending=2, in_flight=1)
    suppress(made.workspace, "person1@example.test", "sms")
    suppress(made.workspace, "person2@example.test")

    heeding.heed()

    assert counters(made.run) == (2, 0)
    assert Delivery.objects.get(run_id=made.run.pk, id=32).stage == Stage.IN_FLIGHT


def test_nobody_is_skipped_twice_and_nothing_is_looked_for_when_nothing_came(
    django_assert_num_queries: Callable[..., object],
) -> None:
    made = make_run(count=3, channel="email")
    suppress(made.workspace)
    settle()
    assert counters(made.run) == (2, 1)
    with django_assert_num_queries(3):
        assert heeding.heed() is False
    assert counters(made.run) == (2, 1)


def test_what_was_taken_back_is_not_heeded_any_more_and_what_was_skipped_stays_so() -> None:
    made = make_run(count=3, channel="email")
    by = actors.operator(made.workspace)
    suppress(made.workspace, "person2@example.test")
    operations.unsuppress(by=by, suppression=Suppression.objects.get())
    heeding.heed()
    assert counters(made.run) == (3, 0)

    suppress(made.workspace)
    heeding.heed()
    operations.unsuppress(by=by, suppression=Suppression.objects.get())
    heeding.heed()

    assert counters(made.run) == (2, 1)
    assert Delivery.objects.get(run_id=made.run.pk, id=16).stage == Stage.SKIPPED


def test_a_run_that_is_being_called_off_is_left_to_who_does_that() -> None:
    made = make_run(count=1, channel="email")
    Run.objects.filter(pk=made.run.pk).update(closing_stage=Stage.CANCELLED)
    suppress(made.workspace)

    heeding.heed()

    assert counters(made.run) == (1, 0)


def test_many_are_heeded_in_parts_of_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heeding, "CHUNK", 4)
    monkeypatch.setattr(heeding, "ADDRESSES", 3)
    made = make_run(count=12, channel="email")
    for number in range(1, 11):
        suppress(made.workspace, f"person{number}@example.test")

    assert heeding.heed(seconds=0) is True
    assert counters(made.run) == (8, 4)
    assert heeding.heed() is False

    assert counters(made.run) == (2, 10)
    assert ledger.check(made.run).findings == []


def test_in_a_cascade_the_next_channel_takes_over() -> None:
    run = built(make_cascade(people=2))
    suppress(run.workspace)

    heeding.heed()
    heeding.heed()
    follow(run)

    assert messages(run) == {1: {0: Stage.SKIPPED, 1: Stage.PENDING}, 2: {0: Stage.PENDING}}
    assert counters(run) == (2, 0)
    assert ledger.check(run).findings == []


@pytest.mark.parametrize("way", ["one by hand", "all that match"])
def test_whoever_is_not_to_be_contacted_any_more_is_skipped_by_every_address(way: str) -> None:
    made = make_run(count=3, channel="email")
    texts = make_run(count=2, channel="sms")
    Workspace.objects.filter(pk=texts.workspace.pk).update(name="Elsewhere")
    by = actors.operator(made.workspace)
    one = operations.create_contact(by=by, fields={"email": "person1@example.test"})
    operations.add_address(by=by, contact=one, kind="email", address="person3@example.test")
    heeding.heed()
    assert counters(made.run) == (3, 0)

    if way == "one by hand":
        operations.set_contact_state(by=by, contact_ids=[one.pk], state="DO_NOT_CONTACT")
    else:
        operations.begin_bulk_edit(by=by, wanted=Filter(), action="state", value="DO_NOT_CONTACT")
    heeding.heed()

    assert counters(made.run) == (1, 2)
    skips = Recipient.objects.filter(run_id=made.run.pk).order_by("id").values_list("skip", flat=True)
    assert list(skips) == [Skip.DO_NOT_CONTACT, None, Skip.DO_NOT_CONTACT]
    assert ledger.check(made.run).findings == []
    assert counters(texts.run) == (2, 0)
    operations.set_contact_state(by=by, contact_ids=[one.pk], state="ACTIVE")
    heeding.heed()
    assert counters(made.run) == (1, 2)


def test_the_scheduler_looks_after_it() -> None:
    made = make_run(count=2, channel="email")
    suppress(made.workspace)

    scheduler.Scheduler()._follow()

    assert counters(made.run) == (1, 1)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Others write meanwhile, on connections of their own."""

    def test_a_suppression_that_is_committed_after_later_ones_is_heeded_too(self) -> None:
        made = make_run(count=3, channel="email")
        with psycopg.connect(conninfo()) as slow:
            slow.execute(
                "insert into audience_suppression (workspace_id, channel, address, reason, origin, created_at)"
                " values (%s, 'email', 'person2@example.test', 'MANUAL', '', now())",
                [made.workspace.pk],
            )
            suppress(made.workspace)
            for _look in range(5):
                heeding.heed()
            assert counters(made.run) == (2, 1)

        settle()

        assert counters(made.run) == (1, 2)

    def test_what_somebody_holds_is_passed_by_and_taken_when_it_is_free(self) -> None:
        made = make_run(count=3, channel="email")
        with psycopg.connect(conninfo()) as claim:
            claim.execute(
                "select 1 from deliveries_delivery where run_id = %s and id = 16 for update", [made.run.pk]
            )
            suppress(made.workspace)
            suppress(made.workspace, "person2@example.test")
            heeding.heed()
            assert counters(made.run) == (2, 1)
            claim.rollback()

        settle()

        assert counters(made.run) == (1, 2)

    def test_a_process_leaves_it_to_the_one_that_is_at_it(self) -> None:
        made = make_run(count=1, channel="email")
        suppress(made.workspace)
        held = psycopg.connect(conninfo())
        held.execute("select pg_advisory_lock(%s, 1)", [heeding._LOCK_SPACE])

        assert heeding.heed() is False
        assert counters(made.run) == (1, 0)
        held.close()


def settle() -> None:
    """Look until all is heeded for good, as soon as nobody else is writing."""

    def is_settled() -> bool:
        heeding.heed()
        return Heeded.objects.get(pk=heeding.Suppressed.id).low >= Suppression.objects.latest("pk").pk

    wait_for(is_settled, "all to be heeded")
