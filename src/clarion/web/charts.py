"""Charts as SVG text made on the server: no script, no inline style, readable as a table, dark by CSS classes.

Numbers inside SVG are written by Python with a full stop, whatever the reader's locale is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from clarion.workspaces import spelling

_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 32
_WIDTH, _HEIGHT = 760, 220
_GRID_STEPS = 4
#: Room for a line of letters under grouped columns.
_LETTERS = 14
_MAX_LABELS = 8
#: Columns are minutes, hours or days: names stand below every so many of them.
_LABEL_STEPS = (1, 2, 3, 5, 6, 10, 12, 15, 20, 24, 30, 60, 120, 180, 240)


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a chart; `mark` is ok, warn, bad, idle, odd or brand, `values` one number per column."""

    label: str | Promise
    mark: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a stacked bar."""

    key: str
    label: str | Promise
    value: int
    mark: str


@dataclass(frozen=True, slots=True)
class Slice:
    """A part with its place in the bar; `x` and `width` are per cent of the whole, 0 to 100."""

    key: str
    label: str | Promise
    value: int
    mark: str
    x: float
    width: float


def slices(parts: Iterable[Part], *, total: int) -> list[Slice]:
    """The parts one after the other; a whole of 0 gives empty slices, and never more than 100 is filled."""
    placed: list[Slice] = []
    x = 0.0
    for part in parts:
        width = 100 * part.value / total if total > 0 else 0.0
        width = min(max(width, 0.0), 100 - x)
        placed.append(Slice(part.key, part.label, part.value, part.mark, round(x, 2), round(width, 2)))
        x += width
    return placed


def bar_geometry(parts: Iterable[Part], *, total: int) -> dict[str, list[float]]:
    """The same bar for a live answer: {part key: [x, width]} in per cent."""
    return {piece.key: [piece.x, piece.width] for piece in slices(parts, total=total)}


def stacked_bar(
    parts: Iterable[Part], *, total: int, label: str, size: str = "", live: str = "", titles: bool = True
) -> SafeString:
    """A bar of `total` filled by `parts`. `size` is "", "thin" or "big"; `live` the bar's key in live answers.

    Without `titles` it is decoration: for long lists, where the numbers stand beside it.
    """
    rects = format_html_join(
        "",
        '<rect class="bar__part fill-{}"{} x="{}%" width="{}%" height="100%">{}</rect>',
        (
            (
                piece.mark,
                format_html(' data-part="{}"', piece.key) if live else "",
                f"{piece.x:g}" if titles else f"{piece.x:.3g}",
                f"{piece.width:g}" if titles else f"{piece.width:.3g}",
                format_html("<title>{}: {}</title>", piece.label, _grouped(piece.value)) if titles else "",
            )
            for piece in slices(parts, total=total)
        ),
    )
    return format_html(
        '<svg class="bar{}"{}{}>{}</svg>',
        f" bar--{size}" if size else "",
        format_html(' role="img" aria-label="{}"', label) if titles else SafeString(' aria-hidden="true"'),
        format_html(' data-live-bar="{}"', live) if live else "",
        rects,
    )


def sparkline(values: Sequence[float], *, mark: str = "", width: int = 96, height: int = 28) -> SafeString:
    """A line without axes for a tile; nothing when there are fewer than two values."""
    if len(values) < 2:
        return SafeString("")
    peak = max(values) or 1
    last = len(values) - 1
    line = "L".join(
        f"{width * i / last:.1f} {height - 2 - (height - 4) * max(value, 0) / peak:.1f}"
        for i, value in enumerate(values)
    )
    return format_html(
        '<svg class="sparkline"{} viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="sparkline__area" d="M{}L{} {}L0 {}Z"/><path class="sparkline__line" d="M{}"/></svg>',
        format_html(' data-mark="{}"', mark) if mark else "",
        width,
        height,
        line,
        width,
        height,
        height,
        line,
    )


def time_bars(labels: Sequence[str], series: Sequence[Series], *, title: str) -> SafeString:
    """Stacked columns, one per label. Every series has a value per label."""
    peak = max((sum(column) for column in zip(*(one.values for one in series), strict=True)), default=0)
    marks = ticks(peak)
    top = marks[-1]
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(labels), 1)
    every = label_step(len(labels))
    columns = [_column(i, label, series, step=step, top=top) for i, label in enumerate(labels)]
    names = format_html_join(
        "",
        '<text class="chart__axis" x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            (f"{_LEFT + step * (i + 0.5):.1f}", _HEIGHT - 7, label)
            for i, label in enumerate(labels)
            if i % every == 0
        ),
    )
    return format_html(
        '<svg class="chart__plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>',
        _WIDTH,
        _HEIGHT,
        title,
        _grid(marks),
        mark_safe("".join(columns)),  # noqa: S308 - each column is escaped where it is made
        names,
    )


def grouped_bars(
    groups: Sequence[str],
    series: Sequence[tuple[str, str]],
    values: Sequence[Sequence[float | None]],
    *,
    title: str,
) -> SafeString:
    """Columns side by side, a group for each of `groups`; `values` are per cent, a row for each group.

    A series is (letter, name): the letter stands under each of its columns, so that none is told by colour alone.
    What is None has no column. The numbers belong into a table beside it.
    """
    marks = ticks(max((one or 0 for row in values for one in row), default=0))
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(groups), 1)
    wide = min(26.0, step * 0.8 / max(len(series), 1))
    scale = (_HEIGHT - _TOP - _BOTTOM - _LETTERS) / marks[-1]
    floor = _HEIGHT - _BOTTOM - _LETTERS
    pieces = []
    for place, (name, row) in enumerate(zip(groups, values, strict=True)):
        first = _LEFT + step * (place + 0.5) - wide * len(series) / 2
        for number, ((letter, label), value) in enumerate(zip(series, row, strict=True), start=1):
            x = first + wide * (number - 1)
            high = (value or 0) * scale
            block = _block(x + 1.5, floor - high, wide - 3, high, min(3.0, high)) if high else ""
            pieces.append(
                format_html(
                    '<g class="chart__column"><path class="fill-series-{}" d="{}"/><text class="chart__axis '
                    'chart__letter" x="{}" y="{}" text-anchor="middle">{}</text><title>{}, {}: {}</title></g>',
                    number,
                    block,
                    f"{x + wide / 2:.1f}",
                    f"{floor + 12}",
                    letter,
                    label,
                    name,
                    "—" if value is None else spelling.percent(value),
                )
            )
        pieces.append(
            format_html(
                '<text class="chart__axis" x="{}" y="{}" text-anchor="middle">{}</text>',
                f"{_LEFT + step * (place + 0.5):.1f}",
                _HEIGHT - 6,
                name,
            )
        )
    return format_html(
        '<svg class="chart__plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        _WIDTH,
        _HEIGHT,
        title,
        _grid(marks, floor=floor, unit=spelling.percent_sign()),
        mark_safe("".join(pieces)),  # noqa: S308 - each piece is escaped where it is made
    )


def ticks(peak: float) -> list[float]:
    """The numbers of an axis from 0 to at least `peak`: at most seven, whole, in equal steps of 1, 2 or 5 times ten."""
    wanted = max(peak / _GRID_STEPS, 1.0)
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(factor * power for factor in (1, 2, 5, 10) if wanted <= factor * power)
    return [step * i for i in range(max(1, math.ceil(peak / step)) + 1)]


def label_step(count: int) -> int:
    """Every how many columns one is named, so that at most eight names stand below, in steps people count in."""
    least = max(1, math.ceil(count / _MAX_LABELS))
    return next((step for step in _LABEL_STEPS if step >= least), least)


def short_number(value: float) -> str:
    """At most four characters or so: 950, 1.2k, 48k, 3.1M."""
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            scaled = value / size
            return spelling.number(round(scaled, 1 if scaled < 10 else 0)) + suffix
    return spelling.number(value)


def _grid(marks: Sequence[float], *, floor: int = _HEIGHT - _BOTTOM, unit: str = "") -> SafeString:
    rows = []
    for value in marks:
        y = round(floor - (floor - _TOP) * value / marks[-1], 1)
        rows.append((_LEFT, _WIDTH - _RIGHT, y, y, _LEFT - 8, y + 4, _axis_number(value) + unit))
    return format_html_join(
        "",
        '<line class="chart__grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text class="chart__axis" x="{}" y="{}" text-anchor="end">{}</text>',
        ((str(a), str(b), f"{c:g}", f"{d:g}", str(e), f"{f:g}", g) for a, b, c, d, e, f, g in rows),
    )


def _axis_number(value: float) -> str:
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return spelling.number(value / size) + suffix
    return spelling.number(value)


def _column(index: int, label: str, series: Sequence[Series], *, step: float, top: float) -> str:
    wide = min(34.0, step * 0.62)
    x = _LEFT + step * index + (step - wide) / 2
    scale = (_HEIGHT - _TOP - _BOTTOM) / top
    y = float(_HEIGHT - _BOTTOM)
    filled = [one for one in series if one.values[index] > 0]
    paths = []
    for place, one in enumerate(filled):
        high = one.values[index] * scale
        y -= high
        radius = min(4.0, high, wide / 2) if place == len(filled) - 1 else 0.0
        paths.append(
            format_html('<path class="fill-{}" d="{}"/>', one.mark, _block(x, y, wide, high, radius))
        )
    tip = "\n".join([label, *(f"{one.label}: {_grouped(one.values[index])}" for one in series)])
    return format_html(
        '<g class="chart__column"><rect class="chart__hit" x="{}" y="{}" width="{}" height="{}"/>{}'
        "<title>{}</title></g>",
        f"{_LEFT + step * index:.1f}",
        str(_TOP),
        f"{step:.1f}",
        str(_HEIGHT - _TOP - _BOTTOM),
        mark_safe("".join(paths)),  # noqa: S308 - made by format_html above
        tip,
    )


def _block(x: float, y: float, wide: float, high: float, radius: float) -> str:
    """A rectangle with its two upper corners rounded, as path data."""
    return (
        f"M{x:.1f} {y + high:.1f}v{radius - high:.1f}q0 {-radius:.1f} {radius:.1f} {-radius:.1f}"
        f"h{wide - 2 * radius:.1f}q{radius:.1f} 0 {radius:.1f} {radius:.1f}v{high - radius:.1f}z"
    )


def _grouped(value: float) -> str:
    return spelling.number(value)
