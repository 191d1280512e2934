"""The blocks of a mail as the editor offers them: words and icons for what `clarion.content.blocks` decides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from clarion.content import blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockField:
    """A field of the side panel. `kind` is the kind of value; `options` are (value, words) of a choice."""

    name: str
    kind: str
    label: str
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockKind:
    """A kind of block, and whether it may stand in a column."""

    name: str
    label: str
    icon: str
    fields: tuple[BlockField, ...]
    nests: bool


def editor(is_offered: bool) -> dict[str, Any]:
    """Return what the editor of blocks needs of its page; nothing where blocks are not offered."""
    return {
        "block_kinds": kinds() if is_offered else [],
        "block_defaults": json.dumps(defaults() if is_offered else {}),
        "block_style": json.dumps(blocks.STYLE),
    }


def kinds() -> list[BlockKind]:
    """Return every kind in the order in which it is offered."""
    looks = {
        "heading": (_("Heading"), "hash"),
        "text": (_("Text"), "file-text"),
        "image": (_("Picture"), "image"),
        "button": (_("Button"), "mouse-pointer-click"),
        "columns": (_("Columns"), "split"),
        "divider": (_("Line"), "minus"),
        "spacer": (_("Space"), "chevrons-up-down"),
        "footer": (_("Footer"), "at-sign"),
    }
    return [
        BlockKind(
            name=name, label=label, icon=icon, nests=name not in ("columns", "footer"),
            fields=tuple(
                _field(field, kind) for field, (kind, _default) in blocks.FIELDS[name].items() if kind != "columns"
            ),
        )
        for name, (label, icon) in looks.items()
    ]  # fmt: skip


def defaults() -> dict[str, dict[str, object]]:
    """Return {kind: its fields as a new block has them}, with words to begin with."""
    words = {
        "heading": {"text": _("A heading")},
        "text": {"text": _("Write your text here.")},
        "button": {"label": _("Open"), "href": "https://"},
        "footer": {"unsubscribe": _("Unsubscribe")},
    }
    return {
        name: {field: default for field, (kind, default) in fields.items() if kind != "columns"}
        | words.get(name, {})
        for name, fields in blocks.FIELDS.items()
    }


def _field(name: str, kind: str) -> BlockField:
    labels = {
        "text": _("Text"), "level": _("Size"), "align": _("Placed"), "src": _("Address of the picture"),
        "alt": _("What it shows, in words"), "href": _("Where it leads"), "width": _("Width in pixels, 0 for all"),
        "label": _("Words on it"), "height": _("Height in pixels"), "unsubscribe": _("Words of the unsubscribe link"),
    }  # fmt: skip
    options: tuple[tuple[str, str], ...] = ()
    if kind == "align":
        options = (("start", _("At the start")), ("center", _("In the middle")), ("end", _("At the end")))
    elif kind == "level":
        options = (("1", _("Large")), ("2", _("Medium")), ("3", _("Small")))
    note = (
        _("**bold**, *italic*, [link](https://…), lines that begin with - make a list.")
        if kind == "text"
        else ""
    )
    return BlockField(name=name, kind=kind, label=labels[name], help=note, options=options)
