"""The trails in the database: what it refuses, and what is found when its guards were taken away."""

import pytest
from django.db import IntegrityError, connection, transaction

from clarion.workspaces import actors, audit
from clarion.workspaces.access import operations as access
from clarion.workspaces.models import AuditEvent, TrailEnd, Workspace
from tests import ledgers
from tests.factories import make_workspace
from tests.tampering import unguarded

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def workspace(people: ledgers.People) -> Workspace:
    return people.workspace


def record(people: ledgers.People, n: int) -> None:
    for number in range(n):
        audit.record(
            by=ledgers.actor(people.alice), action="workspace.update", kind="workspace", object_id=str(number)
        )


def test_the_last_event_is_missed_also_where_nobody_has_checked_since(
    people: ledgers.People, workspace: Workspace
) -> None:
    record(people, 5)
    with unguarded():
        AuditEvent.objects.filter(number=5).delete()
    assert audit.first_broken(workspace) == 5

    with unguarded():
        AuditEvent.objects.all().delete()
    assert audit.first_broken(workspace) == 1
    TrailEnd.objects.all().delete()
    record(people, 2)
    assert audit.first_broken(workspace) is None
    TrailEnd.objects.all().delete()
    assert audit.first_broken(workspace) == 2, "who takes the note of the end away is found as well"


def test_events_in_another_order_are_found(people: ledgers.People, workspace: Workspace) -> None:
    record(people, 5)
    with unguarded():
        for old, new in ((2, 99), (3, 2), (99, 3)):
            AuditEvent.objects.filter(number=old).update(number=new)

    assert audit.first_broken(workspace) == 2


def test_an_event_that_was_put_in_is_found(people: ledgers.People, workspace: Workspace) -> None:
    record(people, 3)
    event = AuditEvent.objects.get(number=3)
    event.pk, event.number, event.reason = None, 4, "Forged."
    event.save(force_insert=True)

    assert audit.first_broken(workspace) == 4


@pytest.mark.parametrize(
    "statement",
    [
        "update workspaces_auditevent set reason = 'Nothing.'",
        "update workspaces_auditevent set actor_id = null, actor_name = 'Bob'",
        "update workspaces_auditevent set actor_id = (select max(id) from workspaces_user)",
        "delete from workspaces_auditevent where number = 3",
        "truncate workspaces_auditevent",
        "update workspaces_systemevent set who = 'bob@example.test'",
        "delete from workspaces_systemevent",
        "truncate workspaces_systemevent",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_recorded(
    people: ledgers.People, workspace: Workspace, statement: str
) -> None:
    record(people, 3)
    access.record(action="signin.done", user=people.alice.user)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")

    with (
        pytest.raises(IntegrityError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert audit.first_broken(workspace) is None


def test_an_account_goes_from_its_events_and_a_workspace_with_its_own(
    people: ledgers.People, workspace: Workspace
) -> None:
    record(people, 3)
    other = make_workspace(name="Other", slug="other")
    by = actors.operator(other)
    audit.record(by=by, action="workspace.update", kind="workspace", object_id="other")
    people.alice.user.delete()
    assert set(AuditEvent.objects.filter(workspace=workspace).values_list("actor", flat=True)) == {None}
    assert audit.first_broken(workspace) is None

    with pytest.raises(IntegrityError), transaction.atomic():
        workspace.delete()
    with transaction.atomic():
        audit.let_go(workspace)
        with pytest.raises(IntegrityError), transaction.atomic():
            other.delete()
        workspace.delete()
    assert AuditEvent.objects.get().workspace == other
