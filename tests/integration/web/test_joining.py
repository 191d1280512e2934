"""Joining by an invitation: the letter, and what it proves."""

import pytest
from django.test import Client

from clarion.workspaces import operations
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import User
from clarion.workspaces.permissions import Role
from tests.factories import Cast
from tests.letters import Mailbox
from tests.letters import mail_server as mail_server
from tests.letters import mailbox as mailbox

pytestmark = pytest.mark.django_db


def test_an_invitation_is_written_where_there_is_a_sender_and_shown_either_way(
    cast: Cast, mailbox: Mailbox
) -> None:
    client = Client()
    client.force_login(cast.alice.user)

    page = client.post("/w/acme/members/", {"email": "nia@example.test", "role": "VIEWER"}).content.decode()

    assert "A mail with the link is on its way" in page
    shown, _mark, proof = mailbox.link().partition("?")
    assert shown in page
    assert proof.startswith("proof=")
    assert proof not in page, "who is shown the link has not proven the address"
    assert mailbox.newest()[0] == "nia@example.test"


def test_only_who_reads_what_is_sent_to_the_invited_address_makes_an_account_by_it(
    cast: Cast, mailbox: Mailbox
) -> None:
    _invitation, secret = operations.invite(
        by=of_member(cast.alice), email="nia@example.test", role=Role.VIEWER
    )
    said = {"name": "Nia", "password": "a long enough one"}
    client, shown = Client(), f"/join/{secret}/"

    for url in (shown, f"{shown}?proof=guessed"):
        assert b"nobody else joins in your place" in client.get(url).content
        assert b"The mail is on its way" in client.post(url, said).content
    assert not User.objects.filter(email="nia@example.test").exists()
    letters = mailbox.read()
    assert [str(one["To"]) for one in letters] == ["nia@example.test"], "one a minute"

    assert b'name="password"' in client.get(mailbox.link()).content
    assert client.post(mailbox.link(), said).status_code == 302
    assert User.objects.get(email="nia@example.test").memberships.get().workspace == cast.workspace
    assert Client().get(mailbox.link()).status_code == 404
