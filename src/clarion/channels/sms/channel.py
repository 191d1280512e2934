"""The SMS channel as the rest of the program sees it."""

from collections.abc import Mapping
from typing import Any

from clarion.channels import looks
from clarion.channels.base import CheckResult, ConfigInvalid, NoHooks, StepContext
from clarion.channels.sms import checking
from clarion.channels.sms import config as settings
from clarion.channels.sms import content as contents
from clarion.channels.sms.composer import Composer
from clarion.channels.sms.transport import Transport
from clarion.lib import phones


class SmsChannel(NoHooks):
    """A `clarion.channels.base.Channel`."""

    name = "sms"
    label = "SMS"
    icon = "message-square-text"
    address_kind = "phone"
    secrets = settings.SECRETS
    look = looks.SMS

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from `smpp://user:password@host:port?source=Shop`; `sender` is the source too."""
        config = settings.config_from_url(url)
        if sender:
            config["source"] = sender
        if not str(config.get("source", "")).strip():
            raise ConfigInvalid({"from": "Say who the messages are from: a number, a short code or a name."})
        return config

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned settings of a sender. Raises ConfigInvalid."""
        return settings.check(config)

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned content. Raises ConfigInvalid."""
        return contents.check(content)

    def normalise_address(self, address: str) -> str:
        """Return the number in E.164 with its plus. Raises ValueError with a sentence."""
        return phones.e164(address)

    def composer(
        self, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> Composer:
        """Prepare the content for a run."""
        return Composer(checked=content, config=settings.Config.of(config), context=context)

    def transport(self, config: Mapping[str, Any]) -> Transport:
        """Return a transport that connects on first use."""
        return Transport(settings.Config.of(config))

    async def check_credentials(self, config: Mapping[str, Any]) -> CheckResult:
        """Connect, encrypt and bind, without sending; say what was seen."""
        return await checking.check_credentials(settings.Config.of(config))
