"""The mail channel as the rest of the program sees it."""

import time
from collections.abc import Mapping
from typing import Any

from clarion.channels import looks
from clarion.channels.base import CheckResult, ConfigInvalid, NoHooks, StepContext
from clarion.channels.email import addresses, checking
from clarion.channels.email import config as settings
from clarion.channels.email import content as contents
from clarion.channels.email.composer import Composer
from clarion.channels.email.transport import Transport
from clarion.lib import links
from clarion.lib.sentences import said


class EmailChannel(NoHooks):
    """A `clarion.channels.base.Channel`."""

    name = "email"
    label: str = said("Email")
    icon = "mail"
    address_kind = "email"
    secrets = settings.SECRETS
    look = looks.MAIL
    tells_opens = True

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from `smtp://user:password@host:port` and `Shop <shop@example.com>`."""
        problems: dict[str, str] = {}
        config: dict[str, Any] = {}
        for field, read, given in (
            ("url", settings.config_from_url, url),
            ("from", settings.from_header, sender),
        ):
            try:
                config |= read(given)
            except ConfigInvalid as error:
                problems[field] = " ".join(error.problems.values())
        if problems:
            raise ConfigInvalid(problems)
        return config

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned settings of a sender. Raises ConfigInvalid."""
        return settings.check(config)

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned content. Raises ConfigInvalid."""
        return contents.check(content)

    def links_of(self, content: Mapping[str, Any]) -> list[str]:
        """Return the targets of a checked content's links."""
        return links.targets(list(contents.parts_of(content).values())[2:])

    def normalise_address(self, address: str) -> str:
        """Return the address in its one form. Raises ValueError with a sentence."""
        return addresses.normalise(address)

    def composer(
        self, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> Composer:
        """Prepare the content for a run."""
        return Composer(checked=content, config=settings.Config.of(config), context=context)

    def transport(self, config: Mapping[str, Any]) -> Transport:
        """Return a transport that connects on first use."""
        return Transport(settings.Config.of(config))

    async def check_credentials(self, config: Mapping[str, Any]) -> CheckResult:
        """Connect, encrypt and sign in, without sending; say what was seen."""
        return await checking.check_credentials(settings.Config.of(config), now=time.time())
