"""Queries whose SQL is put together once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clarion.workspaces import operations, queries
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import AuditEvent, Membership, User
from clarion.workspaces.permissions import Role
from clarion.workspaces.prepared import Prepared, keep_related
from tests.factories import Cast, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def of_role() -> Prepared[Membership]:
    return Prepared(
        lambda workspace, role: (
            Membership.objects.select_related("user")
            .only("role", "workspace_id", "user__email")
            .filter(workspace_id=workspace, role=role)
            .order_by("pk")
        ),
        workspace=-1,
        role="the role",
    )


def test_it_answers_as_the_query_itself_for_any_values(cast: Cast) -> None:
    prepared = of_role()
    pairs = [(one.workspace_id, one.role) for one in (cast.alice, cast.vera, cast.mallory)]

    with CaptureQueriesContext(connection) as asked:
        found = [prepared.all(workspace=workspace, role=role) for workspace, role in pairs]
        emails = [[one.user.email for one in some] for some in found]

    assert found == [[cast.alice], [cast.vera], [cast.mallory]]
    assert emails == [[one.user.email] for one in (cast.alice, cast.vera, cast.mallory)]
    assert len(asked) == 3, "what was joined is not asked for again"
    assert prepared.first(workspace=-5, role=Role.OWNER) is None


def test_what_was_left_out_is_fetched_when_it_is_asked_for(cast: Cast) -> None:
    (found,) = of_role().all(workspace=cast.alice.workspace_id, role=cast.alice.role)

    assert found.get_deferred_fields() == {"created_at", "public_id", "suspended_at"}
    assert found.public_id == cast.alice.public_id
    assert found.user.name == cast.alice.user.name


def test_values_come_back_as_the_fields_make_them(cast: Cast) -> None:
    operations.invite(by=of_member(cast.alice), email="new@example.test", role=Role.AUTHOR)
    event = AuditEvent.objects.get(workspace=cast.workspace)
    prepared = Prepared(lambda number: AuditEvent.objects.filter(pk=number), number=-1)

    (found,) = prepared.all(number=event.pk)

    assert (found.changes, found.at) == (event.changes, event.at)
    assert isinstance(found.changes, dict)


def test_a_value_that_the_query_does_not_have_is_a_mistake() -> None:
    prepared = Prepared(lambda name: User.objects.filter(name="nobody"), name="a name")

    with pytest.raises(ValueError, match="name is not a value of the query"):
        prepared.all(name="x")


def test_rows_may_be_kept_as_what_a_relation_leads_to(cast: Cast) -> None:
    user = User.objects.get(pk=cast.alice.user_id)

    with CaptureQueriesContext(connection) as asked:
        keep_related(user, "memberships", [cast.alice])

        assert list(user.memberships.all()) == [cast.alice]
    assert len(asked) == 0


def test_memberships_are_the_reader_s_own_and_of_open_workspaces(cast: Cast) -> None:
    user = User.objects.get(pk=cast.alice.user_id)

    (found,) = queries.memberships_for(user)
    Membership.objects.filter(pk=found.pk).update(suspended_at=cast.alice.created_at)

    assert found.user is user
    assert (found, found.workspace) == (cast.alice, cast.workspace)
    assert queries.memberships_for(user) == []
