"""Getting in and being kept out: limits, letters, sessions and what is kept of it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from clarion.runtime.signin import limits
from clarion.senders.system.postman import Postman
from clarion.workspaces import operations
from clarion.workspaces.access import operations as access
from clarion.workspaces.access import queries
from clarion.workspaces.access.models import SystemEvent
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Role
from tests.factories import PASSWORD, Cast, make_user
from tests.letters import Mailbox
from tests.letters import mail_server as mail_server
from tests.letters import mailbox as mailbox
from tests.tampering import unguarded

pytestmark = pytest.mark.django_db

LOGIN, RESET = "/accounts/login/", "/accounts/password/reset/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def _fresh_counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three failures an account and six an address, so that tests are quick."""
    quick = {"stranger_failed": "6/15m/ip,3/15m/key", "known_failed": "3/15m/key"}
    assert limits.RATES.keys() == quick.keys()
    monkeypatch.setattr(limits, "RATES", quick)
    cache.clear()
    yield
    cache.clear()


def sign_in(client: Client, email: str, password: str = PASSWORD, address: str = "192.0.2.1") -> Any:
    return client.post(
        LOGIN, {"login": email, "password": password}, REMOTE_ADDR=address, headers={"User-Agent": FIREFOX}
    )


def is_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302


def bare(answer: Any) -> str:
    """The page without what differs by chance, and without what was typed."""
    page = re.sub(r"[A-Za-z0-9]{64}", "token", answer.content.decode())
    return re.sub(r"[\w.-]+@example\.test", "somebody", page)


class TestLimits:
    def test_strangers_slow_an_account_down_and_do_not_keep_its_owner_out_of_their_own_browser(
        self, cast: Cast
    ) -> None:
        own = Client()
        assert is_in(sign_in(own, "alice@example.test"))
        own.post("/accounts/logout/")
        for n in range(3):
            assert not is_in(sign_in(Client(), "alice@example.test", "guess", f"198.51.100.{n}"))

        refused = sign_in(Client(), "alice@example.test", address="198.51.100.99")
        assert b"Too many failed login attempts" in refused.content
        assert is_in(sign_in(own, "alice@example.test"))

    def test_a_new_password_by_a_link_ends_the_wait(self, cast: Cast, mailbox: Mailbox) -> None:
        for n in range(3):
            sign_in(Client(), "alice@example.test", "guess", f"198.51.100.{n}")
        client = Client()
        client.post(RESET, {"email": "alice@example.test"})
        form = client.get(mailbox.link())["Location"]
        client.post(form, {"password1": "another long one", "password2": "another long one"})

        assert is_in(sign_in(Client(), "alice@example.test", "another long one", "203.0.113.5"))

    def test_an_address_that_tries_many_accounts_has_to_wait_and_others_do_not(self, cast: Cast) -> None:
        for n in range(6):
            sign_in(Client(), f"nobody-{n}@example.test", "guess", "198.51.100.7")

        assert not is_in(sign_in(Client(), "alice@example.test", address="198.51.100.7"))
        assert is_in(sign_in(Client(), "alice@example.test", address="198.51.100.8"))

    def test_an_address_that_a_visitor_makes_up_counts_for_nothing(self, cast: Cast) -> None:
        for n in range(6):
            Client().post(
                LOGIN,
                {"login": f"nobody-{n}@example.test", "password": "x"},
                REMOTE_ADDR="198.51.100.7",
                headers={"X-Forwarded-For": f"203.0.113.{n}"},
            )

        assert not is_in(sign_in(Client(), "alice@example.test", address="198.51.100.7"))

    def test_a_trusted_proxy_says_who_it_is(self, cast: Cast) -> None:
        Client().post(
            LOGIN,
            {"login": "alice@example.test", "password": "x"},
            REMOTE_ADDR="127.0.0.1",
            headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"},
        )

        assert SystemEvent.objects.get(action="signin.failed").address == "203.0.113.9"


class TestNobodyLearnsWhoHasAnAccount:
    def test_from_a_failed_sign_in(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        hashed: list[str] = []
        encode = MD5PasswordHasher.encode
        monkeypatch.setattr(
            MD5PasswordHasher, "encode", lambda self, *said: hashed.append("x") or encode(self, *said)
        )
        seen = []
        for email in ("alice@example.test", "nobody@example.test"):
            hashed.clear()
            with CaptureQueriesContext(connection) as asked:
                answer = sign_in(Client(), email, "guess")
            seen.append((answer.status_code, bare(answer), len(hashed), len(asked)))

        assert seen[0] == seen[1]

    def test_from_too_many_failures(self, cast: Cast) -> None:
        pages = []
        for email in ("alice@example.test", "nobody@example.test"):
            for n in range(3):
                sign_in(Client(), email, "guess", f"198.51.100.{n}")
            pages.append(bare(sign_in(Client(), email, "guess", "198.51.100.99")))
            cache.clear()

        assert pages[0] == pages[1]
        assert "Too many failed login attempts" in pages[0]

    def test_from_asking_for_a_new_password(self, cast: Cast, mailbox: Mailbox) -> None:
        seen = []
        for email in ("alice@example.test", "nobody@example.test"):
            client = Client()
            with CaptureQueriesContext(connection) as asked:
                answer = client.post(RESET, {"email": email})
            seen.append(
                (answer.status_code, answer["Location"], len(asked), bare(client.get(answer["Location"])))
            )

        assert seen[0] == seen[1]
        assert [letter["To"] for letter in mailbox.read()] == ["alice@example.test"]

    def test_from_signing_up_which_is_closed(self, cast: Cast) -> None:
        said = {"password1": PASSWORD, "password2": PASSWORD}
        pages = [
            bare(Client().post("/accounts/signup/", said | {"email": email}))
            for email in ("alice@example.test", "nobody@example.test")
        ]

        assert pages[0] == pages[1]
        assert "by invitation" in pages[0]


class TestANewPassword:
    def test_the_link_works_once_and_signs_everybody_else_out(self, cast: Cast, mailbox: Mailbox) -> None:
        elsewhere = Client()
        sign_in(elsewhere, "alice@example.test")
        client = Client()
        client.post(RESET, {"email": "Alice@example.test"})
        link = mailbox.link()
        form = client.get(link)["Location"]
        short = client.post(form, {"password1": "short", "password2": "short"})
        assert b'id="id_password1_error"' in short.content or b"at least 10" in short.content

        client.post(form, {"password1": "another long one", "password2": "another long one"})

        assert elsewhere.get("/profile/").status_code == 302
        assert b"not good any more" in Client().get(link, follow=True).content
        assert "password" in mailbox.newest()[1].lower()
        assert SystemEvent.objects.filter(action="password.reset", user=cast.alice.user).count() == 1

    def test_without_a_system_sender_the_pages_say_so_and_nothing_is_promised(self, cast: Cast) -> None:
        client = Client()

        assert b"sends no mails" in client.get(RESET).content
        done = client.post(RESET, {"email": "alice@example.test"}, follow=True)
        assert b"sends no mails" in done.content
        assert b"on its way" not in done.content

    def test_the_link_leads_to_the_public_address_whatever_the_request_says(
        self, cast: Cast, mailbox: Mailbox
    ) -> None:
        with override_settings(ALLOWED_HOSTS=["*"]):
            Client().post(RESET, {"email": "alice@example.test"}, headers={"Host": "evil.example"})

        assert "evil.example" not in mailbox.newest()[2]

    def test_a_closed_account_gets_none(self, cast: Cast, mailbox: Mailbox) -> None:
        cast.alice.user.is_active = False
        cast.alice.user.save()

        Client().post(RESET, {"email": "alice@example.test"})

        assert mailbox.read() == []


class TestWhatIsKept:
    def test_sign_ins_failures_and_changes_are_in_a_chain_that_shows_what_was_altered(
        self, cast: Cast
    ) -> None:
        client = Client()
        sign_in(client, "alice@example.test", "wrong one")
        sign_in(client, "nobody@example.test", "wrong one")
        sign_in(client, "alice@example.test")
        said = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
        client.post("/accounts/password/change/", said)
        client.post("/accounts/logout/")

        told = [(one.action, one.who, one.detail) for one in SystemEvent.objects.order_by("number")]
        assert told == [
            ("signin.failed", "alice@example.test", "password"),
            ("signin.failed", "nobody@example.test", "password"),
            ("signin.done", "alice@example.test", "password"),
            ("password.change", "alice@example.test", ""),
            ("signin.out", "alice@example.test", ""),
        ]
        kept = SystemEvent.objects.get(action="signin.done")
        assert (kept.address, kept.device) == ("192.0.2.1", "Firefox, Linux")
        assert queries.first_broken() is None
        with unguarded():
            SystemEvent.objects.filter(number=4).update(user=cast.bob.user)
        assert queries.first_broken() == 4
        with unguarded():
            SystemEvent.objects.filter(number=2).update(who="alice@example.test")
        assert queries.first_broken() == 2

    def test_the_last_of_what_is_kept_is_missed(self, cast: Cast) -> None:
        for n in range(3):
            access.record(action="signin.done", user=cast.alice.user, detail=str(n))
        with unguarded():
            SystemEvent.objects.filter(number=3).delete()
        assert queries.first_broken() == 3

    def test_a_sign_in_in_a_new_browser_is_told_by_mail_and_the_first_one_is_not(
        self, cast: Cast, mailbox: Mailbox
    ) -> None:
        own = Client()
        sign_in(own, "alice@example.test")
        sign_in(own, "alice@example.test")
        assert mailbox.read() == []

        sign_in(Client(), "alice@example.test", address="203.0.113.77")

        to, subject, text = mailbox.newest()
        assert (to, subject) == ("alice@example.test", "New sign-in to your account")
        assert "Firefox, Linux" in text
        assert "203.0.113.77" in text


class TestSecondFactor:
    def test_the_apps_secret_is_sealed_and_its_change_is_told_and_kept(
        self,
        cast: Cast,
        mailbox: Mailbox,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        monkeypatch.setattr(Postman, "nudge", lambda self: None)  # the test reads the letters itself
        client = Client()
        sign_in(client, "alice@example.test")
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        client.get("/accounts/2fa/totp/activate/")
        secret = client.session["mfa.totp.secret"]
        code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/accounts/2fa/totp/activate/", {"code": code})

        kept = Authenticator.objects.get(user=cast.alice.user, type="totp").data["secret"]
        assert kept.startswith("sealed:")
        assert secret not in kept
        assert "uthenticator" in mailbox.newest()[1]
        again = sign_in(Client(), "alice@example.test")
        assert again["Location"].startswith("/accounts/2fa/authenticate/")
        client.post("/accounts/2fa/totp/deactivate/")
        actions = set(SystemEvent.objects.values_list("action", flat=True))
        assert {"factor.add", "factor.remove"} <= actions


class TestSessions:
    def test_one_sees_them_ends_one_and_all_others_and_nobody_elses(self, cast: Cast) -> None:
        first, second, third = Client(), Client(), Client()
        for client in (first, second, third):
            sign_in(client, "alice@example.test")
        stranger = Client()
        sign_in(stranger, "mallory@example.test")
        rows = list(UserSession.objects.filter(user=cast.alice.user).order_by("pk"))
        page = first.get("/accounts/sessions/").content.decode()
        assert page.count("Firefox, Linux") >= 3

        assert stranger.post(f"/accounts/sessions/{rows[1].pk}/end/").status_code == 404
        first.post(f"/accounts/sessions/{rows[1].pk}/end/")
        assert second.get("/profile/").status_code == 302
        assert third.get("/profile/").status_code == 200
        first.post("/accounts/sessions/")
        assert third.get("/profile/").status_code == 302
        assert first.get("/profile/").status_code == 200
        assert stranger.get("/profile/").status_code == 200


class TestAnotherAddress:
    def asked(self, client: Client, email: str) -> Any:
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        return client.post("/accounts/email/", {"email": email})

    def test_it_holds_once_its_owner_has_followed_the_link(self, cast: Cast, mailbox: Mailbox) -> None:
        client = Client()
        sign_in(client, "alice@example.test")
        self.asked(client, "ally@example.test")
        link = mailbox.link()
        assert mailbox.newest()[0] == "ally@example.test"
        assert b"ally@example.test" in Client().get(link).content
        cast.alice.user.refresh_from_db()
        assert cast.alice.user.email == "alice@example.test"

        Client().post(link)

        cast.alice.user.refresh_from_db()
        assert cast.alice.user.email == "ally@example.test"
        assert mailbox.newest()[:2] == ("alice@example.test", "Your e-mail address was changed")
        assert Client().post(link).status_code == 404

    def test_somebody_elses_address_is_neither_taken_nor_told_of(self, cast: Cast, mailbox: Mailbox) -> None:
        client = Client()
        sign_in(client, "alice@example.test")

        assert self.asked(client, "mallory@example.test").status_code == 302
        assert Client().post(mailbox.link()).status_code == 404

    def test_without_a_system_sender_it_cannot_be_proven(self, cast: Cast) -> None:
        client = Client()
        sign_in(client, "alice@example.test")
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})

        assert b"sends no mails" in client.post("/accounts/email/", {"email": "x@example.test"}).content

    def test_a_visitor_is_asked_to_sign_in(self) -> None:
        for url in ("/accounts/email/", "/accounts/sessions/"):
            assert Client().get(url)["Location"].startswith(LOGIN)


def test_who_joins_by_an_invitation_has_a_session_that_is_listed_and_kept(cast: Cast) -> None:
    _invitation, secret = operations.invite(
        by=of_member(cast.alice), email="nia@example.test", role=Role.VIEWER
    )
    client = Client()
    client.post(f"/join/{secret}/", {"name": "Nia", "password": "a long enough one"})

    assert UserSession.objects.get().user.email == "nia@example.test"
    assert [one.detail for one in SystemEvent.objects.all()] == ["invitation"]
    client.post("/accounts/logout/")
    for n in range(3):
        sign_in(Client(), "nia@example.test", "guess", f"198.51.100.{n}")
    assert is_in(sign_in(client, "nia@example.test", "a long enough one"))


def test_a_user_without_a_password_is_not_let_in_by_an_empty_one() -> None:
    make_user(email="eve@example.test").set_unusable_password()

    assert not is_in(sign_in(Client(), "eve@example.test", ""))
