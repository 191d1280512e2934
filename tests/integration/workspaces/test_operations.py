"""Users, workspaces and roles."""

import pytest
from django.contrib.auth import authenticate
from django.test import Client, RequestFactory

from clarion.workspaces import operations, queries
from clarion.workspaces.permissions import Permission, Role
from tests.factories import PASSWORD, Cast

pytestmark = pytest.mark.django_db


def test_a_user_signs_in_with_the_address_in_any_case(cast: Cast) -> None:
    request = RequestFactory().post("/accounts/login/")

    assert authenticate(request, email="Alice@Example.test", password=PASSWORD) == cast.alice.user


def test_a_second_role_replaces_the_first(cast: Cast) -> None:
    operations.add_member(workspace=cast.workspace, user=cast.vera.user, role=Role.AUTHOR)

    member = queries.membership_for(cast.vera.user, "acme")
    assert member is not None
    assert member.may(Permission.EDIT)


def test_a_stranger_is_no_member(cast: Cast) -> None:
    assert queries.membership_for(cast.mallory.user, "acme") is None


def test_nobody_signs_up_by_themselves(client: Client) -> None:
    answer = client.get("/accounts/signup/")

    assert b"password1" not in answer.content
