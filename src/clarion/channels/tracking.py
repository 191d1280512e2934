"""Following links and opens of a run's messages: what of it is prepared once, and what each message gets.

One token vouches for the delivery in all of its links; the link's number stands behind it. Nobody can make a
token for another delivery, and numbers lead to nothing but the links stored with the run.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from clarion.channels.base import StepContext
from clarion.lib import links, templating, tokens
from clarion.lib.templating import Part

#: Kinds of the tokens (see `clarion.lib.tokens`).
CLICK = "click"
OPEN = "open"

#: Variables that the rewritten templates use; a person's own of that name are hidden by them.
_CLICK_BASE = "clarion_click"
_OPEN_URL = "clarion_open"
_IMAGE = (
    f'<img src="{{{{ {_OPEN_URL} }}}}" width="1" height="1" border="0" alt=""'
    ' style="height:1px!important;width:1px!important;border:0;margin:0;padding:0">'
)


@runtime_checkable
class Trackable(Protocol):
    """A channel whose messages can have links that are followed."""

    def links_of(self, content: Mapping[str, Any]) -> list[str]:
        """Return the targets of a checked content's links, each once."""

    #: Whether a message can tell that it was opened.
    tells_opens: bool


class Tracker:
    """Puts a step's links through us and adds the image that tells of opens."""

    def __init__(self, context: StepContext) -> None:
        self._numbers = {target: number for number, target in enumerate(context.links, start=1)}
        self._opens = context.tracks_opens
        self._click = tokens.maker(CLICK, context.token_key, context.run_id)
        self._open = tokens.maker(OPEN, context.token_key, context.run_id)
        self._click_base = f"{context.public_url}/c/"
        self._open_base = f"{context.public_url}/o/"

    def parts(self, parts: Sequence[Part]) -> list[Part]:
        """Return the templates with their known links rewritten and, in HTML, the image at the end."""
        made = [links.rewritten(part, self._instead) for part in parts] if self._numbers else list(parts)
        if not self._opens:
            return made
        return [
            Part(part.name, links.at_body_end(part.source, _IMAGE), is_html=True)
            if part.is_html and part.source.strip()
            else part
            for part in made
        ]

    def variables(self, delivery_id: int) -> dict[str, Any]:
        """Return what the rewritten templates need for one delivery."""
        # Our addresses need no escaping.
        found: dict[str, Any] = {}
        if self._numbers:
            found[_CLICK_BASE] = templating.safe(f"{self._click_base}{self._click(delivery_id)}/")
        if self._opens:
            found[_OPEN_URL] = templating.safe(f"{self._open_base}{self._open(delivery_id)}.gif")
        return found

    def _instead(self, target: str) -> str | None:
        number = self._numbers.get(target)
        return None if number is None else f"{{{{ {_CLICK_BASE} }}}}{number}"


def tracker_of(context: StepContext) -> Tracker | None:
    """Return what follows the step's messages; None where nothing of them is followed."""
    return Tracker(context) if context.public_url and (context.links or context.tracks_opens) else None
