"""What a channel is to the rest of the program."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from clarion.engine.ports import Composer, Transport


class ConfigInvalid(ValueError):
    """A sender's settings or a content do not fit the channel. `problems` maps a field name to a sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {sentence}" for name, sentence in problems.items()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """What a composer needs beside the content: who sends, and how links lead back to us."""

    workspace_id: int
    run_id: int
    campaign_public_id: str
    #: Public base address of this installation, without a trailing slash.
    public_url: str
    #: Secret from which unsubscribe tokens are made.
    token_key: bytes


class Channel(Protocol):
    """One way to reach people. Implementations are modules' `CHANNEL` objects, listed in `registry`."""

    name: str
    label: str
    #: lucide icon name.
    icon: str
    #: The name of the contact's address that this channel uses: "email", "phone", …
    address_kind: str
    #: Names of config fields that are secret: sealed in the database and never shown again.
    secrets: frozenset[str]

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from what a command line gives: an address with credentials, and who it is from.

        They are still to be checked. Raises ConfigInvalid, with the fields `url` and `from`.
        """

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned, JSON-serialisable settings. Raises ConfigInvalid."""

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned, JSON-serialisable content. Raises ConfigInvalid."""

    def normalise_address(self, address: str) -> str:
        """Return the one form by which an address is stored and compared. Raises ValueError with a sentence."""

    def composer(
        self, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> Composer:
        """Prepare the content once for a run. `content` and `config` have been checked."""

    def transport(self, config: Mapping[str, Any]) -> Transport:
        """Return a transport that connects on first use. `config` has been checked and holds its secrets."""

    async def check_credentials(self, config: Mapping[str, Any]) -> "CheckResult":
        """Connect and sign in without sending; say what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a credential check found: one line a step, for a person to read."""

    ok: bool
    #: (step, what was seen), such as ("STARTTLS", "TLSv1.3, certificate valid until 2027-01-02").
    lines: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""


def reports_delivery(channel: Channel) -> bool:
    """Whether receipts of the channel tell when a message arrived: its `reports_delivery`, False without one.

    A cascade that waits for receipts takes silence for failure on such a channel alone.
    """
    return bool(getattr(channel, "reports_delivery", False))
