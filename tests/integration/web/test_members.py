"""The pages of members, and the link by which one joins."""

import re

import pytest
from django.test import Client

from clarion.workspaces import operations
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import Invitation, Membership
from clarion.workspaces.permissions import Role
from tests.factories import Cast, client_of

pytestmark = pytest.mark.django_db

MEMBERS = "/w/acme/members/"


def link_in(body: str) -> str:
    """Return the path of the invitation that a page shows."""
    found = re.search(r'data-copy="https?://[^/"]+(/join/[^"]+)"', body)
    assert found
    return found[1]


class TestInviting:
    def test_from_the_form_to_the_first_page_of_somebody_new(self, cast: Cast) -> None:
        page = client_of(cast.alice).post(MEMBERS, {"email": "nia@example.test", "role": "MODERATOR"})
        link = link_in(page.content.decode())
        assert link not in client_of(cast.alice).get(MEMBERS).content.decode()

        guest = Client()
        shown = guest.get(link)
        assert "Join Acme" in shown.content.decode()
        assert shown["Referrer-Policy"] == "same-origin"
        weak = guest.post(link, {"name": "Nia", "password": "12345"})
        assert weak.status_code == 422
        joined = guest.post(link, {"name": "Nia", "password": "a long enough sentence"}, follow=True)
        assert joined.redirect_chain[0][0] == "/w/acme/"
        assert "Welcome to Acme" in joined.content.decode()
        assert Membership.objects.get(user__email="nia@example.test").role == Role.MODERATOR
        assert Client().get(link).status_code == 404

    def test_a_browser_that_names_the_origin_of_the_form_gets_in(self, cast: Cast) -> None:
        """What the referrer policy allows is what the check for forgeries sees: "no-referrer" makes it "null"."""
        _one, secret = operations.invite(by=of_member(cast.alice), email="n@example.test", role=Role.VIEWER)
        link, guest = f"/join/{secret}/", Client(enforce_csrf_checks=True)
        shown = guest.get(link)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', shown.content.decode())
        assert token
        origin = "null" if shown["Referrer-Policy"] == "no-referrer" else "http://testserver"
        form = {"name": "Nia", "password": "a long enough sentence", "csrfmiddlewaretoken": token[1]}

        assert guest.post(link, form, headers={"origin": origin})["Location"] == "/w/acme/"

    def test_who_has_an_account_signs_in_and_joins(self, cast: Cast) -> None:
        _one, secret = operations.invite(
            by=of_member(cast.alice), email="mallory@example.test", role=Role.VIEWER
        )
        link = f"/join/{secret}/"
        guest = Client()
        assert guest.get(link)["Location"].startswith("/accounts/login/?next=/join/")
        assert "another address" in client_of(cast.bob).get(link).content.decode()
        assert client_of(cast.bob).post(link).status_code == 200
        mallory = client_of(cast.mallory)
        assert mallory.post(link)["Location"] == "/w/acme/"
        assert mallory.get("/w/acme/").status_code == 200

    def test_what_is_wrong_is_said_at_the_field(self, cast: Cast) -> None:
        alice = client_of(cast.alice)
        assert "no e-mail address" in alice.post(MEMBERS, {"email": "x", "role": "VIEWER"}).content.decode()
        again = alice.post(MEMBERS, {"email": "bob@example.test", "role": "VIEWER"})
        assert (again.status_code, "belongs to the workspace" in again.content.decode()) == (422, True)

    def test_a_new_link_ends_the_old_and_withdrawing_ends_both(self, cast: Cast) -> None:
        one, secret = operations.invite(by=of_member(cast.alice), email="n@example.test", role=Role.VIEWER)
        alice = client_of(cast.alice)
        page = alice.post(f"{MEMBERS}invitations/{one.public_id}/renew/")
        link = link_in(page.content.decode())
        assert (Client().get(f"/join/{secret}/").status_code, Client().get(link).status_code) == (404, 200)
        alice.post(f"{MEMBERS}invitations/{one.public_id}/withdraw/")
        assert Client().get(link).status_code == 404


class TestMember:
    def test_a_role_is_changed_and_holds_at_the_next_click(self, cast: Cast) -> None:
        url = f"{MEMBERS}{cast.bob.public_id}/"
        bob = client_of(cast.bob)
        assert bob.get("/w/acme/audit/").status_code == 403
        client_of(cast.alice).post(url, {"role": "MODERATOR"})
        assert bob.get("/w/acme/audit/").status_code == 200

    def test_suspending_asks_first_and_closes_the_workspace(self, cast: Cast) -> None:
        url = f"{MEMBERS}{cast.bob.public_id}/"
        alice, bob = client_of(cast.alice), client_of(cast.bob)
        assert "Suspend bob?" in alice.post(f"{url}suspend/").content.decode()
        assert bob.get("/w/acme/").status_code == 200
        alice.post(f"{url}suspend/", {"confirmed": "1"})
        assert bob.get("/w/acme/").status_code == 404
        alice.post(f"{url}reinstate/")
        assert bob.get("/w/acme/").status_code == 200
        alice.post(f"{url}remove/", {"confirmed": "1"})
        assert bob.get("/w/acme/").status_code == 404

    def test_the_last_owner_is_told_why_they_cannot_leave(self, cast: Cast) -> None:
        answer = client_of(cast.alice).post(f"{MEMBERS}leave/", {"confirmed": "1"}, follow=True)
        assert "last owner" in answer.content.decode()
        left = client_of(cast.vera).post(f"{MEMBERS}leave/", {"confirmed": "1"})
        assert left["Location"] == "/"

    def test_others_see_names_and_roles_and_no_addresses(self, cast: Cast) -> None:
        Invitation.objects.all().delete()
        operations.invite(by=of_member(cast.alice), email="secret@example.test", role=Role.VIEWER)
        for member in (cast.vera, cast.bob):
            body = client_of(member).get(MEMBERS).content.decode()
            assert "alice" in body
            assert "alice@example.test" not in body
            assert "secret@example.test" not in body
            assert client_of(member).post(MEMBERS, {"email": "x@example.test"}).status_code == 403
        assert "Approve and reject" in client_of(cast.vera).get("/help/roles/").content.decode()

    def test_a_stranger_finds_nobody(self, cast: Cast) -> None:
        mallory = client_of(cast.mallory)
        assert mallory.get(MEMBERS).status_code == 404
        assert mallory.get(f"{MEMBERS}{cast.bob.public_id}/").status_code == 404
        other = f"/w/elsewhere/members/{cast.bob.public_id}/"
        assert mallory.post(f"{other}remove/", {"confirmed": "1"}).status_code == 404
