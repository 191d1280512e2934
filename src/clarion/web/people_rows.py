"""The rows of a run's table of people.

They are written here and not in a template: a page has fifty rows of up to eighteen cells, and a template that asks of
each cell whether it is shown costs more than everything else on the page together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clarion.web import moments, people_columns
from clarion.web.templatetags import ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from clarion.deliveries.recipients import Message, Person

_PLAIN = people_columns.More()
_NOTHING = '<span class="dim">—</span>'
_EMPTY = f"<td>{_NOTHING}</td>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A person as the reader may see them."""

    person: Person
    name: str
    address: str
    stage: str
    why: str
    url: str
    more: people_columns.More = _PLAIN


class _Pen:
    """What all rows of a page share, looked up once."""

    def __init__(self) -> None:
        self._zone = timezone.get_current_timezone()
        self._language = get_language() or ""
        self._pieces: dict[tuple[object, ...], str] = {}
        self.no_address = escape(_("No address"))

    def moment(self, when: datetime | None) -> str:
        if when is None:
            return _NOTHING
        return moments.written(when, "seconds", zone=self._zone, language=self._language)

    def outcome(self, status: object, kind: str = "recipient") -> str:
        key = (status, kind)
        if key not in self._pieces:
            self._pieces[key] = ui.outcome(status, kind)
        return self._pieces[key]

    def channel(self, message: Message) -> str:
        key = (message.channel, message.stage)
        if key not in self._pieces:
            self._pieces[key] = ui.channel(message.channel, result=message.stage.name.lower())
        return self._pieces[key]

    def label(self, one: object) -> str:
        """Return the label of a stage, or of why somebody was left out."""
        key = (type(one), one)  # numbers of different kinds are equal
        if key not in self._pieces:
            self._pieces[key] = escape(getattr(one, "label", ""))
        return self._pieces[key]


def drawn(rows: Iterable[Shown], shown: frozenset[str]) -> SafeString:
    """Return the rows as HTML in the active language and zone, with the cells of the columns `shown` in their order."""
    pen = _Pen()
    before = [_CELLS[key] for key in people_columns.ADDRESSES if key in shown]
    after = [
        _CELLS[key] for key in people_columns.CHOICES if key in shown.difference(people_columns.ADDRESSES)
    ]
    cells = [_number, _person, *before, _status, *after]
    lines = ["".join([cell(row, pen) for cell in cells]) for row in rows]
    return SafeString("\n".join([f"<tr>{line}</tr>" for line in lines]))


def _number(row: Shown, pen: _Pen) -> str:
    return f'<td class="table__end dim">{ui.grouped(row.person.id)}</td>'


def _status(row: Shown, pen: _Pen) -> str:
    why = f'<span class="meta">{escape(row.why)}</span>' if row.why else ""
    return f'<td class="table__status">{pen.outcome(row.stage)}{why}</td>'


def _person(row: Shown, pen: _Pen) -> str:
    name = escape(row.name or row.address) or pen.no_address
    address = (
        f'<span class="meta"><bdi>{escape(row.address)}</bdi></span>' if row.name and row.address else ""
    )
    return (
        f'<th scope="row" class="table__main"><a class="table__link" href="{escape(row.url)}" data-drawer>'
        f"<bdi>{name}</bdi></a>{address}</th>"
    )


def _text(value: str) -> str:
    return f"<td><bdi>{escape(value) if value else '—'}</bdi></td>"


def _stage(row: Shown, pen: _Pen) -> str:
    chief = row.person.chief_message
    return f"<td>{pen.label(chief.stage) if chief is not None else _NOTHING}</td>"


def _channels(row: Shown, pen: _Pen) -> str:
    chips = "".join([pen.channel(one) for one in row.person.messages])
    return f'<td class="table__side"><span class="channels">{chips or _NOTHING}</span></td>'


def _filter(row: Shown, pen: _Pen) -> str:
    return f"<td>{pen.label(row.person.skip) if row.person.skip is not None else _NOTHING}</td>"


def _result(row: Shown, pen: _Pen) -> str:
    chief = row.person.chief_message
    result = chief.result if chief is not None else None
    return f"<td>{pen.outcome(result, 'result')}</td>" if result else _EMPTY


def _code(row: Shown, pen: _Pen) -> str:
    chief = row.person.chief_message
    code = chief.code if chief is not None else ""
    return f'<td><code class="small">{escape(code)}</code></td>' if code else _EMPTY


def _attempts(row: Shown, pen: _Pen) -> str:
    chief = row.person.chief_message
    return f'<td class="table__end">{chief.attempts if chief is not None else 0}</td>'


def _sent(row: Shown, pen: _Pen) -> str:
    chief = row.person.chief_message
    return f"<td>{pen.moment(chief.sent_at if chief is not None else None)}</td>"


def _receipt(row: Shown, pen: _Pen) -> str:
    chief = row.person.chief_message
    return f"<td>{pen.moment(chief.result_at if chief is not None else None)}</td>"


def _provider(row: Shown, pen: _Pen) -> str:
    chief = row.person.chief_message
    id = chief.provider_id if chief is not None else ""
    return f'<td><code class="small break">{escape(id)}</code></td>' if id else _EMPTY


_CELLS: dict[str, Callable[[Shown, _Pen], str]] = {
    "email": lambda row, pen: _text(row.more.email),
    "phone": lambda row, pen: _text(row.more.phone),
    "stage": _stage,
    "channel": _channels,
    "sender": lambda row, pen: _text(row.more.sender),
    "filter": _filter,
    "result": _result,
    "code": _code,
    "attempts": _attempts,
    "created": lambda row, pen: f"<td>{pen.moment(row.more.created_at)}</td>",
    "sent": _sent,
    "delivered": lambda row, pen: f"<td>{pen.moment(row.more.delivered_at)}</td>",
    "receipt": _receipt,
    "provider": _provider,
    "error": lambda row, pen: f"<td>{escape(row.more.error) if row.more.error else '—'}</td>",
}
