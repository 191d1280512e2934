"""Everybody's accounts, as system administrators see and help them."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from clarion.workspaces.access import operations
from clarion.workspaces.access.models import SystemEvent
from clarion.workspaces.models import User
from tests.factories import Cast, client_of, make_user

pytestmark = pytest.mark.django_db

PEOPLE = "/system/people/"


@pytest.fixture
def root() -> User:
    return make_user(name="Root", email="root@example.test", is_superuser=True)


@pytest.fixture
def admin(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


def test_one_finds_a_person_and_makes_them_a_link_that_is_shown_once(admin: Client, cast: Cast) -> None:
    found = admin.get(PEOPLE, {"q": "alice"}).content.decode()
    assert "alice@example.test" in found
    assert "mallory@example.test" not in found
    url = f"{PEOPLE}{cast.alice.user.pk}/"

    page = admin.post(f"{url}link/").content.decode()

    (path,) = set(re.findall(r"/accounts/password/reset/key/[\w-]+/", page))
    assert path not in admin.get(url).content.decode()
    assert Client().get(path).status_code == 302
    assert SystemEvent.objects.get(action="password.link").by == "root@example.test"


def test_factors_are_taken_and_accounts_closed_once_that_was_confirmed(
    admin: Client, root: User, cast: Cast
) -> None:
    TOTP.activate(cast.alice.user, "JBSWY3DPEHPK3PXP")
    url = f"{PEOPLE}{cast.alice.user.pk}/"
    for action in ("factors", "close"):
        assert b"alice@example.test" in admin.post(f"{url}{action}/").content
    assert Authenticator.objects.exists()

    for action in ("factors", "close", "sessions"):
        admin.post(f"{url}{action}/", {"confirmed": "1"})
    admin.post(f"{PEOPLE}{root.pk}/close/", {"confirmed": "1"})

    assert not Authenticator.objects.exists()
    assert list(User.objects.filter(is_active=False)) == [cast.alice.user]
    assert "The account is closed" in admin.get(url).content.decode()
    admin.post(f"{url}open/")
    assert User.objects.get(pk=cast.alice.user.pk).is_active
    assert admin.post(f"{url}nonsense/").status_code == 404


def test_the_trail_is_narrowed_and_paged(admin: Client, cast: Cast) -> None:
    for n in range(55):
        operations.record(action="signin.failed", who=f"guess-{n}@example.test")
    operations.record(action="signin.done", user=cast.alice.user)

    page = admin.get("/system/access/").content.decode()
    assert "guess-54@example.test" in page
    assert "guess-0@example.test" not in page
    older = re.search(r'href="\?([^"]*before=\d+)"', page)
    assert older
    assert "guess-0@example.test" in admin.get(f"/system/access/?{older[1]}").content.decode()
    assert "guess-" not in admin.get("/system/access/?what=signin.done").content.decode()
    assert "alice@example.test" not in admin.get("/system/access/?q=guess-7").content.decode()


def test_nobody_else_finds_any_of_it(cast: Cast) -> None:
    for member in (cast.alice, cast.mallory):
        client = client_of(member)
        for url in (PEOPLE, f"{PEOPLE}{cast.bob.user.pk}/", "/system/access/"):
            assert client.get(url).status_code == 404
        for action in ("link", "sessions", "factors", "close"):
            url = f"{PEOPLE}{cast.bob.user.pk}/{action}/"
            assert client.post(url, {"confirmed": "1"}).status_code == 404
    assert Client().get(PEOPLE).status_code == 302
