"""The icons the interface may use, by their lucide names, and the sprite made from them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import as_file, files
from zipfile import ZipFile

#: Only these are sent to browsers. Add the name here before using it in a template.
ICONS: frozenset[str] = frozenset(
    [
        "activity",
        "archive",
        "archive-restore",
        "arrow-down",
        "arrow-right",
        "arrow-up",
        "at-sign",
        "audio-lines",
        "badge-check",
        "ban",
        "bell",
        "bell-ring",
        "bot",
        "building-2",
        "calendar-clock",
        "calendar-days",
        "chart-column",
        "chart-line",
        "check",
        "check-check",
        "chevron-down",
        "chevron-left",
        "chevron-right",
        "chevrons-up-down",
        "circle",
        "circle-alert",
        "circle-check",
        "circle-dashed",
        "circle-pause",
        "circle-play",
        "circle-question-mark",
        "circle-user-round",
        "circle-x",
        "clock",
        "copy",
        "copy-check",
        "corner-down-right",
        "database",
        "download",
        "ellipsis",
        "external-link",
        "eye",
        "eye-off",
        "file-spreadsheet",
        "file-text",
        "file-up",
        "flag",
        "flask-conical",
        "folder",
        "funnel",
        "gauge",
        "git-compare",
        "globe",
        "hash",
        "history",
        "hourglass",
        "image",
        "inbox",
        "info",
        "key-round",
        "keyboard",
        "languages",
        "layers",
        "layout-dashboard",
        "link",
        "list",
        "list-checks",
        "list-filter",
        "loader",
        "lock",
        "log-out",
        "mail",
        "mail-open",
        "map-pin",
        "megaphone",
        "menu",
        "message-circle",
        "message-square-text",
        "minus",
        "monitor",
        "moon",
        "mouse-pointer-click",
        "octagon-x",
        "package-check",
        "pause",
        "pencil",
        "phone",
        "phone-call",
        "play",
        "plug",
        "plus",
        "power",
        "radio-tower",
        "refresh-cw",
        "repeat",
        "reply",
        "rotate-ccw",
        "scroll-text",
        "search",
        "send",
        "server",
        "settings",
        "shield-alert",
        "shield-check",
        "shield-off",
        "shield-question-mark",
        "skip-forward",
        "sliders-horizontal",
        "smartphone",
        "split",
        "square",
        "sun",
        "sun-moon",
        "tag",
        "target",
        "timer",
        "timer-off",
        "trash-2",
        "triangle-alert",
        "undo-2",
        "unplug",
        "upload",
        "user",
        "user-plus",
        "user-x",
        "users",
        "wallet",
        "webhook",
        "workflow",
        "x",
        "zap",
    ]
)

_SVG = re.compile(r"<svg[^>]*>(?P<inner>.*)</svg>", re.DOTALL)
_BLANK = re.compile(r"\s*\n\s*")


class UnknownIconError(LookupError):
    """The icon is not listed in `clarion.web.icons.ICONS`."""


@cache
def sprite() -> bytes:
    """One SVG document with a `<symbol>` per icon of `ICONS`, in the order of their names."""
    with as_file(files("lucide") / "lucide.zip") as path, ZipFile(path) as archive:
        symbols = [_symbol(name, archive.read(f"{name}.svg").decode()) for name in sorted(ICONS)]
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'.encode()


def require(name: str) -> str:
    """The name itself, if the sprite has it; raises UnknownIconError otherwise."""
    if name not in ICONS:
        raise UnknownIconError(f"The icon {name!r} is not listed in clarion/web/icons.py.")
    return name


def _symbol(name: str, svg: str) -> str:
    found = _SVG.search(svg)
    if found is None:
        raise UnknownIconError(f"The icon {name!r} is not an SVG document.")
    return f'<symbol id="{name}" viewBox="0 0 24 24">{_BLANK.sub("", found["inner"])}</symbol>'
