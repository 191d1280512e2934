"""A rule as one SQL condition about a contact. Whatever a person wrote is a parameter, never text of the SQL.

Each condition is true or false, never null, so that `not` is the opposite.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from clarion.audience.addresses import preferred_sql
from clarion.audience.attributes import BETWEEN
from clarion.audience.segments import activity, folding, tree
from clarion.audience.segments.tree import Condition, Group, Node, Not
from clarion.channels import registry
from clarion.workspaces.models import Workspace

#: A number or a day as attributes hold them; anything else answers no to their questions.
_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SIGNS = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_DAY_SIGNS = {"on": "=", "before": "<", "after": ">"}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition about a row of audience_contact, and its parameters by name. It has no braces."""

    sql: str
    parameters: dict[str, Any]


def today_in(workspace: Workspace, now: datetime) -> date:
    """Return the day that it is in the workspace's zone."""
    return now.astimezone(ZoneInfo(workspace.zone)).date()


def compiled(
    node: Node,
    *,
    workspace: Workspace,
    now: datetime,
    prefix: str = "rule",
    alias: Literal["c", "x"] = "c",
    is_of_all: bool = False,
) -> Compiled:
    """Return the condition of a tree about the contact that the statement calls `alias`.

    Names of parameters begin with the prefix, but for `fold_…`.

    Days are counted from the day that it is in the workspace's zone at `now`. With `is_of_all` the condition looks
    once at what all contacts did where it can, which is less for a statement that asks it of most of them; it means the
    same.
    """
    writer = _Writer(workspace, today_in(workspace, now), prefix, alias, is_of_all)
    return Compiled(f"({writer.node(node)})", writer.parameters)


@dataclass(slots=True)
class _Writer:
    workspace: Workspace
    today: date
    prefix: str
    alias: str
    is_of_all: bool = False
    parameters: dict[str, Any] = field(default_factory=lambda: dict(folding.PARAMETERS))

    def put(self, value: Any, kind: str) -> str:
        """Return the placeholder of a value; `kind` is a type of SQL."""
        name = f"{self.prefix}_{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s::{kind}"

    def node(self, node: Node) -> str:
        if isinstance(node, Condition):
            return self._condition(node)
        if isinstance(node, Not):
            return f"not ({self.node(node.part)})"
        return self._group(node)

    def _group(self, group: Group) -> str:
        word = " and " if group.kind == "all" else " or "
        return "(" + word.join(self.node(part) for part in group.parts) + ")"

    def _condition(self, one: Condition) -> str:
        if one.op in tree.TEXT_OPS:
            return self._text(one)
        if one.field in activity.FIELDS:
            return activity.condition(
                one, workspace=self.workspace, today=self.today, alias=self.alias, put=self.put,
                is_of_all=self.is_of_all,
            )  # fmt: skip
        if one.attribute:
            return self._of_attribute(one)
        writers: dict[str, Callable[[Condition], str]] = {
            "state": self._state, "tag": self._tag, "list": self._list,
            "suppressed": self._suppressed, "created": self._created, "consent": self._consent,
        }  # fmt: skip
        return writers[one.field](one)

    def _of_attribute(self, one: Condition) -> str:
        if one.op in tree.NUMBER_OPS:
            return self._number(one)
        return self._entry(one) if one.op in tree.LIST_OPS else self._day(one)

    def _column(self, one: Condition) -> str:
        """Return the field's text. The names of columns are those of `tree.FIELDS` alone."""
        if one.attribute:
            return f"coalesce({self.alias}.attributes ->> {self.put(one.attribute, 'text')}, '')"
        return f"{self.alias}.{next(name for name in tree.FIELDS if name == one.field)}"

    def _text(self, one: Condition) -> str:
        column = self._column(one)
        if one.op in tree.BARE_OPS:
            return f"{column} {'=' if one.op == 'empty' else '<>'} ''"
        value = self.put(folding.folded(one.value), "text")
        column = folding.folded_sql(column)
        forms = {
            "equals": f"{column} = {value}",
            "differs": f"{column} <> {value}",
            "contains": f"strpos({column}, {value}) > 0",
            "lacks": f"strpos({column}, {value}) = 0",
            "begins": f"starts_with({column}, {value})",
        }
        return forms[one.op]

    def _entry(self, one: Condition) -> str:
        """Lists are stored as texts with their entries between commas."""
        between = self.put(BETWEEN, "text")
        entries = f"string_to_array({folding.folded_sql(self._column(one))}, {between})"
        has = f"{self.put(folding.folded(one.value), 'text')} = any({entries})"
        return has if one.op == "has" else f"not ({has})"

    def _number(self, one: Condition) -> str:
        column = self._column(one)
        value = self.put(str(one.value), "numeric")
        is_number = f"{column} ~ {self.put(_NUMBER, 'text')}"
        # A case, because nothing else keeps the database from converting what is no number.
        return f"(case when {is_number} then ({column})::numeric {_SIGNS[one.op]} {value} else false end)"

    def _day(self, one: Condition) -> str:
        """Days as 2026-12-31 are compared as texts: what is no real day does no harm."""
        column = self._column(one)
        day = f'left({column}, 10) collate "C"'
        is_day = f"{column} ~ {self.put(_DAY, 'text')}"
        if one.op in tree.DAYS_OPS:
            ends = sorted([self.today, self._shifted(one.value if one.op == "next_days" else -one.value)])
            first, last = (self.put(end.isoformat(), "text") for end in ends)
            return f"({is_day} and {day} between {first} and {last})"
        value = one.value
        wanted = value if isinstance(value, str) else self._shifted(value["days"]).isoformat()
        return f"({is_day} and {day} {_DAY_SIGNS[one.op]} {self.put(wanted, 'text')})"

    def _shifted(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def _state(self, one: Condition) -> str:
        return f"{self.alias}.state {'=' if one.op == 'is' else '<>'} {self.put(one.value, 'varchar')}"

    def _tag(self, one: Condition) -> str:
        # Said twice for the index, which is of those who have tags.
        tags, wanted = f"{self.alias}.tags", self.put(one.value, "varchar")
        has = f"({tags} <> array[]::varchar[] and {tags} @> array[{wanted}])"
        return has if one.op == "has" else f"not ({has})"

    def _list(self, one: Condition) -> str:
        """By the list's public id within the workspace: a list that is gone has nobody."""
        mine = self.put(self.workspace.pk, "bigint")
        # Placeholders and names of columns only.
        is_on = (
            f"exists (select from audience_listmember lm where lm.contact_id = {self.alias}.id and lm.list_id ="  # noqa: S608
            f" (select l.id from audience_list l where l.public_id = {self.put(one.value, 'uuid')}"
            f" and l.workspace_id = {mine}))"
        )
        return is_on if one.op == "in" else f"not {is_on}"

    def _suppressed(self, one: Condition) -> str:
        column = preferred_sql(registry.get(one.value).address_kind, self.alias)
        mine = self.put(self.workspace.pk, "bigint")
        is_on = (
            f"exists (select from audience_suppression su where su.workspace_id = {mine}"
            f" and su.channel = {self.put(one.value, 'varchar')} and su.address = {column} and {column} <> '')"
        )
        return is_on if one.op == "on_channel" else f"not {is_on}"

    def _consent(self, one: Condition) -> str:
        listed = "refusals" if one.op == "withdrawn_on" else "consents"
        says = f"{self.alias}.{listed} @> array[{self.put(one.value, 'varchar')}]"
        return f"not ({says})" if one.op == "not_given_on" else says

    def _created(self, one: Condition) -> str:
        """Whole days: from the midnight that the day so long ago began with in the workspace's zone."""
        zone = ZoneInfo(self.workspace.zone)
        began = datetime.combine(self._shifted(-one.value), datetime.min.time(), zone).astimezone(UTC)
        return f"{self.alias}.created_at {'>=' if one.op == 'last_days' else '<'} {self.put(began, 'timestamptz')}"
