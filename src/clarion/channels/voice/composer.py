"""Makes the calls of one step of one run."""

from collections.abc import Mapping
from typing import Any

from clarion.channels.base import StepContext
from clarion.channels.voice import content, speech
from clarion.channels.voice.payload import Call, Plan
from clarion.engine.messages import Claim, Message, RenderFailed
from clarion.lib import templating, tokens

#: Kind of the token in a link by which one may unsubscribe (see `clarion.lib.tokens`).
UNSUBSCRIBE = "unsubscribe"


class Composer:
    """A `clarion.engine.ports.Composer` for calls."""

    def __init__(
        self, *, checked: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> None:
        """`checked` is what `content.check` returned. Raises RenderFailed if it can no longer be prepared."""
        try:
            self._program = templating.Program(content.parts_of(checked))
        except templating.TemplateInvalid as error:
            raise RenderFailed(str(error)) from None
        #: See `clarion.engine.ports.Composer`.
        self.at_once = int(checked["at_once"])
        self._plan = Plan(
            caller_id=checked["caller_id"] or config["caller_id"],
            voice=checked["voice"] or config["voice"],
            speed=checked["speed"],
            amd=checked["amd"],
            keys=content.keys_of(checked),
            key_seconds=float(checked["key_seconds"]),
            connects_all=checked["connect"] == "all",
            connect_to=checked["connect_to"],
            retries=content.retries_of(checked),
        )
        protocol = str(config.get("protocol") or "ari")
        self._has_sounds = protocol == "ari"
        if problem := content.misfit(checked, protocol):
            raise RenderFailed(problem)
        self._engine, self._key = str(config.get("speech") or ""), context.token_key
        self._speech_base = f"{context.public_url}/s/"
        self._token = tokens.maker(UNSUBSCRIBE, context.token_key, context.run_id)
        self._base = f"{context.public_url}/u/"

    def compose(self, claim: Claim) -> Message:
        """Return the call for this delivery. Raises RenderFailed."""
        url = self._base + self._token(claim.delivery_id)
        variables = {
            "email": "", "phone": claim.address, **claim.variables, "unsubscribe_url": templating.safe(url),
        }  # fmt: skip
        try:
            text, media = (one.strip() for one in self._program.render_whole(variables))
            if not text and not media:
                raise ValueError("There is nothing to say to this recipient.")
            if media and not content.is_media(media):
                raise ValueError("The recording is no address and no sound.")
            if media.startswith("sound:") and not self._has_sounds:
                raise ValueError("The recording is a sound of an exchange, and the provider has none.")
            if len(text) > content.MAX_SPOKEN:
                raise ValueError(
                    f"The text has {len(text):,} characters; at most {content.MAX_SPOKEN:,} are spoken."
                )
        except (templating.FillFailed, ValueError) as error:
            raise RenderFailed(str(error)) from None
        return Message(
            run_id=claim.run_id, delivery_id=claim.delivery_id, address=claim.address,
            payload=self._call(claim, text, media),
        )  # fmt: skip

    def _call(self, claim: Claim, text: str, media: str) -> Call:
        plan, name = self._plan, ""
        if self._engine and not media:
            name = speech.name_of(
                key=self._key, engine=self._engine, voice=plan.voice, speed=plan.speed, text=text
            )
        return Call(
            to=claim.address, attempt=claim.attempt, text=text, media=media, plan=plan, speech=name,
            speech_url=f"{self._speech_base}{name}.wav" if name else "",
        )  # fmt: skip
