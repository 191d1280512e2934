"""What the workspace's audit log is narrowed to: the query string, read leniently, and its chips."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as day_time
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.web import audit_words, typed
from clarion.web.links import changed_query
from clarion.web.parts import Chip, Option
from clarion.workspaces import spelling, trail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.web.http import PageRequest

_ACTION = re.compile(r"[a-z_]{1,30}\.[a-z_]{1,30}")
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filters, and the days as they were typed."""

    filters: trail.Filters
    first_day: date | None
    last_day: date | None


def read(request: PageRequest, people: Sequence[tuple[int, str]]) -> Asked:
    """Return what the query string asks for. Days are those of the reader's zone, the last one included."""
    get = request.GET
    words = typed.words(get, "q", _LONGEST)
    who, kind, action = get.get("who", ""), get.get("kind", ""), get.get("action", "")
    first, last = _day(get.get("from", "")), _day(get.get("to", ""))
    known = {str(pk) for pk, _name in people} | set(trail.NO_PERSONS)
    filters = trail.Filters(
        words=words if len(words) >= trail.SEARCH_FROM else "",
        who=who if who in known else "",
        kind=kind if kind in audit_words.KINDS else "",
        action=action if _ACTION.fullmatch(action) else "",
        since=_start_of(first) if first else None,
        until=_start_of(last + timedelta(days=1)) if last else None,
    )
    return Asked(filters=filters, first_day=first, last_day=last)


def people_options(people: Sequence[tuple[int, str]], chosen: str) -> list[Option]:
    options = [("", _("Anybody")), *((str(pk), name) for pk, name in people)]
    options += [("system", _("The program itself")), ("cli", _("Command line"))]
    return [Option(value=value, label=label, checked=value == chosen) for value, label in options]


def kind_options(chosen: str) -> list[Option]:
    options = [
        ("", _("Anything")),
        *((kind, str(label)) for kind, (label, _icon) in audit_words.KINDS.items()),
    ]
    return [Option(value=value, label=label, checked=value == chosen) for value, label in options]


def action_options(kind: str, chosen: str) -> list[Option]:
    """Return what can have happened to the kind; one that is chosen is always among them."""
    found = audit_words.actions_of(kind) if kind else []
    if chosen and chosen not in dict(found):
        found = [*found, (chosen, audit_words.title_of(chosen))]
    if not found:
        return []
    return [
        Option(value=value, label=label, checked=value == chosen)
        for value, label in [("", _("Whatever was done")), *found]
    ]


def chips(request: PageRequest, asked: Asked, people: Sequence[tuple[int, str]]) -> list[Chip]:
    """Return the active filters, each with the page without it."""
    filters = asked.filters
    names = {str(pk): name for pk, name in people} | {
        "system": _("The program itself"), "cli": _("Command line"),
    }  # fmt: skip
    told = [
        ("q", filters.words, f"“{filters.words}”"),
        ("who", filters.who, names.get(filters.who, "")),
        ("kind", filters.kind, audit_words.label_of(filters.kind)),
        ("action", filters.action, audit_words.title_of(filters.action)),
    ]
    if asked.first_day is not None:
        label = _("From %(day)s") % {"day": spelling.day(asked.first_day)}
        told.append(("from", asked.first_day.isoformat(), label))
    if asked.last_day is not None:
        label = _("To %(day)s") % {"day": spelling.day(asked.last_day)}
        told.append(("to", asked.last_day.isoformat(), label))
    return [
        Chip(
            label=label,
            url=changed_query(request, **{name: None, "after": None, "before": None}),
            name=name,
            value=value,
        )
        for name, value, label in told
        if value
    ]


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return found if found is not None and 1970 <= found.year < 9999 else None


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, day_time.min))
