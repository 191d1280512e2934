"""Trying a sender: its credentials and a test message, against a real server on this machine."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiosmtpd.controller import Controller

from clarion.channels.base import ConfigInvalid
from clarion.engine.outcomes import Accepted, Deferred, Reason, Refused
from clarion.senders import operations, testing
from clarion.senders.models import Sender
from clarion.workspaces.actors import Actor, of_member
from clarion.workspaces.errors import NotAllowed
from tests.factories import Cast
from tests.ports import free_port
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db

CONTENT = {"subject": "Hello {{ name }}", "html": "<p>Hi {{ name }}</p>"}


class Keeper:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 2.0.0 kept"


@pytest.fixture
def server() -> Iterator[Controller]:
    controller = Controller(Keeper(), hostname="127.0.0.1", port=free_port(), ready_timeout=PATIENCE_SECONDS)
    controller.start()
    yield controller
    controller.stop()


def given_a_sender(by: Actor, port: int) -> Sender:
    config = {"host": "127.0.0.1", "port": port, "security": "none", "from_address": "shop@example.test"}
    return operations.create_sender(by=by, channel="email", name="Shop", config=config)


class TestSendTest:
    def test_goes_the_way_of_a_real_message(self, alice: Actor, server: Controller) -> None:
        sender = given_a_sender(alice, server.port)

        outcome = testing.send_test(sender, CONTENT, "Ana@Example.test", {"name": "Ana"}, by=alice)

        assert isinstance(outcome, Accepted)
        envelope = server.handler.envelopes[0]
        assert envelope.rcpt_tos == ["ana@example.test"]
        assert b"Subject: Hello Ana" in envelope.content

    def test_says_when_nobody_answers(self, alice: Actor) -> None:
        outcome = testing.send_test(
            given_a_sender(alice, free_port()), CONTENT, "ana@example.test", {"name": "A"}, by=alice
        )

        assert isinstance(outcome, Deferred | Refused)
        assert outcome.reason is Reason.CONNECTION_FAILED

    def test_says_what_is_missing(self, alice: Actor, server: Controller) -> None:
        outcome = testing.send_test(
            given_a_sender(alice, server.port), CONTENT, "ana@example.test", {}, by=alice
        )

        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.RENDER_FAILED
        assert "“name” is missing" in outcome.detail
        assert server.handler.envelopes == []

    def test_refuses_what_is_no_address(self, alice: Actor, server: Controller) -> None:
        with pytest.raises(ConfigInvalid) as caught:
            testing.send_test(given_a_sender(alice, server.port), CONTENT, "nobody", {}, by=alice)

        assert "address" in caught.value.problems

    def test_works_through_the_sandbox(self, alice: Actor, tmp_path: Path) -> None:
        sender = operations.create_sender(
            by=alice, channel="sandbox", name="S", config={"outbox": str(tmp_path)}
        )

        outcome = testing.send_test(sender, CONTENT, "ana@example.test", {"name": "Ana"}, by=alice)

        assert isinstance(outcome, Accepted)
        assert orjson.loads((tmp_path / "outbox.jsonl").read_bytes())["subject"] == "Hello Ana"

    def test_a_viewer_may_not(self, alice: Actor, cast: Cast, server: Controller) -> None:
        with pytest.raises(NotAllowed):
            testing.send_test(
                given_a_sender(alice, server.port), CONTENT, "a@b.test", {}, by=of_member(cast.vera)
            )


class TestCheckCredentials:
    def test_tells_each_step(self, alice: Actor, server: Controller) -> None:
        found = testing.check_credentials(given_a_sender(alice, server.port), by=alice)

        assert found.ok
        assert found.lines[0] == ("resolve", "127.0.0.1")

    def test_says_what_is_wrong(self, alice: Actor) -> None:
        found = testing.check_credentials(given_a_sender(alice, free_port()), by=alice)

        assert not found.ok
        assert found.problem

    def test_ends_when_nobody_speaks(self, alice: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(testing, "TIME_LIMIT", 0.3)
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            sender = given_a_sender(alice, silent.getsockname()[1])

            assert "within 0.3 seconds" in testing.check_credentials(sender, by=alice).problem
            outcome = testing.send_test(sender, CONTENT, "ana@example.test", {"name": "Ana"}, by=alice)

        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.TIMED_OUT

    def test_works_inside_a_running_loop(self, alice: Actor, server: Controller) -> None:
        sender = given_a_sender(alice, server.port)
        config = {**sender.config}

        async def inside() -> bool:
            return testing.check_config("email", config).ok

        assert asyncio.run(inside())

    def test_an_author_may_not(self, alice: Actor, cast: Cast, server: Controller) -> None:
        with pytest.raises(NotAllowed):
            testing.check_credentials(given_a_sender(alice, server.port), by=of_member(cast.bob))
