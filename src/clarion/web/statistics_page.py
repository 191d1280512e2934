"""What the statistics page shows of campaigns side by side: rows of a table, bars, and the lines of its CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clarion.audience.csvfile import safe_cell
from clarion.deliveries.comparing import RATES, best_of
from clarion.web.durations import in_words
from clarion.web.templatetags.ui import grouped
from clarion.workspaces import spelling
from clarion.workspaces.money import amounts

if TYPE_CHECKING:
    from clarion.deliveries.comparing import Compared

#: What each rate is called, and what it is a share of.
RATE_LABELS: dict[str, tuple[str | Promise, str | Promise]] = {
    "sent": (_("Sent"), _("of all people")),
    "delivered": (_("Delivered"), _("of messages accepted")),
    "read": (pgettext_lazy("message was read", "Opened or read"), _("of messages accepted")),
    "clicked": (_("Clicked"), _("of messages accepted")),
    "click_to_open": (_("Click-to-open"), _("of messages opened")),
    "replied": (_("Replied"), _("of messages accepted")),
    "failed": (_("Failed"), _("of messages tried")),
    "bounced": (_("Bounced"), _("of messages accepted")),
    "unsubscribed": (_("Unsubscribed"), _("of messages accepted")),
}
#: Letters that stand for the campaigns, in the table's head and under the bars.
LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    text: str
    is_best: bool = False
    is_unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the table: `of` says what a share is of."""

    label: str | Promise
    cells: Sequence[Cell]
    of: str | Promise = ""
    is_first_of_group: bool = field(default=False)


def lines(compared: Sequence[Compared]) -> list[Line]:
    """Return the rows of the table: counts of people, counts of messages, rates, time."""
    made = [
        _counts(_("Total people"), [one.targets for one in compared]),
        _counts(_("Sent"), [one.people.get("sent", 0) for one in compared]),
        _counts(_("Partly sent"), [one.people.get("partly", 0) for one in compared]),
        _counts(_("Failed"), [one.people.get("failed", 0) for one in compared]),
        _counts(_("Messages accepted"), [one.messages.get("accepted", 0) for one in compared], first=True),
        _counts(_("Delivered"), [one.told("delivered") for one in compared]),
        _counts(RATE_LABELS["read"][0], [one.told("read") for one in compared]),
        _counts(_("Clicked"), [one.told("clicked") for one in compared]),
        _counts(_("Replied"), [one.told("replied") for one in compared]),
        _counts(_("Unsubscribed"), [one.messages.get("unsubscribed", 0) for one in compared]),
    ]
    for place, rate in enumerate(RATES):
        label, of = RATE_LABELS[rate.key]
        values = [rate.of(one) for one in compared]
        best = best_of(values, is_better_high=rate.is_better_high)
        cells = [_cell(percent(value), value is None, i in best) for i, value in enumerate(values)]
        made.append(Line(label=label, of=of, cells=cells, is_first_of_group=place == 0))
    made.append(_times(compared))
    speeds = [one.per_hour for one in compared]
    best = best_of(speeds, is_better_high=True)
    cells = [
        _cell(grouped(round(speed)) if speed is not None else "", speed is None, i in best)
        for i, speed in enumerate(speeds)
    ]
    made.append(Line(label=_("Messages an hour"), of=_("while sending"), cells=cells))
    return made + _costs(compared)


def _costs(compared: Sequence[Compared]) -> list[Line]:
    """Return what they cost; nothing where none costs anything."""
    spent = [one.spent for one in compared]
    if not any(spent):
        return []
    net = [_cell(amounts.told(one.net, one.currency) if one else "", one is None, False) for one in spent]
    known = [float(one.each) if one is not None and one.accepted else None for one in spent]
    best = best_of(known, is_better_high=False)
    each = [
        _cell(amounts.told(one.each, one.currency) if one else "", known[i] is None, i in best)
        for i, one in enumerate(spent)
    ]
    return [
        Line(label=_("Cost"), cells=net, is_first_of_group=True),
        Line(label=_("Cost of a message"), of=_("accepted, on average"), cells=each),
    ]


def _counts(label: str | Promise, values: Sequence[int | None], *, first: bool = False) -> Line:
    cells = [_cell(grouped(value), value is None, False) for value in values]
    return Line(label=label, cells=cells, is_first_of_group=first)


def _times(compared: Sequence[Compared]) -> Line:
    cells = [
        _cell(in_words(timedelta(seconds=one.seconds)) if one.seconds else "", not one.seconds, False)
        for one in compared
    ]
    return Line(label=_("Time of sending"), cells=cells, is_first_of_group=True)


def _cell(text: str, is_unknown: bool, is_best: bool) -> Cell:
    return Cell(text="" if is_unknown else text, is_unknown=is_unknown, is_best=is_best)


def percent(value: float | None) -> str:
    """Return a share with one decimal, two where it would be nought; empty when it is not known."""
    if value is None:
        return ""
    places = 2 if 0 < value < 0.1 else 1
    return spelling.percent(value, places)


def bars(compared: Sequence[Compared]) -> tuple[list[str], list[list[float | None]]]:
    """Return the names of the rates that anything is known of, and for each the campaigns' values."""
    found = [(rate, [rate.of(one) for one in compared]) for rate in RATES]
    shown = [(rate, values) for rate, values in found if any(values)]
    return [str(RATE_LABELS[rate.key][0]) for rate, _values in shown], [values for _rate, values in shown]


def csv_lines(compared: Sequence[Compared]) -> Iterator[list[str]]:
    """Yield the head and a line for each campaign, with plain numbers for spreadsheets and programs."""
    has_cost = any(one.spent for one in compared)
    counts = ["accepted", "delivered", "read", "clicked", "replied", "failed", "bounced", "unsubscribed"]
    yield [
        "id", "name", "status", "runs", "people", "sent", "partly", "not_sent",
        *(f"messages_{name}" for name in counts),
        *(f"{rate.key}_percent" for rate in RATES), "seconds", "messages_per_hour",
        *(("cost", "currency") if has_cost else ()),
    ]  # fmt: skip
    for one in compared:
        people = [one.targets, *(one.people.get(name, 0) for name in ("sent", "partly", "failed"))]
        rates = [rate.of(one) for rate in RATES]
        yield [
            str(one.campaign.public_id), safe_cell(one.campaign.name), one.campaign.status.lower(), str(one.runs),
            *map(str, people),
            *(str(one.messages.get(name, 0)) for name in counts),
            *("" if value is None else f"{value:.3f}" for value in rates),
            f"{one.seconds:.0f}", "" if one.per_hour is None else f"{one.per_hour:.0f}",
            *(_cost_cells(one) if has_cost else ()),
        ]  # fmt: skip


def _cost_cells(one: Compared) -> tuple[str, str]:
    return (amounts.plain(one.spent.net), one.spent.currency) if one.spent is not None else ("", "")
