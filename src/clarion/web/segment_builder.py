"""The segment builder's form: a rule as nested groups of rows, whole in every request, so that it works as plain HTML.

Each node has a place like 0.1.2: the third part of the second part of the outermost group. The fields of a form are
`node` (the places, in order) and kind-PLACE of groups, or field-, attribute-, op- and value-PLACE of conditions.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from clarion.audience import attributes, segments
from clarion.audience.models import Attribute, AttributeKind, ContactState, List
from clarion.audience.segments import activity, tree
from clarion.audience.segments.parsing import channels
from clarion.audience.segments.wording import FIELD_WORDS
from clarion.channels import registry
from clarion.lib.sentences import spoken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import QueryDict

_PLACE = re.compile(r"0(\.[0-9]{1,2}){0,6}")
_INDEX = re.compile(r"\[([0-9]+)\]")
#: Nodes read of one form.
_MOST = 2 * tree.MAX_CONDITIONS
#: The fields of a condition, in the order of `Row`.
_TYPED = ("field", "attribute", "op", "value")
Choice = tuple[str, str]
_BARE = ("empty", "filled")
#: What can be asked of an attribute of a kind.
_OPS_OF: dict[str, tuple[str, ...]] = {
    AttributeKind.TEXT: tree.TEXT_OPS,
    AttributeKind.NUMBER: (*tree.NUMBER_OPS, *_BARE),
    AttributeKind.DATE: (*tree.DATE_OPS, *_BARE),
    AttributeKind.BOOLEAN: ("equals", "differs", *_BARE),
    AttributeKind.CHOICE: ("equals", "differs", *_BARE),
    AttributeKind.LIST: (*tree.LIST_OPS, *_BARE),
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What of the workspace can be chosen in a rule."""

    lists: Sequence[Choice]
    campaigns: Sequence[Choice]
    defined: Mapping[str, Attribute]


@dataclass(slots=True)
class Row:
    """A condition as it is typed; `place`, `problem` and `lists` are for drawing it."""

    field: str = "email"
    attribute: str = ""
    op: str = ""
    value: str = ""
    place: str = ""
    problem: str = ""
    lists: Sequence[Choice] = ()
    defined: Mapping[str, Attribute] = dataclasses.field(default_factory=dict)
    campaigns: Sequence[Choice] = ()
    is_group: bool = False

    @property
    def ops(self) -> tuple[str, ...]:
        if self.field.startswith(tree.ATTRIBUTE):
            return _OPS_OF[self.defined[self.attribute].kind]
        return tree.ATTRIBUTE_OPS if self.field == "attribute" else tree.FIELDS[self.field]

    def settle(self) -> None:
        """Fall back to what the field can be asked, after another field was chosen."""
        if self.field.startswith(tree.ATTRIBUTE):
            self.attribute = self.field[len(tree.ATTRIBUTE) :]
            if self.attribute not in self.defined:
                self.field = "attribute"
        elif self.field == "attribute" and (known := self.defined.get(self.attribute.strip())):
            # A rule that asks otherwise than the kind suggests is drawn as it was written.
            if self.op in _OPS_OF[known.kind]:
                self.field, self.attribute = f"{tree.ATTRIBUTE}{known.name}", known.name
        elif self.field != "attribute" and self.field not in tree.FIELDS:
            self.field = "email"
        if self.op not in self.ops:
            self.op = self.ops[0]
        if (choices := self.value_choices) and self.value not in dict(choices):
            self.value = choices[0][0]

    @property
    def field_choices(self) -> list[Choice]:
        own = [(name, str(words)) for name, words in FIELD_WORDS.items()]
        known = [(f"{tree.ATTRIBUTE}{one.name}", one.label) for one in self.defined.values()]
        other = _("another attribute") if known else _("attribute")
        return [*own, *known, ("attribute", other)]

    @property
    def op_choices(self) -> list[Choice]:
        words = op_words()
        return [(op, words[op]) for op in self.ops]

    @property
    def value_choices(self) -> list[Choice]:
        if self.field == "state":
            return [(value, str(label)) for value, label in ContactState.choices]
        if self.field.startswith(tree.ATTRIBUTE) and self.has_value:
            return self._choices_of(self.defined[self.attribute])
        if self.field in ("suppressed", "consent"):
            return [(name, spoken(registry.get(name).label)) for name in channels()]
        if self.op in activity.CAMPAIGN_OPS:
            return list(self.campaigns)
        return list(self.lists) if self.field == "list" else []

    @staticmethod
    def _choices_of(attribute: Attribute) -> list[Choice]:
        if attribute.kind == AttributeKind.BOOLEAN:
            return [(attributes.YES, _("yes")), (attributes.NO, _("no"))]
        return [(one, one) for one in attribute.choices]

    @property
    def has_value(self) -> bool:
        return self.op not in tree.BARE_OPS

    @property
    def is_filled(self) -> bool:
        """Whether everything that is to be typed has been."""
        needs_name = self.field == "attribute" or self.has_times
        return bool((self.attribute.strip() or not needs_name) and (self.value.strip() or not self.has_value))

    @property
    def is_moment(self) -> bool:
        return self.op in tree.MOMENT_OPS

    @property
    def is_days(self) -> bool:
        return self.op in tree.DAYS_OPS | activity.DAYS_OPS | activity.TIMES_OPS

    @property
    def is_latest(self) -> bool:
        return self.op in activity.LATEST_OPS

    @property
    def has_times(self) -> bool:
        """Whether `attribute` is how many messages."""
        return self.op in activity.TIMES_OPS

    def to_json(self) -> dict[str, Any]:
        is_attribute = self.field == "attribute" or self.field.startswith(tree.ATTRIBUTE)
        name = f"{tree.ATTRIBUTE}{self.attribute.strip()}" if is_attribute else self.field
        found: dict[str, Any] = {"field": name, "op": self.op}
        text = self.value.strip()
        if self.has_times:
            found["value"] = {"messages": _whole(self.attribute.strip()), "days": _whole(text)}
        elif self.is_days or self.is_latest:
            found["value"] = _whole(text)
        elif self.is_moment and _whole(text) is not text:
            found["value"] = {"days": _whole(text)}
        elif self.has_value:
            found["value"] = text.replace(",", ".") if self.op in tree.NUMBER_OPS else text
        return found


@dataclass(slots=True)
class Box:
    """A group as it is drawn: all, any or none of its parts."""

    kind: str = "all"
    parts: list[Box | Row] = field(default_factory=list)
    place: str = "0"
    problem: str = ""
    is_group: bool = True

    @property
    def kind_choices(self) -> list[Choice]:
        return [("all", _("all of these")), ("any", _("any of these")), ("none", _("none of these"))]

    @property
    def is_outermost(self) -> bool:
        return self.place == "0"

    @property
    def may_nest(self) -> bool:
        return self.place.count(".") < tree.MAX_DEPTH - 3

    def to_json(self) -> dict[str, Any]:
        parts = [part.to_json() for part in self.parts]
        return {"not": {"any": parts}} if self.kind == "none" else {self.kind: parts}


def op_words() -> dict[str, str]:
    """Return what the comparisons are called."""
    return {
        "equals": _("is"), "differs": _("is not"), "contains": _("contains"), "lacks": _("does not contain"),
        "begins": _("begins with"), "empty": _("is empty"), "filled": _("is not empty"),
        "eq": _("is the number"), "lt": _("is less than"), "le": _("is at most"), "gt": _("is more than"),
        "ge": _("is at least"), "on": _("is on the day"), "before": _("is before the day"),
        "after": _("is after the day"), "last_days": _("in the last … days"), "next_days": _("in the next … days"),
        "older_days": _("more than … days ago"), "is": _("is"), "is_not": _("is not"), "has": _("is among them"),
        "has_not": _("is not among them"), "in": _("is on it"), "not_in": _("is not on it"),
        "on_channel": _("exists on"), "not_on_channel": _("does not exist on"),
        "given_on": _("is given to"), "not_given_on": _("is not given to"), "withdrawn_on": _("is withdrawn from"),
        "in_campaign": _("in the campaign"), "not_in_campaign": _("not in the campaign"),
        "activity_days": _("in the last … days"), "no_activity_days": _("not in the last … days"),
        "of_latest": _("among the latest … messages"), "none_of_latest": _("none of the latest … messages"),
        "at_least": _("at least … times in … days"), "at_most": _("at most … times in … days"),
    }  # fmt: skip


def blank() -> Box:
    """Return the rule that a new segment begins with."""
    return Box(parts=[Row(field="tag", op="has")])


def of_rule(rule: Any) -> Box:
    """Return the rows of a stored rule."""
    drawn = _drawn(segments.parse(rule))
    return drawn if isinstance(drawn, Box) else Box(parts=[drawn])


def _drawn(node: segments.Node) -> Box | Row:
    if isinstance(node, segments.Condition):
        name = "attribute" if node.attribute else node.field
        value = node.value["days"] if isinstance(node.value, dict) else node.value
        beside = str(node.value["messages"]) if node.op in activity.TIMES_OPS else node.attribute
        return Row(name, beside, node.op, "" if value is None else str(value))
    if isinstance(node, segments.Group):
        return Box(node.kind, [_drawn(part) for part in node.parts])
    inner = node.part
    if isinstance(inner, segments.Group) and inner.kind == "any":
        return Box("none", [_drawn(part) for part in inner.parts])
    return Box("none", [_drawn(inner)])


def of_form(data: QueryDict) -> Box:
    """Return the rows of a form; what makes no sense is left out."""
    places = [place for place in data.getlist("node")[:_MOST] if _PLACE.fullmatch(place)]
    root = Box(_kind(data.get("kind-0")))
    boxes = {"0": root}
    for place in places:
        above = boxes.get(place.rpartition(".")[0])
        if above is None:
            continue
        if f"kind-{place}" in data:
            box = Box(_kind(data.get(f"kind-{place}")))
            boxes[place] = box
            above.parts.append(box)
        else:
            name, attribute, op, value = (data.get(f"{one}-{place}", "")[:300] for one in _TYPED)
            if name.startswith(tree.ATTRIBUTE):
                attribute = name[len(tree.ATTRIBUTE) :]
            above.parts.append(Row(name, attribute, op, value))
    return root


def act(root: Box, what: str) -> None:
    """Do what a button says: add:PLACE, group:PLACE or remove:PLACE; anything else changes nothing."""
    verb, _colon, place = what.partition(":")
    if not _PLACE.fullmatch(place):
        return
    *above, last = (int(number) for number in place.split("."))
    box: Box | Row | None = root
    for number in ([*above, last] if verb in ("add", "group") else above)[1:]:
        parts = box.parts if isinstance(box, Box) else []
        box = parts[number] if number < len(parts) else None
    if not isinstance(box, Box):
        return
    if verb == "add":
        box.parts.append(Row(field="tag", op="has"))
    elif verb == "group":
        box.parts.append(Box("any", [Row(field="tag", op="has")]))
    elif verb == "remove" and above and last < len(box.parts):
        del box.parts[last]


def number(
    root: Box,
    lists: Sequence[List],
    problems: Sequence[segments.Problem] = (),
    *,
    defined: Mapping[str, Attribute] | None = None,
    campaigns: Sequence[Choice] = (),
) -> Box:
    """Give every node its place, its choices and its problem, for drawing; `defined` are the known attributes."""
    choices = Choices([(str(one.public_id), one.name) for one in lists], campaigns, defined or {})
    told: dict[str, str] = {}
    for problem in problems:
        place = ".".join(["0", *_INDEX.findall(problem.path)])
        told.setdefault(place, problem.sentence)
    _number(root, "0", choices, told)
    return root


def _number(node: Box | Row, place: str, choices: Choices, told: Mapping[str, str]) -> None:
    node.place, node.problem = place, told.get(place, "")
    if isinstance(node, Row):
        node.lists, node.campaigns, node.defined = choices.lists, choices.campaigns, choices.defined
        node.settle()
        return
    for index, part in enumerate(node.parts):
        _number(part, f"{place}.{index}", choices, told)


def forgive(node: Box | Row) -> None:
    """Say nothing of rows that are not filled in yet: somebody is about to."""
    if isinstance(node, Box):
        for part in node.parts:
            forgive(part)
    elif not node.is_filled:
        node.problem = ""


def _kind(text: str | None) -> str:
    return text if text in ("all", "any", "none") else "all"


def _whole(text: str) -> Any:
    """Return a whole number, or the text where it is none."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,6}", text) else text
