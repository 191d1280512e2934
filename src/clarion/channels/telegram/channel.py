"""The Telegram channel as the rest of the program sees it."""

from collections.abc import Mapping
from typing import Any

from clarion.channels import looks
from clarion.channels.base import CheckResult, HookItem, HookRequest, NoHooks, StepContext
from clarion.channels.telegram import checking, receipts
from clarion.channels.telegram import config as settings
from clarion.channels.telegram import content as contents
from clarion.channels.telegram.composer import Composer
from clarion.channels.telegram.markup import MarkupInvalid
from clarion.channels.telegram.payload import CHAT
from clarion.channels.telegram.transport import Transport
from clarion.lib.sentences import said


class TelegramChannel(NoHooks):
    """A `clarion.channels.base.Channel`."""

    name = "telegram"
    label = "Telegram"
    icon = "send"
    address_kind = "telegram"
    confirms_answers = True
    secrets = settings.SECRETS
    look = looks.Look(has_files=True, needs_words=False)
    #: What a new sender begins with, in messages per span (Bot API FAQ, “broadcasting to users”).
    suggested_limits: Mapping[str, int] = {"second": 30}

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from `telegram://123456:ABC-DEF@api.telegram.org`; `sender` is the bot's name."""
        config = settings.config_from_url(url)
        if sender:
            config["username"] = sender
        return config

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned settings of a sender. Raises ConfigInvalid."""
        return settings.check(config)

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned content. Raises ConfigInvalid."""
        return contents.check(content)

    def plain_text(self, content: Mapping[str, Any], text: str) -> str:
        """Return what a recipient sees of a text that was filled in, without its marks."""
        try:
            return contents.visible(content, text)
        except MarkupInvalid:
            return text

    def beside(self, content: Mapping[str, Any], filled: Mapping[str, str]) -> dict[str, Any]:
        """Return what a preview shows beside the text: photo, or document's name or address, and buttons."""
        lines = filled.get("buttons", "").split("\n")
        file = next(iter(content.get("attachments") or ()), None)
        is_photo = content.get("attachment") == "photo"
        return {
            "buttons": [line.partition("|")[0].strip() for line in lines if line.strip()],
            "file_name": file["filename"] if file else "",
            "picture_url" if is_photo else "media_url": filled.get("media_url", "").strip(),
        }

    def normalise_address(self, address: str) -> str:
        """Return the chat's number, or its public name in lower case. Raises ValueError with a sentence."""
        chat = address.strip().removeprefix("https://t.me/").lower()
        if chat and not chat.lstrip("-").isdigit() and not chat.startswith("@"):
            chat = f"@{chat}"
        if not CHAT.fullmatch(chat):
            raise ValueError(
                said("Write the chat's number, or the name of a channel or group as in @my_channel.")
            )
        return chat

    def composer(
        self, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> Composer:
        """Prepare the content for a run."""
        return Composer(checked=content, config=settings.Config.of(config), context=context)

    def transport(self, config: Mapping[str, Any]) -> Transport:
        """Return a transport that connects on first use."""
        return Transport(settings.Config.of(config))

    def receipts(self, request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
        """Return what a call of Telegram's tells. Raises HookRefused and HookUnreadable."""
        return receipts.parse(request, config)

    async def check_credentials(self, config: Mapping[str, Any]) -> CheckResult:
        """Ask Telegram which bot this is, without sending; say what was seen."""
        return await checking.check_credentials(settings.Config.of(config), str(config.get("hook_url") or ""))
