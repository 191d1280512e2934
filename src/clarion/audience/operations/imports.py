"""Imports of contacts from a file: uploaded, mapped, started, cancelled by people; run by a background job."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience import columns, tables, tasks, uploads
from clarion.audience.csvdialect import CsvInvalid, Dialect
from clarion.audience.errors import ImportNotPossible, MappingInvalid
from clarion.audience.models import Import, ImportStatus, List
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
            mapping=columns.suggest_mapping(dialect.columns, sample),
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
    ).update(dialect=dialect.to_json(), mapping=columns.suggest_mapping(dialect.columns, sample))
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


def start_import(
    *,
    by: Actor,
    the_import: Import,
    mapping: Mapping[str, str],
    updates_known: bool = True,
    add_to: List | None = None,
) -> Import:
    """Have the file imported by a background job. Raises MappingInvalid, ImportNotPossible when started before."""
    by.require(Permission.MANAGE_AUDIENCE)
    if problems := columns.check_mapping(the_import.dialect["columns"], mapping):
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
            add_to=add_to,
        )
        if not started:
            raise ImportNotPossible(_("The import has already been started."))
        the_import.refresh_from_db()
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
