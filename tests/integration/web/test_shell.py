"""The frame: where one lands, who gets in, and how one wants to see it."""

import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from clarion.settings.urls import urlpatterns as real
from clarion.web.http import PageRequest
from clarion.workspaces import operations
from clarion.workspaces.models import User
from clarion.workspaces.permissions import Role
from tests.factories import PASSWORD, Cast, make_user

pytestmark = pytest.mark.django_db


def _page(request: PageRequest, workspace: str) -> HttpResponse:
    assert request.member.workspace == request.workspace
    return HttpResponse(
        f"{request.workspace.slug} {request.member.user.name} {timezone.get_current_timezone_name()}"
    )


def _framed(request: HttpRequest, workspace: str) -> TemplateResponse:
    return TemplateResponse(request, "base.html")


handler404 = "clarion.web.pages.errors.not_found"
urlpatterns = [
    path("w/<slug:workspace>/", _page, name="dashboard"),
    path("w/<slug:workspace>/campaigns/framed/", _framed, name="statistics_csv"),
    *real,
]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def without_token(answer: HttpResponse) -> bytes:
    return re.sub(rb'"X-CSRFToken": "\w+"', b"", answer.content)


class TestWorkspaceWall:
    def test_a_member_sees_the_page_in_their_zone(self, cast: Cast) -> None:
        cast.workspace.zone = "Europe/Berlin"
        cast.workspace.save()
        user = cast.bob.user
        with override_settings(ROOT_URLCONF=__name__):
            theirs = signed_in(user).get(f"/w/{cast.workspace.slug}/")
            user.zone = "Asia/Tokyo"
            user.save()
            own = signed_in(user).get(f"/w/{cast.workspace.slug}/")

        assert theirs.content.decode().endswith("Europe/Berlin")
        assert own.content.decode().endswith("Asia/Tokyo")

    def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(self, cast: Cast) -> None:
        with override_settings(ROOT_URLCONF=__name__):
            answer = Client().get(f"/w/{cast.workspace.slug}/?a=1")

        assert answer.status_code == 302
        assert answer["Location"] == f"/accounts/login/?next=/w/{cast.workspace.slug}/%3Fa%3D1"

    def test_a_fragment_takes_its_whole_page_to_the_sign_in(self, cast: Cast) -> None:
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/w/{cast.workspace.slug}/?q=x"}
        with override_settings(ROOT_URLCONF=__name__):
            answer = Client().get(f"/w/{cast.workspace.slug}/", headers=headers)

        assert answer["HX-Redirect"] == f"/accounts/login/?next=/w/{cast.workspace.slug}/%3Fq%3Dx"
        assert answer.content == b""

    def test_a_stranger_gets_the_same_404_as_for_a_workspace_that_is_not_there(self, cast: Cast) -> None:
        client = signed_in(cast.mallory.user)
        with override_settings(ROOT_URLCONF=__name__):
            foreign = client.get(f"/w/{cast.workspace.slug}/")
            absent = client.get("/w/absent/")

        assert foreign.status_code == absent.status_code == 404
        assert without_token(foreign) == without_token(absent)


class TestStart:
    def test_it_leads_to_the_workspace_that_was_open_last(self, cast: Cast) -> None:
        client = signed_in(cast.alice.user)
        with override_settings(ROOT_URLCONF=__name__):
            client.get(f"/w/{cast.workspace.slug}/")
            answer = client.get("/")

        assert answer["Location"] == f"/w/{cast.workspace.slug}/"

    def test_a_person_without_a_workspace_is_told(self) -> None:
        answer = signed_in(make_user()).get("/")

        assert b"You belong to no workspace yet" in answer.content

    def test_a_visitor_is_asked_to_sign_in(self) -> None:
        assert Client().get("/")["Location"] == "/accounts/login/"


class TestFrame:
    def test_a_page_names_the_workspace_and_lets_one_switch_to_ones_own_only(self, cast: Cast) -> None:
        with override_settings(ROOT_URLCONF=__name__):
            page = (
                signed_in(cast.vera.user).get(f"/w/{cast.workspace.slug}/campaigns/framed/").content.decode()
            )

        assert f'href="/w/{cast.workspace.slug}/campaigns/" aria-current="page"' in page
        assert cast.workspace.name in page
        assert f"/w/{cast.elsewhere.slug}/" not in page

    def test_whoever_belongs_to_two_switches_from_one_to_the_other(self, cast: Cast) -> None:
        operations.add_member(workspace=cast.elsewhere, user=cast.vera.user, role=Role.VIEWER)
        client = signed_in(cast.vera.user)

        page = client.get("/w/acme/contacts/").content.decode()
        switches = re.findall(r'class="menu__item" href="(/w/[^"]+)"( aria-current="true")?', page)

        assert sorted(switches) == [("/w/acme/", ' aria-current="true"'), ("/w/elsewhere/", "")]
        assert client.get("/w/elsewhere/").status_code == 200
        assert client.get("/")["Location"] == "/w/elsewhere/"

    def test_a_frame_costs_few_queries(
        self, cast: Cast, django_assert_max_num_queries: pytest.FixtureRequest
    ) -> None:
        client = signed_in(cast.alice.user)
        with override_settings(ROOT_URLCONF=__name__):
            client.get(f"/w/{cast.workspace.slug}/campaigns/framed/")
            with django_assert_max_num_queries(4):  # type: ignore[operator]
                client.get(f"/w/{cast.workspace.slug}/campaigns/framed/")


class TestTheme:
    def test_it_is_a_cookie_the_server_reads_so_that_nothing_flashes(self, cast: Cast) -> None:
        client = signed_in(cast.alice.user)

        client.post("/-/theme/", {"theme": "dark", "next": "/profile/"})

        assert b'data-theme="dark"' in client.get("/profile/").content
        cast.alice.user.refresh_from_db()
        assert cast.alice.user.theme == "dark"

    def test_the_systems_theme_needs_no_cookie(self, cast: Cast) -> None:
        client = signed_in(cast.alice.user)
        client.post("/-/theme/", {"theme": "dark"})

        client.post("/-/theme/", {"theme": "auto"})

        assert b"data-theme=" not in client.get("/profile/").content.split(b"<body")[0]

    def test_a_visitor_may_choose_it_too_but_nothing_else(self) -> None:
        assert Client().post("/-/theme/", {"theme": "light"}).status_code == 302
        assert Client().post("/-/theme/", {"theme": "pink"}).status_code == 400
        assert Client().get("/-/theme/").status_code == 405

    def test_a_new_browser_gets_it_with_the_sign_in(self, cast: Cast) -> None:
        cast.bob.user.theme = "dark"
        cast.bob.user.save()

        answer = Client().post("/accounts/login/", {"login": cast.bob.user.email, "password": PASSWORD})

        assert answer.status_code == 302
        assert answer.cookies["clarion_theme"].value == "dark"


class TestProfile:
    def test_it_saves_what_one_chose(self, cast: Cast) -> None:
        client = signed_in(cast.bob.user)

        answer = client.post(
            "/profile/", {"name": "Bob B.", "theme": "light", "zone": "Asia/Tokyo"}, follow=True
        )

        cast.bob.user.refresh_from_db()
        assert (cast.bob.user.name, cast.bob.user.theme, cast.bob.user.zone) == (
            "Bob B.",
            "light",
            "Asia/Tokyo",
        )
        assert b"Your profile is saved." in answer.content
        assert b'data-theme="light"' in answer.content

    def test_an_unknown_zone_is_refused_beside_its_field(self, cast: Cast) -> None:
        answer = signed_in(cast.bob.user).post("/profile/", {"name": "Bob", "zone": "Mars/Olympus"})

        assert b'id="id_zone_error"' in answer.content
        cast.bob.user.refresh_from_db()
        assert cast.bob.user.zone == ""

    def test_a_visitor_is_asked_to_sign_in(self) -> None:
        assert Client().get("/profile/")["Location"] == "/accounts/login/?next=/profile/"


class TestAccountPages:
    @pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/password/reset/"])
    def test_a_visitor_gets_our_entrance(self, address: str) -> None:
        page = Client().get(address)

        assert page.status_code == 200
        assert b'class="entrance"' in page.content

    @pytest.mark.parametrize(
        "address",
        ["/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/", "/accounts/logout/"],
    )
    def test_a_person_gets_our_frame_without_anything_inline(self, cast: Cast, address: str) -> None:
        page = signed_in(cast.alice.user).get(address)

        assert page.status_code == 200
        assert b"clarion.css" in page.content
        assert b" style=" not in page.content

    def test_the_rules_for_passwords_are_a_list(self, cast: Cast) -> None:
        page = signed_in(cast.alice.user).get("/accounts/password/change/").content

        assert b"<li>Your password must contain at least 10 characters.</li>" in page

    def test_the_code_to_scan_is_in_the_page_since_the_policy_forbids_data_images(self, cast: Cast) -> None:
        client = signed_in(cast.alice.user)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})

        page = client.get("/accounts/2fa/totp/activate/").content

        assert b'<div class="qr" role="img"' in page
        assert b"<svg" in page.split(b'class="qr"')[1]
        assert b"data:image" not in page


class TestErrorPages:
    def test_a_form_without_a_token_says_that_it_expired(self, cast: Cast) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.alice.user)

        answer = client.post("/profile/", {"name": "x"})

        assert answer.status_code == 403
        assert b"The form has expired" in answer.content

    def test_an_address_that_leads_nowhere_says_so_in_our_look(self) -> None:
        answer = Client().get("/nowhere/")

        assert answer.status_code == 404
        assert b"Page not found" in answer.content
        assert b"clarion.css" in answer.content
