"""Reading a rule strictly: whatever is not exactly the schema is told with its path and a sentence."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from django.utils.translation import gettext as _

from clarion.audience.columns import MAX_VARIABLE
from clarion.audience.models import ContactState
from clarion.audience.segments import tree
from clarion.audience.segments.tree import Condition, Group, Node, Not
from clarion.channels import registry

#: Of a rule's JSON.
MAX_OCTETS = 65_536

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong where. `path` is like `all[1].not.value`; empty for the whole rule."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}" if self.path else self.sentence


class RuleInvalid(ValueError):
    """A rule is not as the schema says. Every problem is in `problems`."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(map(str, problems)))
        self.problems = problems


def parse_text(text: str) -> Node:
    """Return the tree of a rule written as JSON, of at most `MAX_OCTETS`. Raises RuleInvalid."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_OCTETS:
        raise RuleInvalid([Problem("", _("The rule is too long."))])
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        sentence = _("The rule is not JSON: line %(line)d, column %(column)d.")
        raise RuleInvalid(
            [Problem("", sentence % {"line": problem.lineno, "column": problem.colno})]
        ) from None
    return parse(data)


def parse(data: Any) -> Node:
    """Return the tree of a rule's JSON, as `json.loads` gives it. Raises RuleInvalid.

    The outermost is a group, of at most `MAX_DEPTH` levels and `MAX_CONDITIONS` conditions.
    """
    reader = _Reader()
    node = reader.node(data, "", 1)
    if node is not None and isinstance(node, Condition):
        reader.problems.append(Problem("", _("The rule begins with a group: all, any or not.")))
    if reader.count > tree.MAX_CONDITIONS:
        reader.problems = [
            Problem("", _("A rule has at most %(n)d conditions.") % {"n": tree.MAX_CONDITIONS})
        ]
    if reader.problems or node is None:
        raise RuleInvalid(reader.problems)
    return node


class _Wrong(Exception):
    """Ends the reading of a node."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(sentence)
        self.path = path
        self.sentence = sentence


class _Reader:
    """Collects the problems; a node with one is None."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.count = 0

    def node(self, data: Any, path: str, depth: int) -> Node | None:
        try:
            return self._node(data, path, depth)
        except _Wrong as problem:
            if len(self.problems) < tree.MAX_CONDITIONS:
                self.problems.append(Problem(problem.path.removeprefix("."), problem.sentence))
            return None

    def _node(self, data: Any, path: str, depth: int) -> Node | None:
        if depth > tree.MAX_DEPTH:
            raise _Wrong(path, _("Groups are nested at most %(n)d deep.") % {"n": tree.MAX_DEPTH})
        if not isinstance(data, Mapping):
            raise _Wrong(path, _("A group or a condition is expected here."))
        if "field" in data:
            return self._condition(data, path)
        if len(data) != 1 or next(iter(data)) not in ("all", "any", "not"):
            raise _Wrong(path, _("A group has one of all, any and not, and nothing else."))
        ((kind, inner),) = data.items()
        if kind == "not":
            part = self.node(inner, f"{path}.not", depth + 1)
            return None if part is None else Not(part)
        return self._group(kind, inner, f"{path}.{kind}", depth)

    def _group(self, kind: Any, inner: Any, path: str, depth: int) -> Group | None:
        if not isinstance(inner, list) or not inner:
            raise _Wrong(path, _("The group is empty: add a condition."))
        if len(inner) > tree.MAX_CONDITIONS:
            raise _Wrong(path, _("A rule has at most %(n)d conditions.") % {"n": tree.MAX_CONDITIONS})
        parts = []
        for index, part in enumerate(inner):
            if self.count > tree.MAX_CONDITIONS:
                return None
            parts.append(self.node(part, f"{path}[{index}]", depth + 1))
        found = tuple(part for part in parts if part is not None)
        return Group(kind, found) if len(found) == len(parts) else None

    def _condition(self, data: Mapping[str, Any], path: str) -> Condition:
        self.count += 1
        extra = sorted(str(name) for name in data.keys() - {"field", "op", "value"})
        if extra:
            raise _Wrong(
                path, _("A condition has field, op and value, not %(name)s.") % {"name": extra[0][:40]}
            )
        field, op = data["field"], data.get("op")
        ops = self._ops(field, path)
        if not isinstance(op, str) or op not in ops:
            raise _Wrong(
                f"{path}.op", _("Choose one of these for the field: %(ops)s.") % {"ops": ", ".join(ops)}
            )
        if op in tree.BARE_OPS:
            if data.get("value") is not None:
                raise _Wrong(f"{path}.value", _("This comparison has no value."))
            return Condition(field, op)
        try:
            return Condition(field, op, _value(field, op, data.get("value")))
        except ValueError as problem:
            raise _Wrong(f"{path}.value", str(problem)) from None

    def _ops(self, field: Any, path: str) -> tuple[str, ...]:
        if not isinstance(field, str):
            raise _Wrong(f"{path}.field", _("Choose a field."))
        if field in tree.FIELDS:
            return tree.FIELDS[field]
        name = field[len(tree.ATTRIBUTE) :] if field.startswith(tree.ATTRIBUTE) else ""
        if not name:
            raise _Wrong(f"{path}.field", _("There is no field of this name."))
        try:
            _text(name, MAX_VARIABLE)
        except ValueError as problem:
            raise _Wrong(f"{path}.field", str(problem)) from None
        return tree.ATTRIBUTE_OPS


def _value(field: str, op: str, value: Any) -> Any:
    """Return a condition's value. Raises ValueError with a sentence."""
    if op in tree.DAYS_OPS:
        return _days(value, 0)
    if op in tree.MOMENT_OPS:
        return _moment(value)
    if op in tree.NUMBER_OPS:
        return _number(value)
    text = _text(value, tree.MAX_TEXT)
    if field == "state" and text not in ContactState.values:
        raise ValueError(_("Choose one of these: %(values)s.") % {"values": ", ".join(ContactState.values)})
    if field == "list":
        return _public_id(text)
    if field in ("suppressed", "consent") and text not in channels():
        raise ValueError(_("Choose one of these: %(values)s.") % {"values": ", ".join(channels())})
    return text


def channels() -> list[str]:
    """Return the channels by name."""
    return list(registry.CHANNELS)


def _text(value: Any, limit: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(_("Write a text to compare with."))
    if len(value) > limit:
        raise ValueError(_("At most %(limit)s characters fit.") % {"limit": limit})
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError(_("The text has a character that cannot be stored."))
    return value


def _number(value: Any) -> Decimal:
    text = str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    if not _NUMBER.fullmatch(text):
        raise ValueError(_("Write a number, such as 12 or 12.5."))
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(_("Write a number, such as 12 or 12.5.")) from None


def _days(value: Any, least: int) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not least <= value <= tree.MAX_DAYS:
        raise ValueError(
            _("Write a number of days from %(least)d to %(most)d.") % {"least": least, "most": tree.MAX_DAYS}
        )
    return int(value)


def _moment(value: Any) -> str | dict[str, int]:
    if isinstance(value, Mapping):
        if set(value) != {"days"}:
            raise ValueError(_('A day beside today is written {"days": -7}.'))
        return {"days": _days(value["days"], -tree.MAX_DAYS)}
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError(_("There is no such day.")) from None
        return value
    raise ValueError(_("Write a day like 2026-12-31, or a number of days from today."))


def _public_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ValueError(_("Choose a list.")) from None
