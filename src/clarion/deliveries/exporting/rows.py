"""What an exported file says of each person: the columns of the recipients' table, and the person's variables.

The keys are stable and in English whatever the reader's language, because programs read these files.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext as _

from clarion.audience.csvfile import safe_cell
from clarion.audience.masking import mask, mask_name
from clarion.deliveries import queries, reasons, recipients
from clarion.deliveries.errors import ExportRefused
from clarion.deliveries.models import Delivery, Run, RunStep
from clarion.deliveries.recipients import Message, Person
from clarion.deliveries.states import Stage, delivery_id
from clarion.workspaces.money import amounts

Cell = str | int | float | None

#: Of the person, and of each message to them. A run of several steps has the latter once for each: `code`, `code_2`.
PERSON = ("number", "name", "address", "status", "status_reason")
MESSAGE = (
    "channel", "message_status", "attempts", "sent_at", "result", "result_at", "code", "provider_id", "reason",
    "opened_at", "clicked_at", "clicked_links",
)  # fmt: skip
#: What a message was charged with, in the account's currency; only in files of runs that cost something.
COST = "cost"
#: Different variables of a run's people; more would be columns that nobody can read.
MOST_VARIABLES = 1000
#: Larger numbers lose digits in spreadsheets, so they are written as text.
_EXACT = 10**15
#: Before a variable whose name is a column's already.
_OTHERS = "variable_"


#: How many of a message's columns tell of opens and clicks.
_OF_HEARD = 3
_HEARD = """
select delivery_id, min(at) filter (where result = 3), min(at) filter (where result = 4),
       array_agg(distinct code order by code) filter (where result = 4)
from deliveries_receipt where run_id = %(run)s and delivery_id = any(%(ids)s) and result in (3, 4) group by 1
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """When a message was first opened and a link in it first followed, and the numbers of the links."""

    opened_at: datetime | None = None
    clicked_at: datetime | None = None
    links: str = ""


_NOTHING = Heard()


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file, and how a person becomes its line."""

    run: Run
    steps: Sequence[RunStep]
    variables: Sequence[str]
    zone: ZoneInfo
    is_masked: bool

    @property
    def header(self) -> list[str]:
        """The keys of the columns, safe to open in a spreadsheet."""
        own = list(PERSON)
        for place in range(max(1, len(self.steps))):
            own += [name if place == 0 else f"{name}_{place + 1}" for name in MESSAGE]
            own += [COST if place == 0 else f"{COST}_{place + 1}"] if self.costs else []
        taken = set(own)
        return own + [safe_cell(_OTHERS + name if name in taken else name) for name in self.variables]

    def lines(self, ids: Sequence[int]) -> Iterator[list[Cell]]:
        """Yield the lines of these recipients, in the order of their numbers."""
        heard, costs = self._heard(ids), self._costs(ids)
        for person in recipients.people(self.run, self.steps, ids):
            yield self._line(person, heard, costs)

    def addresses(self, ids: Sequence[int]) -> Iterator[str]:
        """Yield the addresses of these recipients; who has none is left out."""
        for person in recipients.people(self.run, self.steps, ids):
            address = self._address(person)
            if address:
                yield address

    def _heard(self, ids: Sequence[int]) -> dict[int, "Heard"]:
        """Return what is known of opens and clicks by message; asked for only where there are any."""
        if not any(step.read or step.clicked for step in self.steps):
            return {}
        keys = [delivery_id(one, step.step) for one in ids for step in self.steps]
        found: dict[int, Heard] = {}
        with connection.cursor() as cursor:
            cursor.execute(_HEARD, {"run": self.run.pk, "ids": keys})
            for delivery, opened_at, clicked_at, numbers in cursor.fetchall():
                found[delivery] = Heard(opened_at, clicked_at, " ".join(filter(None, numbers or ())))
        return found

    @property
    def costs(self) -> bool:
        """Whether messages of the run cost something."""
        return any(step.tariff is not None for step in self.steps)

    def _costs(self, ids: Sequence[int]) -> dict[int, str]:
        """Return what messages were charged with; asked for only where they cost something."""
        if not self.costs:
            return {}
        keys = [delivery_id(one, step.step) for one in ids for step in self.steps]
        sent = Delivery.objects.filter(run_id=self.run.pk, id__in=keys, stage=Stage.SENT, cost__isnull=False)
        return {pk: amounts.plain(cost or 0) for pk, cost in sent.values_list("id", "cost")}

    def _line(self, person: Person, heard: Mapping[int, "Heard"], costs: Mapping[int, str]) -> list[Cell]:
        name = mask_name(person.name) if self.is_masked else person.name
        line: list[Cell] = [
            person.id,
            safe_cell(name),
            safe_cell(self._address(person)),
            person.stage.name.lower(),
            person.skip.name.lower() if person.skip is not None else "",
        ]
        by_step = {message.step: message for message in person.messages}
        for step in self.steps:
            line += self._message(by_step.get(step.step))
            told = heard.get(delivery_id(person.id, step.step), _NOTHING)
            line += [self._moment(told.opened_at), self._moment(told.clicked_at), told.links]
            line += [costs.get(delivery_id(person.id, step.step), "")] if self.costs else []
        line += [""] * (len(MESSAGE) if not self.steps else 0)
        return line + [_variable(person.variables.get(name)) for name in self.variables]

    def _message(self, message: Message | None) -> list[Cell]:
        if message is None:
            return [""] * (len(MESSAGE) - _OF_HEARD)
        reason = message.reason if message.reason is not None else message.waits_for
        return [
            message.channel,
            message.stage.name.lower(),
            message.attempts,
            self._moment(message.sent_at),
            message.result.name.lower() if message.result is not None else "",
            self._moment(message.result_at),
            safe_cell(message.code),
            safe_cell(message.provider_id),
            reasons.explain(reason).name if reason is not None else "",
        ]

    def _address(self, person: Person) -> str:
        address = mask(person.address) if self.is_masked else person.address
        return " ".join(address.split())  # a line of its own, whatever came in

    def _moment(self, at: datetime | None) -> str:
        """Return a time as ISO 8601, with the workspace's distance from UTC at that moment."""
        return at.astimezone(self.zone).isoformat(timespec="seconds") if at is not None else ""


def layout_of(run: Run, *, is_masked: bool) -> Layout:
    """Return the columns of a file of the run's people. Raises ExportRefused for too many of them.

    Variables are personal data: a masked file has none.
    """
    steps = queries.lean_steps(run)
    variables = [] if is_masked else _variables(run)
    return Layout(run, steps, variables, ZoneInfo(run.workspace.zone), is_masked)


def _variables(run: Run) -> list[str]:
    """Return the names of all variables that anybody of the run has, sorted. Reads the run's people once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct jsonb_object_keys(variables) from deliveries_recipient where run_id = %s limit %s",
            [run.pk, MOST_VARIABLES + 1],
        )
        names = sorted(name for (name,) in cursor.fetchall())
    if len(names) > MOST_VARIABLES:
        raise ExportRefused(
            _("The people of this run have more than %(n)d different fields: too many for a table.")
            % {"n": MOST_VARIABLES}
        )
    return names


def _variable(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and abs(value) < _EXACT:
        return value
    if isinstance(value, str):
        return safe_cell(value)
    return safe_cell(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
