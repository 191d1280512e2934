"""Makes the Telegram messages of one step of one run."""

from collections.abc import Mapping
from typing import Any

from clarion.channels.base import StepContext
from clarion.channels.telegram import content
from clarion.channels.telegram.config import Config
from clarion.channels.telegram.markup import MarkupInvalid
from clarion.channels.telegram.payload import Builder
from clarion.engine.messages import Claim, Message, RenderFailed
from clarion.lib import templating, tokens

#: Kind of the token in a link by which one may unsubscribe (see `clarion.lib.tokens`).
UNSUBSCRIBE = "unsubscribe"


class Composer:
    """A `clarion.engine.ports.Composer` for Telegram."""

    def __init__(self, *, checked: Mapping[str, Any], config: Config, context: StepContext) -> None:
        """`checked` is what `content.check` returned. Raises RenderFailed if it can no longer be prepared."""
        try:
            self._program = templating.Program(content.parts_of(checked))
        except (templating.TemplateInvalid, MarkupInvalid) as error:
            raise RenderFailed(str(error)) from None
        self._builder = Builder(checked, protect=config.protect_content)
        self._has_media = content.is_fetched(checked)
        self._token = tokens.maker(UNSUBSCRIBE, context.token_key, context.run_id)
        self._base = f"{context.public_url}/u/"

    def compose(self, claim: Claim) -> Message:
        """Return the message for this delivery. Raises RenderFailed."""
        url = self._base + self._token(claim.delivery_id)
        variables = {"email": "", "phone": "", **claim.variables, "unsubscribe_url": templating.safe(url)}
        try:
            text, *rest = self._program.render_whole(variables)
            media_url = rest.pop(0).strip() if self._has_media else ""
            post = self._builder.build(
                chat=claim.address,
                # Blank ends come from the template's lines; Telegram cuts them off itself.
                text=text.strip(),
                media_url=media_url,
                buttons=list(zip(rest[::2], rest[1::2], strict=True)),
            )
        except (templating.FillFailed, ValueError) as error:
            raise RenderFailed(str(error)) from None
        return Message(
            run_id=claim.run_id, delivery_id=claim.delivery_id, address=claim.address, payload=post
        )
