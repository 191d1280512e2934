"""The Viber channel as the rest of the program sees it."""

from collections.abc import Mapping
from typing import Any

from clarion.channels import looks
from clarion.channels.base import CheckResult, ConfigInvalid, HookItem, HookRequest, NoHooks, StepContext
from clarion.channels.viber import checking, receipts
from clarion.channels.viber import config as settings
from clarion.channels.viber import content as contents
from clarion.channels.viber.composer import Composer
from clarion.channels.viber.transport import Transport
from clarion.lib import links, phones
from clarion.lib.sentences import said


class ViberChannel(NoHooks):
    """A `clarion.channels.base.Channel`."""

    name = "viber"
    label = "Viber"
    icon = "phone-call"
    address_kind = "phone"
    confirms_answers = True
    secrets = settings.SECRETS
    look = looks.CHAT
    tells_opens = False
    #: Of some kinds of messages Viber brings back nothing of ours.
    tracks_provider_ids = True
    reports_delivery = True

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from `viber://service-id:token@`; `sender` is the name that recipients see."""
        config = settings.config_from_url(url)
        if sender:
            config["source"] = sender
        if not str(config.get("source", "")).strip():
            raise ConfigInvalid(
                {"from": said("Say who the messages are from: the name that recipients see.")}
            )
        return config

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned settings of a sender. Raises ConfigInvalid."""
        return settings.check(config)

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned content. Raises ConfigInvalid."""
        return contents.check(content)

    def links_of(self, content: Mapping[str, Any]) -> list[str]:
        """Return the targets of a checked content's links: those of its text and its button."""
        text, _picture, _label, url = contents.parts_of(content)
        return links.targets([text, url])

    def beside(self, content: Mapping[str, Any], filled: Mapping[str, str]) -> dict[str, Any]:
        """Return what a preview shows beside the text: the picture and the button."""
        label = filled.get("button_label", "").strip()
        return {"picture_url": filled.get("image_url", "").strip(), "buttons": [label] if label else []}

    def normalise_address(self, address: str) -> str:
        """Return the number in E.164 with its plus. Raises ValueError with a sentence."""
        return phones.e164(address)

    def composer(
        self, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> Composer:
        """Prepare the content for a run."""
        return Composer(checked=content, context=context)

    def transport(self, config: Mapping[str, Any]) -> Transport:
        """Return a transport that connects on first use."""
        return Transport(settings.Config.of(config))

    def receipts(self, request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
        """Return what Viber tells. Raises HookRefused and HookUnreadable."""
        return receipts.parse(request, config)

    async def check_credentials(self, config: Mapping[str, Any]) -> CheckResult:
        """Ask whether Viber knows the service, without sending; say what was seen."""
        return await checking.check_credentials(settings.Config.of(config))
