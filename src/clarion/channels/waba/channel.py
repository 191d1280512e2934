"""The WhatsApp Business channel as the rest of the program sees it."""

from collections.abc import Mapping
from typing import Any

from clarion.channels import looks
from clarion.channels.base import (
    CheckResult,
    HookItem,
    HookRequest,
    NoHooks,
    ProviderAccount,
    StepContext,
    TemplateKey,
)
from clarion.channels.waba import checking, codes, receipts, syncing
from clarion.channels.waba import config as settings
from clarion.channels.waba import content as contents
from clarion.channels.waba.composer import Composer
from clarion.channels.waba.transport import Transport
from clarion.lib import phones
from clarion.lib.sentences import said


class WabaChannel(NoHooks):
    """A `clarion.channels.base.Channel` whose provider approves templates (`clarion.channels.base.Approves`)."""

    name = "waba"
    label: str = said("WhatsApp Business")
    icon = "message-circle"
    address_kind = "phone"
    secrets = settings.SECRETS
    look = looks.Look(shape=looks.Shape.CHAT, has_title=True, needs_approval=True)
    #: Statuses name our own ids, so the provider's are not kept.
    tracks_provider_ids = False
    reports_delivery = True
    sendable = frozenset({"APPROVED"})
    stopped = frozenset({"REJECTED", "PAUSED", "DISABLED", "DELETED", "PENDING_DELETION", "ARCHIVED"})
    #: What a new sender begins with: a number's throughput, unless it was raised.
    suggested_limits: Mapping[str, int] = {"second": 80}

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from `waba://TOKEN@PHONE-NUMBER-ID?business_account_id=…`; `sender` is the number shown."""
        config = settings.config_from_url(url)
        if sender:
            config["source"] = sender
        return config

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned settings of a sender. Raises ConfigInvalid."""
        return settings.check(config)

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned content. Raises ConfigInvalid."""
        return contents.check(content)

    def beside(self, content: Mapping[str, Any], filled: Mapping[str, str]) -> dict[str, Any]:
        """Return what a preview shows beside the text: the footer, the buttons, and what the header holds."""
        shape = contents.shape_in(content)
        if shape is None:
            return {}
        is_picture = shape["header"].get("format") == "IMAGE"
        return {
            "footer": shape["footer"], "buttons": [one["text"] for one in shape["buttons"]],
            "picture_url" if is_picture else "media_url": filled.get("media_url", "").strip(),
        }  # fmt: skip

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
        """Return what a call of Meta's tells. Raises HookRefused and HookUnreadable."""
        return receipts.parse(request, config)

    def code_url(self, code: str) -> str:
        """Return Meta's page of error codes for a code that is one."""
        return codes.PAGE if code.split(" ")[-1].isdecimal() else ""

    async def check_credentials(self, config: Mapping[str, Any]) -> CheckResult:
        """Ask which number this is, without sending; say what was seen."""
        return await checking.check_credentials(settings.Config.of(config))

    async def account(self, config: Mapping[str, Any]) -> ProviderAccount:
        """Return the account's templates and what it allows. Raises SyncFailed."""
        return await syncing.account_of(settings.Config.of(config))

    def template_key(self, content: Mapping[str, Any]) -> TemplateKey | None:
        """Return which approved template a content in one language is for."""
        shape = contents.shape_in(content)
        return TemplateKey(name=shape["name"], language=shape["language"]) if shape else None

    def follows(self, content: Mapping[str, Any], shape: Mapping[str, Any]) -> bool:
        """Tell whether a content was written for the template as it is now, whatever it counts as."""
        own = contents.shape_in(content)
        return own is not None and {**own, "category": ""} == {**shape, "category": ""}

    def new_source(self, shape: Mapping[str, Any]) -> dict[str, Any]:
        """Return what an author begins with for an approved template."""
        return contents.new_source(dict(shape))

    def account_id(self, config: Mapping[str, Any]) -> str:
        """Return the account's id, which the templates of several numbers have in common."""
        return str(config.get("business_account_id") or "")
