"""The sandbox as the rest of the program sees it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clarion.channels import looks
from clarion.channels.base import CheckResult, NoHooks, StepContext
from clarion.channels.sandbox import composer as composing
from clarion.channels.sandbox import config as settings
from clarion.channels.sandbox.outbox import FileOutbox, NoOutbox
from clarion.channels.sandbox.transport import BAD_TOKEN, Transport
from clarion.lib import links
from clarion.lib.sentences import said

#: Longest address taken, in characters.
MAX_ADDRESS = 254


class SandboxChannel(NoHooks):
    """A `clarion.channels.base.Channel`."""

    name = "sandbox"
    label: str = said("Sandbox (nothing leaves)")
    icon = "flask-conical"
    address_kind = "email"
    reports_delivery = True
    secrets = frozenset({"token"})
    look = looks.Look(shape=looks.Shape.MAIL, modes=looks.MAIL_MODES, has_subject=True)
    tells_opens = True

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from `sandbox:?refuse_share=0.1&outbox=/tmp/outbox`; nothing given is fine too."""
        return settings.config_from_url(url)

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned settings. Raises ConfigInvalid."""
        return settings.check(config)

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned content. Raises ConfigInvalid."""
        return composing.check(content)

    def links_of(self, content: Mapping[str, Any]) -> list[str]:
        """Return the targets of a checked content's links."""
        return links.targets(composing.parts_of(content)[1:])

    def normalise_address(self, address: str) -> str:
        """Return the address in lower case. Raises ValueError with a sentence."""
        plain = address.strip().lower()
        local, at, domain = plain.rpartition("@")
        if (
            not (local and at and domain)
            or not plain.isprintable()
            or " " in plain
            or len(plain) > MAX_ADDRESS
        ):
            raise ValueError(said("This is not a mail address."))
        return plain

    def composer(
        self, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> composing.Composer:
        """Prepare the content for a run."""
        return composing.Composer(checked=content, context=context)

    def transport(self, config: Mapping[str, Any]) -> Transport:
        """Return a transport that writes to the directory `outbox`, if one is set."""
        directory = config["outbox"]
        return Transport(config, outbox=FileOutbox(Path(directory)) if directory else NoOutbox())

    async def check_credentials(self, config: Mapping[str, Any]) -> CheckResult:
        """Say that nothing leaves, or that the token is the one that is refused."""
        if config["token"] == BAD_TOKEN:
            return CheckResult(ok=False, problem=said("The sandbox refuses this token, as it is meant to."))
        where = config["outbox"] or "nowhere (no outbox is set)"
        return CheckResult(
            ok=True, lines=[("sandbox", "nothing leaves this machine"), ("outbox", f"messages go to {where}")]
        )
