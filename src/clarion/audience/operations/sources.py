"""Make and drop the sources of campaigns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.audience import addresses, columns, csvfile, tables, tasks, uploads
from clarion.audience.errors import NoAddressColumn, SourceInvalid
from clarion.audience.models import (
    Contact,
    List,
    LiveSheet,
    Segment,
    Source,
    SourceKind,
    SourceMember,
    SourceRow,
    SourceStatus,
)
from clarion.channels import registry
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Rows looked at to find the column with the addresses.
_SAMPLE_ROWS = 200
#: `Source.counts` of a single row that can be written to.
_ONE_GOOD = {"no_address": 0, "invalid": 0, "duplicate": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """Lists and segments whose people a source leaves out."""

    lists: Sequence[List] = ()
    segments: Sequence[Segment] = ()


NOBODY = Without()


def create_upload_source(
    *,
    by: Actor,
    file: uploads.Readable,
    file_name: str,
    channel: str,
    dialect_overrides: Mapping[str, Any] | None = None,
) -> Source:
    """Keep the file and have it read by a background job. Returns the source, WAITING.

    `dialect_overrides` may fix encoding, delimiter, quote, has_header, sheet, and address: the name of the column
    with the addresses. Raises CsvInvalid (NoAddressColumn if none is found); nothing is kept then.
    """
    by.require(Permission.EDIT)
    stored = uploads.store(file)
    try:
        dialect = dialect_of(stored.path, channel, dialect_overrides or {})
        with transaction.atomic():
            source = Source.objects.create(
                workspace=by.workspace,
                kind=SourceKind.UPLOAD,
                name=Path(file_name).name[:200],
                status=SourceStatus.WAITING,
                file_name=Path(file_name).name[:255],
                file_path=stored.name,
                file_bytes=stored.size,
                dialect=dialect,
                created_by=by.user,
            )
            audit.record(
                by=by,
                action="source.uploaded",
                kind="source",
                object_id=str(source.public_id),
                object_name=source.name,
                changes={"bytes": (None, stored.size)},
            )
            tasks.read_source.defer(source_id=source.pk)
    except BaseException:
        uploads.remove(stored.name)
        raise
    return source


def dialect_of(
    path: Path, channel: str, overrides: Mapping[str, Any], *, folder: Path | None = None
) -> dict[str, Any]:
    """Return how the file is to be read, as `Source.dialect` holds it. Raises CsvInvalid, NoAddressColumn.

    `folder` is where a spreadsheet is unpacked; by default beside the file.
    """
    dialect = tables.sniff(path, overrides, folder=folder)
    sample = []
    with tables.reader(path, dialect, folder=folder) as reader:
        for row in reader:
            sample.append(row.cells)
            if len(sample) == _SAMPLE_ROWS:
                break
    if not sample:
        raise csvfile.CsvInvalid(_("The file has a header, but no rows."))
    kind = registry.get(channel).address_kind
    if wanted := overrides.get("address"):
        index = columns.index_of(dialect.columns, str(wanted))
    else:
        index = columns.address_index(dialect.columns, sample, kind=kind)
    if index is None:
        raise NoAddressColumn(dialect.columns, sheets=dialect.sheets, sheet=dialect.sheet)
    names = columns.variable_names(dialect.columns)
    return dialect.to_json() | {"channel": channel, "variables": names, "address": names[index]}


def create_list_source(
    *, by: Actor, lists: Sequence[List], without: Without = NOBODY, is_fixed: bool = False
) -> Source:
    """Make a source of one or more lists of the workspace. Raises SourceInvalid.

    Whoever is on them when it is sent is meant; with `is_fixed` whoever is on them now.
    """
    by.require(Permission.EDIT)
    if not lists:
        raise SourceInvalid(_("Choose at least one list."))
    both = [one.name for one in lists if one in without.lists]
    return _made(by, SourceKind.LISTS, both, without, lists=lists, is_fixed=is_fixed)


def create_segment_source(
    *, by: Actor, segments: Sequence[Segment], without: Without = NOBODY, is_fixed: bool = False
) -> Source:
    """Make a source of whoever is in at least one of the segments when it is sent, or now. Raises SourceInvalid."""
    by.require(Permission.EDIT)
    if not segments:
        raise SourceInvalid(_("Choose at least one segment."))
    both = [one.name for one in segments if one in without.segments]
    return _made(by, SourceKind.SEGMENTS, both, without, segments=segments, is_fixed=is_fixed)


def create_contacts_source(*, by: Actor, without: Without = NOBODY, is_fixed: bool = False) -> Source:
    """Make a source of all contacts that the workspace has when it is sent, or now. Raises SourceInvalid."""
    by.require(Permission.EDIT)
    return _made(by, SourceKind.CONTACTS, [], without, is_fixed=is_fixed)


def create_chosen_source(*, by: Actor, contacts: Sequence[Contact], without: Without = NOBODY) -> Source:
    """Make a source of these contacts and no others, ready at once. Raises SourceInvalid."""
    by.require(Permission.EDIT)
    if not contacts:
        raise SourceInvalid(_("Choose at least one contact."))
    if any(one.workspace_id != by.workspace.pk for one in contacts):
        raise SourceInvalid(_("The contact belongs to another workspace."))
    name = ngettext("%(n)s chosen contact", "%(n)s chosen contacts", len(contacts)) % {"n": len(contacts)}
    with transaction.atomic():
        made = _made(by, SourceKind.CONTACTS, [], without, name=name)
        ids = {one.pk for one in contacts}
        SourceMember.objects.bulk_create(SourceMember(source_id=made.pk, contact_id=pk) for pk in sorted(ids))
        made.fixed_at, made.row_count = timezone.now(), len(ids)
        made.save(update_fields=["fixed_at", "row_count"])
    return made


def create_input_source(
    *, by: Actor, channel: str, address: str, values: Mapping[str, str] | None = None
) -> tuple[Source, str]:
    """Make a source of one address as it was typed, with what its message may use, ready at once.

    Returns it with the address in its one form. Nobody becomes a contact by it. Raises SourceInvalid with a sentence
    for an address that the channel cannot read.
    """
    by.require(Permission.EDIT)
    try:
        normal = addresses.normaliser(channel, by.workspace.default_country)(address)
    except ValueError as error:
        raise SourceInvalid(str(error)) from None
    column = registry.get(channel).address_kind
    data = {**(values or {}), column: normal}
    dialect = {"channel": channel, "variables": sorted(data), "address": column}
    with transaction.atomic():
        made = _made(by, SourceKind.INPUT, [], NOBODY, dialect=dialect, row_count=1, counts=_ONE_GOOD)
        SourceRow.objects.create(source_id=made.pk, id=1, address=normal, data=data)
    return made, normal


def forget_input(*, source_id: int) -> None:
    """Blank what was typed of a person; nothing happens to a source of another kind."""
    if Source.objects.filter(pk=source_id, kind=SourceKind.INPUT).exists():
        SourceRow.objects.filter(source_id=source_id).update(address="", data={})


def create_sheet_source(*, by: Actor, sheet: LiveSheet, without: Without = NOBODY) -> Source:
    """Make a source of a live spreadsheet, as it is at each run. Raises SourceInvalid.

    The people left out are known by their addresses.
    """
    by.require(Permission.EDIT)
    if sheet.workspace_id != by.workspace.pk:
        raise SourceInvalid(_("The spreadsheet belongs to another workspace."))
    return _made(by, SourceKind.SHEET, [], without, name=sheet.name, sheet=sheet, status=SourceStatus.WAITING)


def leave_out(*, by: Actor, upload: Source, without: Without) -> Source:
    """Return a source of the upload's rows but for those people, known by their addresses. Raises SourceInvalid.

    Without anybody to leave out that is the upload itself.
    """
    by.require(Permission.EDIT)
    upload = upload.rows_of or upload
    if upload.kind != SourceKind.UPLOAD or upload.workspace_id != by.workspace.pk:
        raise SourceInvalid(_("The file belongs to another workspace."))
    if not (without.lists or without.segments):
        return upload
    return _made(by, SourceKind.UPLOAD, [], without, name=upload.name, rows_of=upload)


def _made(
    by: Actor,
    kind: SourceKind,
    both: Sequence[str],
    without: Without,
    *,
    lists: Sequence[List] = (),
    segments: Sequence[Segment] = (),
    is_fixed: bool = False,
    **fields: Any,
) -> Source:
    """Keep a source; `both` are the names of what is included and excluded at once."""
    if any(one.workspace_id != by.workspace.pk for one in (*lists, *without.lists)):
        raise SourceInvalid(_("The list belongs to another workspace."))
    if any(one.workspace_id != by.workspace.pk for one in (*segments, *without.segments)):
        raise SourceInvalid(_("The segment belongs to another workspace."))
    if both:
        raise SourceInvalid(
            _("“%(name)s” is both included and excluded, so nobody of it would get anything. Choose one.")
            % {"name": both[0]}
        )
    names = [one.name for one in lists] + [one.name for one in segments]
    if is_fixed:
        fields |= {"status": SourceStatus.WAITING, "fixed_at": timezone.now()}
    with transaction.atomic():
        source = Source.objects.create(
            workspace=by.workspace,
            kind=kind,
            created_by=by.user,
            **{"name": ", ".join(names)[:200], **fields},
        )
        source.lists.set(lists)
        source.segments.set(segments)
        source.excluded_lists.set(without.lists)
        source.excluded_segments.set(without.segments)
        if is_fixed:
            tasks.fix_source.defer(source_id=source.pk)
    return source


def delete_source(*, by: Actor, source: Source) -> None:
    """Forget a source that no campaign uses, with its rows, its file, and segments made for it alone.

    Raises ProtectedError while a campaign has it, or a source that leaves people out of it. A job that is reading it
    finds it gone and ends.
    """
    by.require(Permission.EDIT)
    with transaction.atomic():
        once = list(source.segments.filter(is_once=True).values_list("pk", flat=True))
        SourceRow.objects.filter(source_id=source.pk).delete()
        SourceMember.objects.filter(source_id=source.pk).delete()
        name = source.file_path
        source.delete()
        Segment.objects.filter(pk__in=once, source=None).delete()
        if name:
            transaction.on_commit(partial(uploads.remove, name))
