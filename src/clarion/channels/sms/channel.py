"""The SMS channel as the rest of the program sees it: over SMPP, through Twilio, or through any gateway on the web."""

import re
from collections.abc import Mapping
from typing import Any

from clarion.channels import looks
from clarion.channels.base import (
    CheckResult,
    ConfigInvalid,
    Heard,
    HookItem,
    HookRefused,
    HookRequest,
    NoHooks,
    StepContext,
)
from clarion.channels.sms import checking, web
from clarion.channels.sms import config as smpp
from clarion.channels.sms import content as contents
from clarion.channels.sms.composer import Building, Composer
from clarion.channels.sms.gateway import config as gateway
from clarion.channels.sms.gateway import receipts as gateway_receipts
from clarion.channels.sms.gateway import transport as gateway_transport
from clarion.channels.sms.listener import Listener
from clarion.channels.sms.payload import Builder
from clarion.channels.sms.transport import Transport
from clarion.channels.sms.twilio import config as twilio
from clarion.channels.sms.twilio import receipts as twilio_receipts
from clarion.channels.sms.twilio import transport as twilio_transport
from clarion.engine import ports
from clarion.lib import links, phones
from clarion.lib.sentences import said

#: How messages go → what checks a sender's settings.
CHECKS = {"smpp": smpp.check, "twilio": twilio.check, "http": gateway.check}


#: Parts of a message where a sender's settings do not say.
MOST_PARTS = 6


class SmsChannel(NoHooks):
    """A `clarion.channels.base.Channel`."""

    name = "sms"
    label: str = said("SMS")
    icon = "message-square-text"
    address_kind = "phone"
    confirms_answers = True
    reports_delivery = True
    look = looks.SMS
    tells_opens = False
    secrets = smpp.SECRETS | twilio.SECRETS | gateway.SECRETS
    tracks_provider_ids = True
    listens = True

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from `smpp://user:password@host:port?source=Shop`; `sender` is the source too."""
        config = smpp.config_from_url(url)
        if sender:
            config["source"] = sender
        if not str(config.get("source", "")).strip():
            raise ConfigInvalid(
                {"from": said("Say who the messages are from: a number, a short code or a name.")}
            )
        return config

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned settings of a sender. Raises ConfigInvalid."""
        check = CHECKS.get(str(config.get("protocol") or "smpp"))
        if check is None:
            raise ConfigInvalid({"protocol": said("Choose one of: %(choices)s.", choices=", ".join(CHECKS))})
        return check(config)

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned content. Raises ConfigInvalid."""
        return contents.check(content)

    def links_of(self, content: Mapping[str, Any]) -> list[str]:
        """Return the targets of a checked content's links."""
        return links.targets([contents.part_of(content)])

    def normalise_address(self, address: str) -> str:
        """Return the number in E.164 with its plus. Raises ValueError with a sentence."""
        return phones.e164(address)

    def composer(
        self, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> Composer:
        """Prepare the content for a run."""
        is_smpp = _protocol(config) == "smpp"
        builder: Building = (
            Builder(smpp.Config.of(config)) if is_smpp else web.Builder(int(config["max_parts"]))
        )
        return Composer(checked=content, builder=builder, context=context)

    def transport(self, config: Mapping[str, Any]) -> ports.Transport:
        """Return a transport that connects on first use."""
        match _protocol(config):
            case "twilio":
                return twilio_transport.Transport(config)
            case "http":
                return gateway_transport.Transport(config)
            case _:
                return Transport(smpp.Config.of(config))

    def most_units(self, config: Mapping[str, Any]) -> int:
        """Return how many parts a message of a sender may have: a longer one is not sent."""
        return int(config.get("max_parts", MOST_PARTS))

    def tracks(self, config: Mapping[str, Any]) -> bool:
        """Tell whether receipts name their message by the provider's id alone, and are wanted."""
        match _protocol(config):
            case "twilio":
                return False
            case "http":
                told = str(config.get("url", "")) + str(config.get("parameters", ""))
                return str(config.get("receipts")) != "none" and "{callback}" not in told
            case _:
                return str(config.get("receipts", "none")) != "none"

    def can_report(self, config: Mapping[str, Any]) -> bool:
        """Tell whether a sender can hear of an arrival: a gateway needs a callback and a word for it."""
        match _protocol(config):
            case "http":
                return gateway.tells_arrival(config)
            case "smpp":
                return config.get("receipts") == "all"
            case _:
                return True

    def listener(self, config: Mapping[str, Any], heard: Heard) -> Listener | None:
        """Return a session for receipts and answers, where an SMPP sender wants any."""
        if _protocol(config) != "smpp" or config.get("receipts", "none") == "none":
            return None
        return Listener(smpp.Config.of(config), heard)

    def code_url(self, code: str) -> str:
        """Return Twilio's page of an error: its codes are the only ones of five digits."""
        number = code.split(" ")[-1]
        return (
            f"https://www.twilio.com/docs/api/errors/{number}" if re.fullmatch(r"[1-9]\d{4}", number) else ""
        )

    def receipts(self, request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
        """Return what a provider on the web tells. Raises HookRefused and HookUnreadable."""
        match _protocol(config):
            case "twilio":
                return twilio_receipts.parse(request, config)
            case "http":
                return gateway_receipts.parse(request, config)
            case _:
                raise HookRefused("an SMPP provider calls nobody")

    async def check_credentials(self, config: Mapping[str, Any]) -> CheckResult:
        """Connect and sign in, without sending; say what was seen."""
        match _protocol(config):
            case "twilio":
                return await twilio_transport.check_credentials(config)
            case "http":
                return await gateway_transport.check_credentials(config)
            case _:
                return await checking.check_credentials(smpp.Config.of(config))


def _protocol(config: Mapping[str, Any]) -> str:
    return str(config.get("protocol") or "smpp")
