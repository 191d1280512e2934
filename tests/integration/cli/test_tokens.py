"""`clarion token`: making, listing and ending keys for programs."""

import json

import pytest

from clarion.workspaces import queries
from clarion.workspaces.models import ApiToken
from tests.factories import Cast
from tests.integration.cli.running import clarion

pytestmark = pytest.mark.django_db


def test_a_token_is_made_listed_without_its_secret_and_ended(cast: Cast) -> None:
    here = ("--workspace", "acme")
    made = clarion("token", "create", "bob@example.test", "--name", "Shop", "--scope", "edit", *here)
    assert made.exit_code == 0, made.stderr
    secret = made.stdout.strip()
    token = queries.token_by_secret(secret)
    assert token is not None
    assert token.scopes == ["edit", "view"]
    assert token.membership == cast.bob

    listed = clarion("token", "list", *here, "--json")
    assert secret not in listed.stdout
    (one,) = json.loads(listed.stdout)
    assert (one["name"], one["member"]) == ("Shop", "bob@example.test")
    assert clarion("token", "revoke", one["id"][:8], *here).exit_code == 0
    assert not ApiToken.objects.exists()


def test_what_cannot_be_is_refused_with_a_sentence(cast: Cast) -> None:
    here = ("--workspace", "acme", "--name", "x")
    for refused in (
        clarion("token", "create", "vera@example.test", "--scope", "edit", *here),
        clarion("token", "create", "bob@example.test", "--scope", "everything", *here),
        clarion("token", "create", "mallory@example.test", *here),
        clarion("token", "revoke", "abc", "--workspace", "acme"),
    ):
        assert refused.exit_code == 2
        assert refused.stderr
    assert not ApiToken.objects.exists()
