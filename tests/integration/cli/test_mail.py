"""`clarion mail`: the system sender."""

import json

import pytest

from clarion.senders import operations as senders
from clarion.workspaces.actors import of_member
from tests.factories import Cast
from tests.integration.cli.running import clarion
from tests.letters import Mailbox
from tests.letters import mail_server as mail_server

pytestmark = pytest.mark.django_db


def test_it_is_chosen_tried_and_taken_away(cast: Cast, mail_server: Mailbox) -> None:
    sender = senders.create_sender(
        by=of_member(cast.alice), channel="email", name="Post", config=mail_server.config()
    )
    assert clarion("mail", "show").exit_code == 1
    assert clarion("mail", "use", "nonsense").exit_code == 2
    assert clarion("mail", "use", str(sender.public_id)[:8]).exit_code == 0
    shown = clarion("mail", "show", "--json")
    assert (shown.exit_code, json.loads(shown.stdout)["from"]) == (0, "clarion@example.test")
    assert clarion("mail", "test", "ops@example.test").exit_code == 0
    assert [letter["To"] for letter in mail_server.read()] == ["ops@example.test"]
    url = f"smtp://127.0.0.1:{mail_server.server.port}"
    assert clarion("mail", "server", "--url", url, "--from", "Clarion <c@example.test>").exit_code == 0
    assert clarion("mail", "server", "--url", "http://x", "--from", "nobody").exit_code == 2
    assert json.loads(clarion("mail", "show", "--json").stdout)["sender"] is None
    assert clarion("mail", "off").exit_code == 0
    assert clarion("mail", "test", "ops@example.test").exit_code == 1
