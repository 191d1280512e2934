"""Options written without a template: a page has dozens, and each is one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from clarion.workspaces import spelling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clarion.web.parts import Option


def boxes(options: Iterable[Option], kind: str, name: str) -> SafeString:
    """Return the options as boxes to check or as one to choose, with their dots and counts."""
    start = f'<label class="option"><input type="{conditional_escape(kind)}" name="{conditional_escape(name)}" value="'
    return SafeString("".join([f"{start}{_box(one)}</label>" for one in options]))


def _box(one: Option) -> str:
    checked = " checked" if one.checked else ""
    dot = f'<i class="dot" data-tone="{conditional_escape(one.tone)}"></i>' if one.tone else ""
    count = f"<em>{spelling.number(one.count)}</em>" if one.count is not None else ""
    return f'{conditional_escape(one.value)}"{checked}>{dot}<span>{conditional_escape(str(one.label))}</span>{count}'


def lines(options: Iterable[Option]) -> SafeString:
    """Return the options as those of a <select>."""
    return SafeString("".join([_line(one) for one in options]))


def _line(one: Option) -> str:
    selected = " selected" if one.checked else ""
    label = conditional_escape(str(one.label))
    return f'<option value="{conditional_escape(one.value)}"{selected}>{label}</option>'
