"""A system sender with a mail server behind it, and what it was given."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from clarion.channels.email.tests.server import Server
from clarion.senders.system import operations
from tests.acceptance.smtp import Running


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What Clarion wrote."""

    server: Server

    def config(self) -> dict[str, object]:
        """Return the settings of the mail server."""
        return {
            "host": "127.0.0.1", "port": self.server.port, "security": "none",
            "from_address": "clarion@example.test", "from_name": "Clarion",
        }  # fmt: skip

    def read(self) -> list[EmailMessage]:
        """Have what waits delivered, and return all letters."""
        operations.deliver_due()
        return [message_from_bytes(one.octets, policy=policy.default) for one in self.server.received]  # type: ignore[misc]

    def newest(self) -> tuple[str, str, str]:
        """Return the last letter: to whom, subject, text."""
        letter = self.read()[-1]
        return str(letter["To"]), str(letter["Subject"]), letter.get_content()

    def link(self) -> str:
        """Return the path of the last letter's first link."""
        found = re.search(r"https?://[^/\s]+(/\S+)", self.newest()[2])
        assert found
        return found[1]


@pytest.fixture
def mail_server() -> Iterator[Mailbox]:
    """A mail server that nobody has chosen yet."""
    server = Server()
    running = Running({"smtp": server})
    yield Mailbox(server)
    running.close()


@pytest.fixture
def mailbox(mail_server: Mailbox, db: None) -> Mailbox:
    """The same as the system sender."""
    operations.use_server(by=None, config=mail_server.config())
    return mail_server
