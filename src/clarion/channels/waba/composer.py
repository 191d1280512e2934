"""Makes the WhatsApp messages of one step of one run."""

from collections.abc import Mapping
from typing import Any

from clarion.channels.base import StepContext
from clarion.channels.waba import content
from clarion.channels.waba.matching import Differs
from clarion.channels.waba.payload import Builder
from clarion.engine.messages import Claim, Message, RenderFailed
from clarion.lib import templating, tokens

#: Kind of the token in a link by which one may unsubscribe (see `clarion.lib.tokens`).
UNSUBSCRIBE = "unsubscribe"


class Composer:
    """A `clarion.engine.ports.Composer` for WhatsApp's templates."""

    def __init__(self, *, checked: Mapping[str, Any], context: StepContext) -> None:
        """`checked` is what `content.check` returned. Raises RenderFailed if it can no longer be prepared."""
        try:
            values = content.values_of(checked)
            named = [("title", one) for one in values.header] + [("text", one) for one in values.body]
            named += [("button", one) for one in values.buttons]
            named.append(("media", values.media_url))
            parts = [
                templating.Part(f"{name} {number}", source)
                for number, (name, source) in enumerate(named, start=1)
            ]
            self._program = templating.Program(parts)
        except (templating.TemplateInvalid, Differs) as error:
            raise RenderFailed(str(error)) from None
        self._titles = len(values.header)
        self._texts = self._titles + len(values.body)
        self._builder = Builder(checked["provider_template"], file_name=checked["file_name"])
        self._token = tokens.maker(UNSUBSCRIBE, context.token_key, context.run_id)
        self._base = f"{context.public_url}/u/"

    def compose(self, claim: Claim) -> Message:
        """Return the message for this delivery. Raises RenderFailed."""
        url = self._base + self._token(claim.delivery_id)
        variables = {
            "email": "", "phone": claim.address, **claim.variables, "unsubscribe_url": templating.safe(url),
        }  # fmt: skip
        try:
            *values, media_url = self._program.render_whole(variables)
            post = self._builder.build(
                to=claim.address,
                header=values[: self._titles],
                body=values[self._titles : self._texts],
                buttons=values[self._texts :],
                media_url=media_url.strip(),
                run_id=claim.run_id,
                delivery_id=claim.delivery_id,
                attempt=claim.attempt,
            )
        except (templating.FillFailed, ValueError) as error:
            raise RenderFailed(str(error)) from None
        return Message(
            run_id=claim.run_id, delivery_id=claim.delivery_id, address=claim.address, payload=post
        )
