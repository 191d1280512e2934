"""The web push channel as the rest of the program sees it."""

from collections.abc import Mapping
from typing import Any

from clarion.channels import looks
from clarion.channels.base import CheckResult, NoHooks, StepContext
from clarion.channels.webpush import checking, subscription, vapid
from clarion.channels.webpush import config as settings
from clarion.channels.webpush import content as contents
from clarion.channels.webpush.composer import Composer
from clarion.channels.webpush.transport import Transport
from clarion.lib.sentences import said


class WebPushChannel(NoHooks):
    """A `clarion.channels.base.Channel`."""

    name = "webpush"
    label: str = said("Web push")
    icon = "bell-ring"
    address_kind = "webpush"
    secrets = settings.SECRETS
    shared_secrets = frozenset({"private_key"})
    look = looks.PUSH

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from `webpush:?private_key=…`; `sender` is the mail address to ask about us."""
        config = settings.config_from_url(url)
        if sender:
            config["subject"] = sender
        return config

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned settings of a sender. Raises ConfigInvalid."""
        return settings.check(config)

    def whose(self, config: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
        """Return whose key pair a sender has. One from before there was a choice has its own."""
        if choice := str(config.get("keys") or ""):
            return choice
        if before is not None:
            return str(before.get("keys") or "own")
        return "own" if config.get("private_key") else "workspace"

    def new_shared(self) -> Mapping[str, str]:
        """Return a key pair for a workspace; the public key follows from the private one."""
        return {"private_key": vapid.new_key()}

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned content. Raises ConfigInvalid."""
        return contents.check(content)

    def beside(self, content: Mapping[str, Any], filled: Mapping[str, str]) -> dict[str, Any]:
        """Return what a preview shows beside the words: the picture and the icon."""
        return {
            "picture_url": filled.get("image", "").strip(),
            "icon_url": filled.get("icon", "").strip(),
        }

    def normalise_address(self, address: str) -> str:
        """Return a browser's subscription in its one form. Raises ValueError with a sentence."""
        return str(subscription.read(address))

    def composer(
        self, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> Composer:
        """Prepare the content for a run."""
        return Composer(checked=content, config=settings.Config.of(config), context=context)

    def transport(self, config: Mapping[str, Any]) -> Transport:
        """Return a transport that connects on first use."""
        return Transport(settings.Config.of(config))

    async def check_credentials(self, config: Mapping[str, Any]) -> CheckResult:
        """Make a token with the key pair, without sending; say what pages need."""
        return await checking.check_credentials(settings.Config.of(config))
