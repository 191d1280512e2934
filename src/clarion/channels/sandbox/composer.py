"""Fills in a subject and a body for the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.channels.base import ConfigInvalid, StepContext
from clarion.channels.tracking import tracker_of
from clarion.engine.messages import Claim, Message, RenderFailed
from clarion.lib import templating, tokens

#: Templates of a content, and whether each is HTML.
TEMPLATES = {"subject": False, "text": False, "html": True}


@dataclass(frozen=True, slots=True)
class Note:
    """What the sandbox's transport takes."""

    subject: str
    text: str
    html: str
    attempt: int


def check(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content cleaned. Raises ConfigInvalid with a sentence for each bad field."""
    problems: dict[str, str] = {}
    cleaned: dict[str, Any] = {}
    for name, is_html in TEMPLATES.items():
        value = content.get(name) or ""
        cleaned[name] = value
        if not isinstance(value, str):
            problems[name] = "This must be text."
            continue
        try:
            templating.check(templating.Part(name, value, is_html=is_html))
        except templating.TemplateInvalid as error:
            problems[name] = str(error)
    if not problems and not (cleaned["text"].strip() or cleaned["html"].strip()):
        problems["text"] = "A message needs a text."
    if problems:
        raise ConfigInvalid(problems)
    return cleaned


def parts_of(checked: Mapping[str, Any]) -> list[templating.Part]:
    """Return the templates of a checked content."""
    return [templating.Part(name, checked[name], is_html=is_html) for name, is_html in TEMPLATES.items()]


class Composer:
    """A `clarion.engine.ports.Composer` for the sandbox."""

    def __init__(self, *, checked: Mapping[str, Any], context: StepContext) -> None:
        self._context = context
        self._tracker = tracker_of(context)
        parts = parts_of(checked)
        try:
            self._program = templating.Program(self._tracker.parts(parts) if self._tracker else parts)
        except templating.TemplateInvalid as error:
            raise RenderFailed(str(error)) from None

    def compose(self, claim: Claim) -> Message:
        """Return the message for this delivery. Raises RenderFailed."""
        context = self._context
        token = tokens.make("unsubscribe", context.token_key, claim.run_id, claim.delivery_id)
        variables = {
            "email": claim.address,
            **claim.variables,
            "unsubscribe_url": templating.safe(f"{context.public_url}/u/{token}"),
        }
        if self._tracker is not None:
            variables |= self._tracker.variables(claim.delivery_id)
        try:
            subject, text, html = self._program.render_whole(variables)
        except templating.FillFailed as error:
            raise RenderFailed(str(error)) from None
        note = Note(subject, text, html, claim.attempt)
        return Message(
            run_id=claim.run_id, delivery_id=claim.delivery_id, address=claim.address, payload=note
        )
