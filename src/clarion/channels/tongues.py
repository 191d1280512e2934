"""A content in several languages, and with values for what people lack: one composer made of several.

A content as a template version holds it is what its channel's `check_content` returned, and beside that perhaps
`language` (the tag of that content), `languages` ({tag: the content in it}) and `defaults` ({variable: value}). Each
language is prepared once for a run; a message costs a look-up by the person's `language`. A content without either
gets its channel's own composer, so that it costs nothing.
"""

from collections.abc import Mapping
from typing import Any

from clarion.channels.base import Channel, StepContext
from clarion.engine.messages import Claim, Message
from clarion.engine.ports import Composer
from clarion.lib import languages

#: The fields of a content that are ours and not the channel's.
OWN = ("language", "languages", "defaults")

#: Spellings of languages that are remembered; records hold few, and files may hold anything.
_REMEMBERED = 500


def composer(
    channel: Channel, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
) -> Composer:
    """Return what makes the messages of a content. Raises ConfigInvalid and RenderFailed, as the channel does."""
    first = channel.composer(channel.check_content(content), config, context)
    others = {
        tag: channel.composer(channel.check_content(one), config, context)
        for tag, one in (content.get("languages") or {}).items()
    }
    made: Composer = Polyglot(first, str(content.get("language") or ""), others) if others else first
    defaults = content.get("defaults") or {}
    return WithDefaults(made, defaults) if defaults else made


def body_for(content: Mapping[str, Any], variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the one content that somebody with these variables gets, without other languages."""
    others = content.get("languages") or {}
    tag = _tag_for(variables.get("language"), str(content.get("language") or ""), others)
    return others[tag] if tag else {k: v for k, v in content.items() if k != "languages"}


def tag_for(content: Mapping[str, Any], wanted: str) -> str:
    """Return the tag of what somebody who wants this language gets; that of the default when it is not there."""
    own = str(content.get("language") or "")
    return _tag_for(wanted, own, content.get("languages") or {}) or own


def is_there(content: Mapping[str, Any], wanted: str) -> bool:
    """Whether the content speaks the language, or the one it is a kind of."""
    there = [str(content.get("language") or ""), *(content.get("languages") or {})]
    return bool(languages.lookup(wanted, there))


def filled(defaults: Mapping[str, Any], variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the variables with the defaults for those that are missing, null or empty."""
    lacking = {name: value for name, value in defaults.items() if variables.get(name) in (None, "")}
    return {**variables, **lacking} if lacking else variables


def _tag_for(wanted: Any, own: str, others: Mapping[str, Any]) -> str:
    """Return the tag among the others; "" for the default."""
    if not isinstance(wanted, str) or not wanted:
        return ""
    found = languages.lookup(wanted, [own, *others] if own else others)
    return found if found in others else ""


class Polyglot:
    """A `clarion.engine.ports.Composer` that leaves each message to the composer of its language."""

    def __init__(self, first: Composer, own: str, others: Mapping[str, Composer]) -> None:
        self._first, self._own, self._others = first, own, dict(others)
        self.at_once = getattr(first, "at_once", 0)
        self._known: dict[Any, Composer] = {"": first, None: first}

    def compose(self, claim: Claim) -> Message:
        """Return the message for this delivery in the person's language. Raises RenderFailed."""
        wanted = claim.variables.get("language")
        try:
            found = self._known[wanted]
        except (KeyError, TypeError):
            found = self._find(wanted)
        return found.compose(claim)

    def _find(self, wanted: Any) -> Composer:
        tag = _tag_for(wanted, self._own, self._others)
        found = self._others[tag] if tag else self._first
        if isinstance(wanted, str) and len(self._known) < _REMEMBERED:
            self._known[wanted] = found
        return found


class WithDefaults:
    """A `clarion.engine.ports.Composer` that fills in what a person lacks before another makes the message."""

    def __init__(self, inner: Composer, defaults: Mapping[str, Any]) -> None:
        self._inner, self._defaults = inner, dict(defaults)
        self.at_once = getattr(inner, "at_once", 0)

    def compose(self, claim: Claim) -> Message:
        """Return the message for this delivery. Raises RenderFailed."""
        variables = filled(self._defaults, claim.variables)
        if variables is not claim.variables:
            claim = Claim(claim.run_id, claim.delivery_id, claim.attempt, claim.address, variables)
        return self._inner.compose(claim)
