"""The voice channel as the rest of the program sees it: over an Asterisk, or by a provider on the web."""

import re
from collections.abc import Mapping
from typing import Any

from clarion.channels import looks
from clarion.channels.base import (
    CheckResult,
    ConfigInvalid,
    HookItem,
    HookRefused,
    HookRequest,
    NoHooks,
    StepContext,
)
from clarion.channels.voice import content as contents
from clarion.channels.voice import dispositions
from clarion.channels.voice.ari import checking as ari_checking
from clarion.channels.voice.ari import config as ari
from clarion.channels.voice.ari import transport as ari_transport
from clarion.channels.voice.composer import Composer
from clarion.channels.voice.twilio import config as twilio
from clarion.channels.voice.twilio import receipts as twilio_receipts
from clarion.channels.voice.twilio import transport as twilio_transport
from clarion.engine import ports
from clarion.lib import phones
from clarion.lib.sentences import said

#: How calls are made → what checks a sender's settings.
CHECKS = {"ari": ari.check, "twilio": twilio.check}


class VoiceChannel(NoHooks):
    """A `clarion.channels.base.Channel`."""

    name = "voice"
    label: str = said("Voice")
    icon = "audio-lines"
    address_kind = "phone"
    look = looks.CALL
    secrets = ari.SECRETS | twilio.SECRETS
    reports_delivery = True
    #: A call outside of waking hours disturbs, and is against the law in many countries.
    needs_hours = True
    #: Seconds for a test call, which must ring and be answered.
    test_seconds = 55.0

    #: What is billed of a call is its seconds.
    bills_seconds = True

    def most_units(self, config: Mapping[str, Any]) -> int:
        """Return how many seconds a call of a sender may last."""
        return int(config.get("max_seconds", 300))

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from `ari://user:password@host:8088?endpoint=PJSIP/{number}@trunk` or `twilio://SID:token@`.

        `sender` is who calls.
        """
        config = twilio.config_from_url(url) if url.startswith("twilio:") else ari.config_from_url(url)
        if sender:
            config["caller_id"] = sender
        return config

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned settings of a sender. Raises ConfigInvalid."""
        check = CHECKS.get(_protocol(config))
        if check is None:
            raise ConfigInvalid({"protocol": said("Choose one of: %(choices)s.", choices=", ".join(CHECKS))})
        return check(config)

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned content. Raises ConfigInvalid."""
        return contents.check(content)

    def beside(self, content: Mapping[str, Any], filled: Mapping[str, str]) -> dict[str, Any]:
        """Return what a preview shows beside the text: the recording that is played in its place."""
        return {"media_url": filled.get("media_url", "").strip()}

    def normalise_address(self, address: str) -> str:
        """Return the number in E.164 with its plus. Raises ValueError with a sentence."""
        return phones.e164(address)

    def composer(
        self, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> Composer:
        """Prepare the content for a run."""
        return Composer(checked=content, config=config, context=context)

    def misfit(self, content: Mapping[str, Any], config: Mapping[str, Any]) -> str:
        """Return why a sender cannot make calls of a checked content; "" when it can."""
        return contents.misfit(content, _protocol(config))

    def transport(self, config: Mapping[str, Any]) -> ports.Transport:
        """Return a transport that connects on first use."""
        if _protocol(config) == "twilio":
            return twilio_transport.Transport(config)
        return ari_transport.Transport(ari.Config.of(config))

    def receipts(self, request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
        """Return what a provider on the web asks and tells. Raises HookRefused and HookUnreadable."""
        if _protocol(config) != "twilio":
            raise HookRefused("an exchange calls nobody")
        return twilio_receipts.parse(request, config)

    def code_url(self, code: str) -> str:
        """Return Twilio's page of an error: its codes are the only ones of five digits."""
        found = re.fullmatch(r"[1-9]\d{4}", code, re.ASCII)
        return f"https://www.twilio.com/docs/api/errors/{code}" if found else ""

    def sentence_of(self, code: str) -> str:
        """Return what a delivery's or a receipt's code says; empty for one that is no disposition."""
        return dispositions.SENTENCES.get(code, "")

    async def check_credentials(self, config: Mapping[str, Any]) -> CheckResult:
        """Sign in without calling anybody; say what was seen."""
        if _protocol(config) == "twilio":
            return await twilio_transport.check_credentials(config)
        return await ari_checking.check_credentials(ari.Config.of(config))


def _protocol(config: Mapping[str, Any]) -> str:
    return str(config.get("protocol") or "ari")
