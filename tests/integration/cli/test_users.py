"""`clarion user`: for whoever holds the server when nobody gets in any more."""

import json
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from clarion.workspaces.access import queries
from clarion.workspaces.access.models import SystemEvent
from clarion.workspaces.models import User
from tests.factories import PASSWORD, Cast, make_user
from tests.integration.cli.running import clarion
from tests.tampering import unguarded

pytestmark = pytest.mark.django_db

ALICE = "alice@example.test"


def test_a_link_lets_somebody_choose_a_password_once(cast: Cast) -> None:
    link = clarion("user", "reset-link", "Alice@example.test").stdout.strip()
    client = Client()
    form = client.get(urlsplit(link).path)["Location"]
    client.post(form, {"password1": "another long one", "password2": "another long one"})

    cast.alice.user.refresh_from_db()
    assert cast.alice.user.check_password("another long one")
    assert SystemEvent.objects.get(action="password.link").by == "command line"
    assert clarion("user", "reset-link", "nobody@example.test").exit_code == 2


def test_an_account_is_made_and_its_link_printed(cast: Cast) -> None:
    made = clarion("user", "create", "Nia@example.test", "--name", "Nia", "--administrator")

    user = User.objects.get(email="nia@example.test")
    assert user.is_superuser
    assert not user.has_usable_password()
    assert Client().get(urlsplit(made.stdout.strip()).path).status_code == 302
    assert clarion("user", "create", "nia@example.test").exit_code == 2
    assert clarion("user", "create", "nobody").exit_code == 2


def test_factors_are_taken_away_and_sessions_end(cast: Cast) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": ALICE, "password": PASSWORD})
    TOTP.activate(cast.alice.user, "JBSWY3DPEHPK3PXP")

    assert clarion("user", "remove-factors", ALICE).stdout.strip() == "1 removed."
    assert clarion("user", "sign-out", ALICE).exit_code == 0

    assert not Authenticator.objects.exists()
    assert client.get("/profile/").status_code == 302
    lines = clarion("user", "trail", "--search", "alice", "--json").stdout.splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["session.end", "factor.remove", "signin.done"]


def test_accounts_are_closed_and_opened_but_never_the_last_administrators(cast: Cast) -> None:
    make_user(email="root@example.test", is_superuser=True)
    client = Client()
    client.force_login(cast.alice.user)

    assert clarion("user", "close", ALICE).exit_code == 0
    assert client.get("/profile/").status_code == 302
    assert (
        b"closed"
        in Client().post("/accounts/login/", {"login": ALICE, "password": PASSWORD}, follow=True).content
    )
    assert clarion("user", "open", ALICE).exit_code == 0
    assert client.get("/profile/").status_code == 200
    assert clarion("user", "close", "root@example.test").exit_code == 2
    assert clarion("user", "administrator", "root@example.test", "--off").exit_code == 2
    assert clarion("user", "administrator", ALICE).exit_code == 0
    assert clarion("user", "administrator", "root@example.test", "--off").exit_code == 0
    states = {one["email"]: one for one in json.loads(clarion("user", "list", "--json").stdout)}
    assert states[ALICE]["is_administrator"]
    assert not states["root@example.test"]["is_administrator"]


def test_an_address_is_changed_unless_it_is_somebody_elses(cast: Cast) -> None:
    assert clarion("user", "email", ALICE, "ally@example.test").exit_code == 0
    assert clarion("user", "email", "ally@example.test", "bob@example.test").exit_code == 2
    assert clarion("user", "email", "ally@example.test", "nobody").exit_code == 2
    assert queries.user_by_email("ally@example.test") == cast.alice.user


def test_the_check_of_the_audit_covers_the_trail_of_sign_ins(cast: Cast) -> None:
    clarion("user", "close", ALICE)
    clarion("user", "open", ALICE)
    assert "sign-ins: whole, 2 events" in clarion("audit", "verify").stdout

    with unguarded():
        SystemEvent.objects.filter(number=1).update(action="account.open")

    checked = clarion("audit", "verify")
    assert checked.exit_code == 1
    assert "sign-ins: broken at event 1" in checked.stdout
