"""Imports of contacts from a file: uploaded, mapped, started, cancelled by people; run by a background job."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience import attributes, cellforms, columns, tables, tasks, uploads
from clarion.audience.cellforms import Forms
from clarion.audience.csvdialect import CsvInvalid, Dialect
from clarion.audience.errors import ImportNotPossible, MappingInvalid
from clarion.audience.models import AttributeKind, Import, ImportStatus, List, MappingMemory
from clarion.audience.queries.imports import import_questions
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

_SAMPLE_ROWS = 200


def create_import(*, by: Actor, file: uploads.Readable, file_name: str) -> Import:
    """Keep the file and suggest what its columns mean. The import waits for the mapping. Raises CsvInvalid."""
    by.require(Permission.MANAGE_AUDIENCE)
    stored = uploads.store(file)
    try:
        dialect, sample = _looked_at(stored.path, {})
        return Import.objects.create(
            workspace=by.workspace,
            file_name=Path(file_name).name[:255],
            file_path=stored.name,
            file_bytes=stored.size,
            dialect=dialect.to_json(),
            **_suggested(by, dialect, sample),
            created_by=by.user,
        )
    except BaseException:
        uploads.remove(stored.name)
        raise


def redialect_import(*, by: Actor, the_import: Import, overrides: Mapping[str, Any]) -> Import:
    """Read the file's beginning again with what a person says about it. Raises CsvInvalid, ImportNotPossible."""
    by.require(Permission.MANAGE_AUDIENCE)
    dialect, sample = _looked_at(uploads.path_of(the_import.file_path), overrides)
    changed = Import.objects.filter(
        workspace=by.workspace, pk=the_import.pk, status=ImportStatus.MAPPING
    ).update(dialect=dialect.to_json(), **_suggested(by, dialect, sample))
    if not changed:
        raise ImportNotPossible(_("The import has already been started."))
    the_import.refresh_from_db()
    return the_import


def _looked_at(path: Path, overrides: Mapping[str, Any]) -> tuple[Dialect, list[list[str]]]:
    dialect = tables.sniff(path, overrides)
    sample = [
        row.cells for row, _number in zip(tables.rows(path, dialect), range(_SAMPLE_ROWS), strict=False)
    ]
    if not sample:
        raise CsvInvalid(_("The file has a header, but no rows."))
    return dialect, sample


def _suggested(by: Actor, dialect: Dialect, sample: list[list[str]]) -> dict[str, Any]:
    """Return mapping and forms: as they were meant the last time for a file with these headers, else as they look."""
    names = columns.variable_names(dialect.columns)
    found = cellforms.found(names, sample)
    memory = MappingMemory.objects.filter(
        workspace=by.workspace, headers=columns.fingerprint(dialect.columns)
    ).first()
    if memory is None or not dialect.has_header or columns.check_mapping(dialect.columns, memory.mapping):
        mapping = columns.suggest_mapping(dialect.columns, sample)
        types = _types(by, mapping, found.types)
        return {"mapping": mapping, "forms": replace(found, types=types).to_json()}
    return {"mapping": memory.mapping, "forms": memory.forms}


_KINDS = {
    AttributeKind.NUMBER: cellforms.NUMBER,
    AttributeKind.DATE: cellforms.DATE,
    AttributeKind.BOOLEAN: cellforms.YES_NO,
}


def _types(by: Actor, mapping: Mapping[str, str], looks: Mapping[str, str]) -> dict[str, str]:
    """Return the kinds of the columns: as the workspace has defined its attributes, else as they look."""
    defined = attributes.defined(by.workspace)
    found: dict[str, str] = {}
    for name, meant in mapping.items():
        if not meant.startswith(columns.ATTRIBUTE):
            continue
        one = defined.get(columns.slug(meant.removeprefix(columns.ATTRIBUTE)))
        kind = looks.get(name) if one is None else _KINDS.get(AttributeKind(one.kind))
        if kind:
            found[name] = kind
    return found


def start_import(
    *,
    by: Actor,
    the_import: Import,
    mapping: Mapping[str, str],
    updates_known: bool = True,
    makes_new: bool = True,
    add_to: List | None = None,
    forms: Forms | None = None,
) -> Import:
    """Have the file imported by a background job. Raises MappingInvalid, ImportNotPossible when started before.

    `forms` say what numbers, dates and the like mean; without them what was found in the file, or said the last
    time for one like it. What that leaves open has to be said.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    problems = columns.check_mapping(the_import.dialect["columns"], mapping)
    if not (updates_known or makes_new):
        problems.append(_("Contacts have to be made, updated, or both."))
    forms = forms if forms is not None else Forms.from_json(the_import.forms)
    asked = import_questions(the_import, forms) if the_import.status == ImportStatus.MAPPING else set()
    if "decimal" in asked:
        problems.append(_("Say whether the point or the comma parts the fraction of a number."))
    if "dates" in asked:
        problems.append(_("Say whether the day or the month of a date comes first."))
    if problems:
        raise MappingInvalid(problems)
    if add_to is not None and add_to.workspace_id != by.workspace.pk:
        raise MappingInvalid([_("The list belongs to another workspace.")])
    with transaction.atomic():
        started = Import.objects.filter(
            workspace=by.workspace, pk=the_import.pk, status=ImportStatus.MAPPING
        ).update(
            status=ImportStatus.WAITING,
            mapping=dict(mapping),
            on_known="update" if updates_known else "skip",
            makes_new=makes_new,
            add_to=add_to,
            forms=forms.to_json(),
        )
        if not started:
            raise ImportNotPossible(_("The import has already been started."))
        the_import.refresh_from_db()
        MappingMemory.objects.update_or_create(
            workspace=by.workspace,
            headers=columns.fingerprint(the_import.dialect["columns"]),
            defaults={"mapping": dict(mapping), "forms": forms.to_json(), "used_at": timezone.now()},
        )
        _record(by, "import.started", the_import)
        tasks.run_import.defer(import_id=the_import.pk)
    return the_import


def cancel_import(*, by: Actor, the_import: Import) -> Import:
    """Stop an import after the batch at hand; what is in stays in. Raises ImportNotPossible when it has ended."""
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        stopped = Import.objects.filter(
            workspace=by.workspace,
            pk=the_import.pk,
            status__in=[ImportStatus.MAPPING, ImportStatus.WAITING, ImportStatus.RUNNING],
        ).update(status=ImportStatus.CANCELLED, finished_at=timezone.now())
        if not stopped:
            raise ImportNotPossible(_("The import has already ended."))
        the_import.refresh_from_db()
        _record(by, "import.cancelled", the_import)
        transaction.on_commit(partial(uploads.remove, the_import.file_path))
    return the_import


def _record(by: Actor, action: str, the_import: Import) -> None:
    audit.record(
        by=by, action=action, kind="import", object_id=str(the_import.public_id),
        object_name=the_import.file_name, changes={"bytes": (None, the_import.file_bytes)},
    )  # fmt: skip
