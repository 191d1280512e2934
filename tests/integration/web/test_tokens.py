"""The page of keys for programs."""

import re

import pytest

from clarion.workspaces import queries
from clarion.workspaces.models import ApiToken
from tests.factories import Cast, client_of

pytestmark = pytest.mark.django_db
URL = "/w/acme/settings/tokens/"
SAID = {"name": "Warehouse", "scopes": ["edit"], "days": "30", "per_minute": "60"}


def test_the_secret_is_shown_once_and_opens_what_was_chosen(cast: Cast) -> None:
    bob = client_of(cast.bob)
    made = bob.post(URL, SAID)
    (secret,) = set(re.findall(r"clarion_[\w-]{40,}", made.content.decode()))
    token = queries.token_by_secret(secret)
    assert token is not None
    assert (token.membership, token.scopes, token.per_minute) == (cast.bob, ["edit", "view"], 60)
    assert made["Cache-Control"] == "no-store"

    later = bob.get(URL).content.decode()
    assert secret not in later
    assert token.beginning in later


def test_nobody_is_offered_what_their_role_does_not_include(cast: Cast) -> None:
    vera = client_of(cast.vera)
    assert 'value="edit"' not in vera.get(URL).content.decode()
    assert vera.post(URL, SAID).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_by_its_member_or_a_manager_and_no_stranger_finds_it(cast: Cast) -> None:
    bob, alice, vera, mallory = (client_of(one) for one in (cast.bob, cast.alice, cast.vera, cast.mallory))
    for _ in range(2):
        bob.post(URL, SAID)
    first, second = ApiToken.objects.order_by("pk")
    assert "Warehouse" in alice.get(URL).content.decode()
    assert "Warehouse" not in vera.get(URL).content.decode()

    url = f"{URL}{first.public_id}/revoke/"
    assert bob.post(url).status_code == 200  # the question
    assert vera.post(url, {"confirmed": "1"}).status_code == 404
    assert mallory.post(url, {"confirmed": "1"}).status_code == 404
    assert mallory.post(f"/w/elsewhere/settings/tokens/{first.public_id}/revoke/").status_code == 404
    assert ApiToken.objects.count() == 2
    assert bob.post(url, {"confirmed": "1"}).status_code == 302
    assert alice.post(f"{URL}{second.public_id}/revoke/", {"confirmed": "1"}).status_code == 302
    assert not ApiToken.objects.exists()
