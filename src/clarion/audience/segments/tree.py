"""A rule as a tree, and what conditions there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

#: Groups in groups, conditions in all, parts of one group, characters of a text, and days to either side.
MAX_DEPTH = 6
MAX_CONDITIONS = 60
MAX_TEXT = 200
MAX_DAYS = 36_500

ATTRIBUTE = "attribute:"

TEXT_OPS = ("equals", "differs", "contains", "lacks", "begins", "empty", "filled")
NUMBER_OPS = ("eq", "lt", "le", "gt", "ge")
DATE_OPS = ("on", "before", "after", "last_days", "next_days")

#: Field → what can be asked of it. Attributes are `attribute:NAME`.
FIELDS: dict[str, tuple[str, ...]] = {
    "email": TEXT_OPS,
    "phone": TEXT_OPS,
    "first_name": TEXT_OPS,
    "last_name": TEXT_OPS,
    "language": TEXT_OPS,
    "zone": TEXT_OPS,
    "state": ("is", "is_not"),
    "tag": ("has", "has_not"),
    "list": ("in", "not_in"),
    "suppressed": ("on_channel", "not_on_channel"),
    "consent": ("given_on", "not_given_on", "withdrawn_on"),
    "created": ("last_days", "older_days"),
}
LIST_OPS = ("has", "has_not")
ATTRIBUTE_OPS = (*TEXT_OPS, *NUMBER_OPS, *DATE_OPS, *LIST_OPS)
#: Operations that take no value, and those that take a number of days.
BARE_OPS = frozenset({"empty", "filled"})
DAYS_OPS = frozenset({"last_days", "next_days", "older_days"})
MOMENT_OPS = frozenset({"on", "before", "after"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about a contact. `value` is a text, a Decimal, a number of days, {"days": n}, or None."""

    field: str
    op: str
    value: Any = None

    @property
    def attribute(self) -> str:
        """The attribute's name; empty for a field of the contact's own."""
        return self.field[len(ATTRIBUTE) :] if self.field.startswith(ATTRIBUTE) else ""


@dataclass(frozen=True, slots=True)
class Group:
    """All of the parts, or any of them."""

    kind: Literal["all", "any"]
    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: "Node"


Node = Condition | Group | Not


def conditions(node: Node) -> Iterator[Condition]:
    """Yield the conditions in the order in which they stand."""
    if isinstance(node, Condition):
        yield node
    elif isinstance(node, Not):
        yield from conditions(node.part)
    else:
        for part in node.parts:
            yield from conditions(part)


def lists_in(node: Node) -> list[str]:
    """Return the public ids of the lists that the rule names, each once."""
    return list(dict.fromkeys(one.value for one in conditions(node) if one.field == "list"))


def to_json(node: Node) -> dict[str, Any]:
    """Return the rule as it is stored: what `parse` makes the same tree of."""
    if isinstance(node, Group):
        return {node.kind: [to_json(part) for part in node.parts]}
    if isinstance(node, Not):
        return {"not": to_json(node.part)}
    found: dict[str, Any] = {"field": node.field, "op": node.op}
    if node.op in NUMBER_OPS:
        found["value"] = str(node.value)
    elif node.value is not None:
        found["value"] = node.value
    return found
