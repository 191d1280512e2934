"""Imports as members see them."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.db.models import QuerySet

from clarion.audience import attributes, cellforms, columns, tables, tombstones, uploads
from clarion.audience.cellforms import Forms
from clarion.audience.csvdialect import Dialect
from clarion.audience.models import Import
from clarion.audience.people import Person, RowRefused, person_maker
from clarion.workspaces.models import Membership

#: Rows by which a file is judged.
SAMPLE_ROWS = 200


def imports_for(member: Membership) -> QuerySet[Import]:
    """Return the workspace's imports, newest first."""
    found = Import.objects.filter(workspace=member.workspace)
    return found.select_related("workspace", "add_to", "created_by").order_by("-pk")


def import_for(member: Membership, public_id: UUID) -> Import | None:
    """Return the workspace's import of that id."""
    return imports_for(member).filter(public_id=public_id).first()


def import_questions(the_import: Import, forms: Forms) -> set[str]:
    """Return which of "decimal" and "dates" the file's first rows do not settle: see `cellforms.unsettled`."""
    names = columns.variable_names(the_import.dialect["columns"])
    return cellforms.unsettled(forms, names, first_rows(the_import))


def first_rows(the_import: Import) -> list[list[str]]:
    """Return the cells of the rows by which a file is judged."""
    rows = tables.rows(uploads.path_of(the_import.file_path), Dialect.from_json(the_import.dialect))
    return [row.cells for row in islice(rows, SAMPLE_ROWS) if not row.problem]


def rejected_rows(the_import: Import, limit: int = 100) -> list[tuple[str, str, str]]:
    """Return the number, the column and what was wrong of the first rows that were not taken."""
    if not (the_import.report_path and the_import.bad_count):
        return []
    with uploads.path_of(the_import.report_path).open(encoding="utf-8-sig", newline="") as file:
        return [(row[0], row[1], row[2]) for row in islice(csv.reader(file), 1, limit + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """A row of the file, and the contact it would make or why it makes none."""

    number: int
    cells: list[str]
    person: Person | None = None
    problem: str = ""


def import_preview(
    the_import: Import, mapping: Mapping[str, str], limit: int = 5, *, forms: Forms | None = None
) -> list[PreviewRow]:
    """Return the file's first rows as they would be stored. `mapping` has been checked."""
    dialect = Dialect.from_json(the_import.dialect)
    make = person_maker(
        dialect.columns,
        mapping,
        country=the_import.workspace.default_country,
        defined=attributes.defined(the_import.workspace),
        is_erased=tombstones.watcher_of_all(the_import.workspace_id),
        forms=forms if forms is not None else Forms.from_json(the_import.forms),
    )
    shown: list[PreviewRow] = []
    for row in tables.rows(uploads.path_of(the_import.file_path), dialect):
        try:
            if row.problem:
                raise RowRefused("", row.problem)
            shown.append(PreviewRow(number=row.number, cells=row.cells, person=make(row.cells)))
        except RowRefused as refusal:
            shown.append(PreviewRow(number=row.number, cells=row.cells, problem=str(refusal)))
        if len(shown) == limit:
            break
    return shown
