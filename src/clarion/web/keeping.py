"""Parts of pages that are drawn once for as long as nothing in them changes: the tag `kept`.

The frame of every page, its tiles and its menus cost more to draw than to send. Unlike Django's `cache` tag this one
asks nobody: what was drawn stays in the process, beside the template that it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.template.base import Node, NodeList, Parser, Token
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from clarion.web import assets

if TYPE_CHECKING:
    from django.template.base import FilterExpression
    from django.template.context import Context

#: Different drawings that one place of a template keeps; beyond it begins anew.
LARGEST = 512


def kept(parser: Parser, token: Token) -> Kept:
    """`{% kept a b %}…{% endkept %}`: what is inside is drawn once for each language and each value of a and b.

    So it may depend on nothing else: on no token against forgery, no time zone, no other variable. Values are
    hashable, or lists of what is.
    """
    values = [parser.compile_filter(bit) for bit in token.split_contents()[1:]]
    inside = parser.parse(("endkept",))
    parser.delete_first_token()
    return Kept(inside, values)


class Kept(Node):
    """What stands between the tags, and all that was drawn of it."""

    def __init__(self, nodelist: NodeList, values: list[FilterExpression]) -> None:
        self.nodelist = nodelist
        self._values = values
        self._drawn: dict[tuple[object, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        key = (
            get_language(),
            assets.asset_url("icons.svg"),
            *[_plain(v.resolve(context)) for v in self._values],
        )
        found = self._drawn.get(key)
        if found is None:
            if len(self._drawn) >= LARGEST:
                self._drawn.clear()
            found = self._drawn[key] = SafeString(self.nodelist.render(context))
        return found


def _plain(value: object) -> object:
    """Return what tells the value from all others: a safe text is not the same text unsafe, and 1 is not True."""
    if isinstance(value, Promise):
        value = str(value)
    if isinstance(value, list):
        value = tuple(value)
    return (value.__class__, value)
