"""Second factors as somebody with an authenticator app and a sheet of recovery codes uses them."""

import re
import time
from collections.abc import Iterator

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client

from tests.factories import PASSWORD, Cast

pytestmark = pytest.mark.django_db

LOGIN, FACTOR = "/accounts/login/", "/accounts/2fa/authenticate/"


@pytest.fixture(autouse=True)
def _fresh_counts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def code_of(secret: str) -> str:
    """Return what the app shows now."""
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))


def other(code: str) -> str:
    """Return a code of the same form that is another."""
    return code.translate(str.maketrans("0123456789", "1234567890"))


@pytest.fixture
def secret(cast: Cast) -> str:
    """Alice has set an app up by the page; what it was given to make its codes from."""
    client = Client()
    client.force_login(cast.alice.user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.get("/accounts/2fa/totp/activate/")
    secret = str(client.session["mfa.totp.secret"])
    wrong = client.post("/accounts/2fa/totp/activate/", {"code": other(code_of(secret))})
    assert b'id="id_code_error"' in wrong.content
    assert client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)}).status_code == 302
    return secret


def asked_for_a_code() -> Client:
    client = Client()
    answer = client.post(LOGIN, {"login": "alice@example.test", "password": PASSWORD})
    assert answer["Location"].startswith(FACTOR)
    assert not is_in(client)
    return client


def is_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


def test_the_apps_code_lets_in_once_and_another_does_not(secret: str) -> None:
    with time_machine.travel(time.time() + 120, tick=False):
        code = code_of(secret)
        client = asked_for_a_code()
        client.post(FACTOR, {"code": other(code)})
        assert not is_in(client)

        client.post(FACTOR, {"code": code})
        assert is_in(client)
        again = asked_for_a_code()
        again.post(FACTOR, {"code": code})
        assert not is_in(again), "who looked over a shoulder comes too late"


def test_codes_are_not_guessed_one_after_the_other(secret: str) -> None:
    with time_machine.travel(time.time() + 120, tick=False):
        client = asked_for_a_code()
        for _guess in range(10):
            client.post(FACTOR, {"code": other(code_of(secret))})
        client.post(FACTOR, {"code": code_of(secret)})

        assert not is_in(client)


def test_a_recovery_code_lets_in_once_and_the_codes_are_kept_sealed(cast: Cast, secret: str) -> None:
    with time_machine.travel(time.time() + 120, tick=False):
        client = asked_for_a_code()
        client.post(FACTOR, {"code": code_of(secret)})
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        page = client.get("/accounts/2fa/recovery-codes/").content.decode()
        codes = re.findall(r">\s*([0-9a-f]{8})\s*<", page)
        assert len(codes) == 10
        kept = str(Authenticator.objects.get(user=cast.alice.user, type="recovery_codes").data)
        assert not any(code in kept for code in codes)

        first = asked_for_a_code()
        first.post(FACTOR, {"code": codes[0]})
        assert is_in(first)
        again, second = asked_for_a_code(), asked_for_a_code()
        again.post(FACTOR, {"code": codes[0]})
        second.post(FACTOR, {"code": codes[1]})
        assert (is_in(again), is_in(second)) == (False, True)
