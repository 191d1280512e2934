"""Single sign-on against an OpenID Connect provider that signs its word, and lies in every way it can."""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client, override_settings

from clarion.workspaces.access import operations, queries
from clarion.workspaces.access.models import IdentityProvider, SystemEvent
from clarion.workspaces.errors import WorkspaceInvalid
from clarion.workspaces.models import Membership, User
from tests.factories import Cast, client_of, make_user
from tests.oidc import CLIENT_ID, CLIENT_SECRET, Provider
from tests.oidc import provider as provider

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/sso/work/login/"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def work(provider: Provider) -> Provider:
    """The provider, set up by an administrator for people of example.test's neighbour."""
    operations.save_provider(
        by=None, name="Work", slug="work", issuer=provider.url, client_id=CLIENT_ID, secret=CLIENT_SECRET,
        domains=["new.test"],
    )  # fmt: skip
    return provider


def onward(client: Client, url: str = LOGIN) -> dict[str, str]:
    """Press the button; return what the provider is asked."""
    page = client.post(url).content.decode()
    found = re.search(r'content="0;url=([^"]+)"', page)
    assert found, page
    query = urlsplit(html.unescape(found[1])).query
    return {name: values[0] for name, values in parse_qs(query).items()}


def back(client: Client, provider: Provider, asked: dict[str, str]) -> Any:
    """Come back from the provider, where one has signed in."""
    parts = urlsplit(provider.grant(asked))
    return client.get(f"{parts.path}?{parts.query}")


def through(provider: Provider, **claims: Any) -> tuple[Client, Any]:
    """Go all the way; return the browser and the last answer."""
    provider.claims = claims
    client = Client()
    return client, back(client, provider, onward(client))


def is_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


class TestWhoComesIn:
    def test_a_member_by_their_verified_address_and_later_by_the_provider_alone(
        self, cast: Cast, work: Provider
    ) -> None:
        client, answer = through(work, email="Alice@Example.test")

        assert answer.status_code == 302
        assert client.session["_auth_user_id"] == str(cast.alice.user.pk)
        again, _answer = through(work, email="renamed@elsewhere.test")
        assert again.session["_auth_user_id"] == str(cast.alice.user.pk)
        assert SocialAccount.objects.get().uid == "person-1"
        told = SystemEvent.objects.filter(user=cast.alice.user).order_by("number")
        assert [one.action for one in told] == ["sso.link", "signin.done", "signin.done"]
        assert "single sign-on work" in told[1].detail
        assert cast.alice.user.check_password("correct horse battery")

    def test_somebody_new_of_a_domain_that_is_let_in_and_without_any_rights(
        self, cast: Cast, work: Provider
    ) -> None:
        client, _answer = through(work, sub="new-1", email="nia@new.test", name="Nia  N.")

        user = User.objects.get(email="nia@new.test")
        assert (user.name, user.is_superuser, user.has_usable_password()) == ("Nia N.", False, False)
        assert not Membership.objects.filter(user=user).exists()
        assert b"You belong to no workspace yet" in client.get("/").content
        assert client.get("/w/acme/").status_code == 404

    @pytest.mark.parametrize(
        "claims",
        [
            pytest.param({"email": "stranger@elsewhere.test"}, id="unknown"),
            pytest.param({"email_verified": False}, id="unverified"),
            pytest.param({"email_verified": "true"}, id="verified in words only"),
            pytest.param({"email": "nia@new.test", "email_verified": False}, id="unverified of the domain"),
            pytest.param({"email": "nia@sub.new.test"}, id="a domain below"),
            pytest.param({"email": ""}, id="without an address"),
        ],
    )
    def test_nobody_else(self, cast: Cast, work: Provider, claims: dict[str, Any]) -> None:
        users = User.objects.count()
        client, answer = through(work, **claims)

        assert answer.status_code == 403
        assert b"You cannot come in by this way" in answer.content
        assert not is_in(client)
        assert User.objects.count() == users
        assert not SocialAccount.objects.exists()
        assert SystemEvent.objects.filter(
            action="signin.failed", detail__startswith="single sign-on"
        ).exists()

    def test_no_second_identity_of_the_same_provider(self, cast: Cast, work: Provider) -> None:
        through(work)

        client, answer = through(work, sub="person-2")

        assert answer.status_code == 403
        assert not is_in(client)

    def test_nobody_whose_account_is_closed(self, cast: Cast, work: Provider) -> None:
        through(work)
        User.objects.filter(pk=cast.alice.user.pk).update(is_active=False)

        client, answer = through(work)

        assert answer.status_code == 403
        assert not is_in(client)

    def test_the_second_factor_is_asked_for_as_ever(self, cast: Cast, work: Provider) -> None:
        from allauth.mfa.totp.internal.auth import TOTP

        TOTP.activate(cast.alice.user, "JBSWY3DPEHPK3PXP")

        client, answer = through(work)

        assert answer["Location"].startswith("/accounts/2fa/authenticate/")
        assert not is_in(client)


class TestWhatIsNotBelieved:
    def test_a_state_that_is_not_this_browsers(self, cast: Cast, work: Provider) -> None:
        asked = onward(Client())
        mine = Client()
        onward(mine)

        answer = back(mine, work, asked)

        assert answer.status_code == 401
        assert not is_in(mine)

    def test_an_answer_that_came_before(self, cast: Cast, work: Provider) -> None:
        client = Client()
        asked = onward(client)
        back(client, work, asked)
        client.post("/accounts/logout/")

        assert back(client, work, asked).status_code == 401
        assert not is_in(client)

    @pytest.mark.parametrize(
        "claims",
        [
            pytest.param({"nonce": "another"}, id="another sign-in's nonce"),
            pytest.param({"nonce": None}, id="no nonce"),
            pytest.param({"aud": "somebody-else"}, id="for somebody else"),
            pytest.param({"iss": "https://evil.example"}, id="of another issuer"),
            pytest.param({"exp": 1}, id="too old"),
        ],
    )
    def test_an_identity_token(self, cast: Cast, work: Provider, claims: dict[str, Any]) -> None:
        client, answer = through(work, **claims)

        assert answer.status_code == 401
        assert not is_in(client)
        assert SystemEvent.objects.filter(action="signin.failed").count() == 1

    def test_a_signature_that_is_not_the_providers(self, cast: Cast, work: Provider) -> None:
        work.forges = True

        client, answer = through(work)

        assert answer.status_code == 401
        assert not is_in(client)

    def test_a_code_that_somebody_else_has_caught(self, cast: Cast, work: Provider) -> None:
        client = Client()
        asked = onward(client) | {"code_challenge": "of-another-browser"}

        assert back(client, work, asked).status_code == 401

    def test_a_provider_that_is_away(self, cast: Cast, work: Provider) -> None:
        IdentityProvider.objects.update(issuer="http://127.0.0.1:1")

        assert Client().post(LOGIN).status_code == 401


class TestTheWay:
    def test_only_our_own_form_leads_there_with_what_protects_it_and_the_policy_stays_strict(
        self, cast: Cast, work: Provider
    ) -> None:
        client = Client()
        page = client.get("/accounts/login/")
        assert b"Sign in with Work" in page.content
        assert "form-action 'self'" in page["Content-Security-Policy"]
        assert client.get(LOGIN)["Location"] == "/accounts/login/"
        assert Client(enforce_csrf_checks=True).post(LOGIN).status_code == 403

        asked = onward(client, f"{LOGIN}?auth_params=redirect_uri%3Dhttps://evil.example&scope=all")

        assert asked["redirect_uri"].endswith("/accounts/sso/work/callback/")
        assert set(asked["scope"].split()) == {"openid", "profile", "email"}
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["nonce"]) >= 32

    def test_one_that_is_switched_off_or_unknown_is_not_there(self, cast: Cast, work: Provider) -> None:
        IdentityProvider.objects.update(is_active=False)

        assert Client().post(LOGIN).status_code == 404
        assert b"Sign in with Work" not in Client().get("/accounts/login/").content
        assert Client().post("/accounts/sso/other/login/").status_code == 404

    def test_the_servers_settings_set_one_up_too(self, cast: Cast, provider: Provider) -> None:
        given = {
            "issuer": provider.url, "client_id": CLIENT_ID, "secret": CLIENT_SECRET, "name": "Company",
            "domains": [],
        }  # fmt: skip
        with override_settings(CLARION_OIDC=given):
            client = Client()
            assert b"Sign in with Company" in client.get("/accounts/login/").content
            back(client, provider, onward(client, "/accounts/sso/sso/login/"))

        assert is_in(client)


class TestSettingOneUp:
    def form(self, provider: Provider, **said: str) -> dict[str, str]:
        return {
            "name": "Work", "slug": "work", "issuer": provider.url, "client_id": CLIENT_ID,
            "secret": CLIENT_SECRET, "domains": "New.test, other.test", "is_active": "on",
        } | said  # fmt: skip

    def test_an_administrator_does_it_the_secret_is_sealed_and_nobody_else_finds_the_pages(
        self, cast: Cast, provider: Provider
    ) -> None:
        admin = Client()
        admin.force_login(make_user(is_superuser=True))
        assert admin.post("/system/sso/", self.form(provider)).status_code == 302
        one = IdentityProvider.objects.get()
        assert one.domains == ["new.test", "other.test"]
        assert CLIENT_SECRET.encode() not in bytes(one.sealed)
        assert operations.secret_of(one) == CLIENT_SECRET
        assert CLIENT_SECRET not in admin.get("/system/sso/work/").content.decode()

        admin.post("/system/sso/work/", self.form(provider, secret="", name="Office"))
        one.refresh_from_db()
        assert (one.name, operations.secret_of(one)) == ("Office", CLIENT_SECRET)
        admin.post("/system/sso/work/delete/", {"confirmed": "1"})
        assert queries.providers() == []
        kept = SystemEvent.objects.filter(action__startswith="sso.").order_by("number")
        assert [row.action for row in kept] == ["sso.add", "sso.change", "sso.remove"]
        for member in (cast.alice, cast.mallory):
            for url in ("/system/sso/", "/system/sso/work/", "/system/access/"):
                assert client_of(member).get(url).status_code == 404

    @pytest.mark.parametrize(
        "said",
        [
            {"issuer": "http://127.0.0.1:1"},
            {"issuer": "http://elsewhere.example"},
            {"slug": "sso"},
            {"slug": "Not so"},
            {"domains": "not a domain"},
            {"client_id": ""},
        ],
    )
    def test_what_makes_no_sense_is_refused_beside_its_field(
        self, provider: Provider, said: dict[str, str]
    ) -> None:
        admin = Client()
        admin.force_login(make_user(is_superuser=True))

        answer = admin.post("/system/sso/", self.form(provider, **said))

        assert answer.status_code == 422
        assert f'id="id_{next(iter(said))}_error"'.encode() in answer.content
        assert not IdentityProvider.objects.exists()

    def test_plain_http_is_for_this_machine_only(self) -> None:
        with pytest.raises(WorkspaceInvalid):
            operations.save_provider(
                by=None, name="X", slug="x", issuer="http://login.example.org", client_id="x"
            )
