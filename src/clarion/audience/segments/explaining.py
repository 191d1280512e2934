"""Whether one contact is in a segment, and because of what."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from clarion.audience.models import Contact
from clarion.audience.segments import tree
from clarion.audience.segments.compiling import compiled
from clarion.audience.segments.tree import Condition, Node, Not


@dataclass(frozen=True, slots=True)
class Answer:
    """What a part of the rule answers for the contact; `parts` are the answers it is made of."""

    node: Node
    holds: bool
    parts: "tuple[Answer, ...]" = ()

    def deciding(self) -> "list[Answer]":
        """Return the conditions that decided: of a group that holds those that hold, of one that does not the others.

        Each condition says by its `holds` how it came out.
        """
        if isinstance(self.node, Condition):
            return [self]
        if isinstance(self.node, Not):
            return self.parts[0].deciding()
        return [one for part in self.parts if part.holds == self.holds for one in part.deciding()]


def explain(contact: Contact, node: Node, *, now: datetime) -> Answer:
    """Return how the rule answers for a contact, part by part, from one question to the database."""
    leaves = list(tree.conditions(node))
    parameters = {"contact": contact.pk}
    columns = []
    for index, leaf in enumerate(leaves):
        made = compiled(leaf, workspace=contact.workspace, now=now, prefix=f"leaf{index}")
        columns.append(made.sql)
        parameters |= made.parameters
    with connection.cursor() as cursor:
        # The conditions have no text of a person's in them.
        cursor.execute(
            f"select {', '.join(columns)} from audience_contact c where c.id = %(contact)s",  # noqa: S608
            parameters,
        )
        row = cursor.fetchone() or [False] * len(leaves)
    return _answered(node, iter(row))


def _answered(node: Node, results: Iterator[bool]) -> Answer:
    """Put the answers together; `results` are the conditions' in their order."""
    if isinstance(node, Condition):
        return Answer(node, bool(next(results)))
    if isinstance(node, Not):
        part = _answered(node.part, results)
        return Answer(node, not part.holds, (part,))
    parts = tuple(_answered(part, results) for part in node.parts)
    found = [part.holds for part in parts]
    return Answer(node, all(found) if node.kind == "all" else any(found), parts)
