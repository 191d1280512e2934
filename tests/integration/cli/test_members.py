"""`clarion member`: what it prints, and how it refuses."""

import json

import pytest

from clarion.workspaces import queries
from clarion.workspaces.models import Membership
from tests.factories import Cast
from tests.integration.cli.running import clarion

pytestmark = pytest.mark.django_db


def test_inviting_prints_the_link_once_and_the_list_tells_of_it(cast: Cast) -> None:
    made = clarion("member", "invite", "Nia@example.test", "--role", "moderator", "--workspace", "acme")
    assert made.exit_code == 0
    secret = made.stdout.strip().rstrip("/").rpartition("/")[2]
    invitation = queries.open_invitation(secret)
    assert invitation is not None
    assert (invitation.email, invitation.role) == ("nia@example.test", "MODERATOR")

    listed = json.loads(clarion("member", "list", "--workspace", "acme", "--json").stdout)
    assert [(one["email"], one["role"], one["state"]) for one in listed] == [
        ("alice@example.test", "owner", "member"), ("bob@example.test", "author", "member"),
        ("vera@example.test", "viewer", "member"), ("nia@example.test", "moderator", "invited"),
    ]  # fmt: skip


def test_roles_and_members_are_changed_but_not_the_last_owner(cast: Cast) -> None:
    here = ("--workspace", "acme")
    assert clarion("member", "role", "bob@example.test", "--role", "admin", *here).exit_code == 0
    assert Membership.objects.get(pk=cast.bob.pk).role == "ADMIN"
    assert clarion("member", "remove", "vera@example.test", *here).exit_code == 0
    for refused in (
        clarion("member", "remove", "alice@example.test", *here),
        clarion("member", "role", "alice@example.test", "--role", "viewer", *here),
        clarion("member", "role", "bob@example.test", "--role", "king", *here),
        clarion("member", "remove", "mallory@example.test", *here),
        clarion("member", "invite", "nobody", *here),
    ):
        assert refused.exit_code == 2
        assert refused.stderr
