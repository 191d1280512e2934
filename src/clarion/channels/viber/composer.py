"""Makes the Viber messages of one step of one run."""

from collections.abc import Mapping
from typing import Any

from clarion.channels.base import StepContext
from clarion.channels.tracking import tracker_of
from clarion.channels.viber import content, payload
from clarion.engine.messages import Claim, Message, RenderFailed
from clarion.lib import templating, tokens

#: Kind of the token in a link by which one may unsubscribe (see `clarion.lib.tokens`).
UNSUBSCRIBE = "unsubscribe"


class Composer:
    """A `clarion.engine.ports.Composer` for Viber."""

    def __init__(self, *, checked: Mapping[str, Any], context: StepContext) -> None:
        """`checked` is what `content.check` returned. Raises RenderFailed if it can no longer be prepared."""
        self._tracker = tracker_of(context)
        text, picture, label, url = content.parts_of(checked)
        if self._tracker is not None:
            text, url = self._tracker.parts([text, url])
        try:
            self._program = templating.Program([text, picture, label, url])
        except templating.TemplateInvalid as error:
            raise RenderFailed(str(error)) from None
        self._token = tokens.maker(UNSUBSCRIBE, context.token_key, context.run_id)
        self._base = f"{context.public_url}/u/"

    def compose(self, claim: Claim) -> Message:
        """Return the message for this delivery. Raises RenderFailed."""
        url = self._base + self._token(claim.delivery_id)
        variables = {
            "email": "", "phone": claim.address, **claim.variables, "unsubscribe_url": templating.safe(url),
        }  # fmt: skip
        if self._tracker is not None:
            variables |= self._tracker.variables(claim.delivery_id)
        try:
            # Blank ends come from the template's lines.
            text, picture, label, link = (one.strip() for one in self._program.render_whole(variables))
            post = payload.build(
                address=claim.address, text=text, image_url=picture, button_label=label, button_url=link
            )
        except (templating.FillFailed, ValueError) as error:
            raise RenderFailed(str(error)) from None
        return Message(
            run_id=claim.run_id, delivery_id=claim.delivery_id, address=claim.address, payload=post
        )
