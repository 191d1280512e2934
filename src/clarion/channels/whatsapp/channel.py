"""The WhatsApp channel as the rest of the program sees it: a linked phone behind WAHA, Evolution or Green-API."""

from collections.abc import Mapping
from typing import Any

from clarion.channels import looks
from clarion.channels.base import CheckResult, HookItem, HookRequest, NoHooks, StepContext
from clarion.channels.linked import Group, LinkState, Members
from clarion.channels.whatsapp import checking, receipts
from clarion.channels.whatsapp import config as settings
from clarion.channels.whatsapp import content as contents
from clarion.channels.whatsapp.composer import Composer
from clarion.channels.whatsapp.gateways import GROUP, PEOPLE
from clarion.channels.whatsapp.transport import Transport
from clarion.lib import links, phones


class WhatsAppChannel(NoHooks):
    """A `clarion.channels.base.Channel`; `clarion.channels.linked.Linked` and `HasGroups` too."""

    name = "whatsapp"
    label = "WhatsApp"
    icon = "message-circle"
    address_kind = "phone"
    confirms_answers = True
    secrets = settings.SECRETS
    look = looks.CHAT
    tells_opens = False
    #: Gateways carry no id of ours, so theirs are kept.
    tracks_provider_ids = True
    reports_delivery = True
    #: What a new sender begins with, in messages per span: numbers that write more to strangers are banned.
    suggested_limits: Mapping[str, int] = {"hour": 120, "day": 500}

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from `waha://session:key@host`; `sender` is not used: a session is one number."""
        return settings.config_from_url(url)

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned settings of a sender. Raises ConfigInvalid."""
        return settings.check(config)

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned content. Raises ConfigInvalid."""
        return contents.check(content)

    def links_of(self, content: Mapping[str, Any]) -> list[str]:
        """Return the targets of a checked content's links; that of its file is not followed."""
        return links.targets(contents.parts_of(content)[:1])

    def beside(self, content: Mapping[str, Any], filled: Mapping[str, str]) -> dict[str, Any]:
        """Return what a preview shows beside the text: the picture, or the address of the file."""
        is_picture = content.get("attachment") == "image"
        return {"picture_url" if is_picture else "media_url": filled.get("media_url", "").strip()}

    def normalise_address(self, address: str) -> str:
        """Return the number in E.164 with its plus. Raises ValueError with a sentence."""
        text = address.strip()
        for suffix in PEOPLE:
            if text.endswith(suffix):
                text = f"+{text.removesuffix(suffix).removeprefix('+')}"
        return phones.e164(text)

    def composer(
        self, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> Composer:
        """Prepare the content for a run."""
        return Composer(checked=content, context=context)

    def transport(self, config: Mapping[str, Any]) -> Transport:
        """Return a transport that connects on first use."""
        return Transport(settings.Config.of(config))

    def receipts(self, request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
        """Return what the gateway tells. Raises HookRefused and HookUnreadable."""
        return receipts.parse(request, config)

    async def check_credentials(self, config: Mapping[str, Any]) -> CheckResult:
        """Ask how the session stands, without sending; say what was seen."""
        return await checking.check_credentials(settings.Config.of(config))

    async def link_state(self, config: Mapping[str, Any]) -> LinkState:
        """Ask whether a phone is linked."""
        return await checking.state_of(settings.Config.of(config))

    async def link_code(self, config: Mapping[str, Any]) -> bytes:
        """Return the code that the phone is to scan. Raises Unreadable."""
        return await checking.code_of(settings.Config.of(config))

    async def groups(self, config: Mapping[str, Any]) -> list[Group]:
        """Return the groups that the phone is in. Raises Unreadable."""
        return await checking.groups_of(settings.Config.of(config))

    async def members(self, config: Mapping[str, Any], group: str) -> Members:
        """Return who is in a group. Raises Unreadable."""
        return await checking.members_of(settings.Config.of(config), group)

    def is_group(self, text: str) -> bool:
        """Tell whether this is written like a group's id."""
        digits, at, rest = text.partition("@")
        return (
            f"{at}{rest}" == GROUP
            and digits.replace("-", "").isdecimal()
            and text.isascii()
            and len(text) < 60
        )
