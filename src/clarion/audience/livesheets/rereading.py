"""Reading a live spreadsheet again: a new copy when it holds something else, what differs, and what went wrong.

The last good copy stays until a better one is whole. Readings of one sheet never overlap, in any process.
"""

import time
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import structlog
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clarion.audience import locks, reading, tasks, uploads
from clarion.audience.csvdialect import CsvInvalid
from clarion.audience.livesheets import groups, places
from clarion.audience.livesheets.models import LiveSheet
from clarion.audience.livesheets.places import Known, PlaceInvalid, Taken
from clarion.audience.models import Source, SourceKind, SourceRow, SourceStatus
from clarion.audience.operations.sources import dialect_of
from clarion.workspaces.wake import wake

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.2
#: A reading that was asked for so long ago without an end is asked for again: its job may have been lost.
_ASK_AGAIN = timedelta(minutes=5)
#: A copy that is younger may be one that is being read just now.
_YOUNG = timedelta(hours=1)

#: The first row of an address counts, as when it is sent.
_DIFFERENCE = """
with old as (
    select distinct on (address) address, data from audience_sourcerow
    where source_id = %(old)s and problem = '' order by address, id
), new as (
    select distinct on (address) address, data from audience_sourcerow
    where source_id = %(new)s and problem = '' order by address, id
)
select count(*) filter (where old.address is null), count(*) filter (where new.address is null),
    count(*) filter (where old.data <> new.data)
from old full join new using (address)
"""


def want(sheet: LiveSheet) -> None:
    """Have the sheet read by a background job, unless one is on its way already."""
    at = timezone.now()
    waiting = Q(wanted_at__gt=F("tried_at")) | Q(tried_at=None, wanted_at__isnull=False)
    with transaction.atomic():
        free = LiveSheet.objects.filter(pk=sheet.pk).exclude(waiting & Q(wanted_at__gt=at - _ASK_AGAIN))
        if free.update(wanted_at=at):
            tasks.read_sheet.defer(sheet_id=sheet.pk)


def read_sheet_job(sheet_id: int) -> None:
    """Read the sheet unless it is gone, or was read since somebody asked for it."""
    sheet = LiveSheet.objects.filter(pk=sheet_id).first()
    if sheet is not None:
        reread(sheet, only_if_wanted=True)


def reread(sheet: LiveSheet, *, only_if_wanted: bool = False) -> LiveSheet:
    """Read the sheet now, after another process that is at it, and return it afresh, `problem` told."""
    while True:
        with locks.work_lock(locks.SHEETS, sheet.pk) as is_ours:
            if is_ours:
                sheet = _fresh(sheet)
                if not only_if_wanted or sheet.is_being_read:
                    _read(sheet)
                break
        time.sleep(_POLL_SECONDS)
    return _fresh(sheet)


def is_at_work(sheet: LiveSheet) -> bool:
    """Whether some process reads the sheet at this moment."""
    with locks.work_lock(locks.SHEETS, sheet.pk) as is_free:
        return not is_free


def _fresh(sheet: LiveSheet) -> LiveSheet:
    return LiveSheet.objects.select_related("workspace", "copy").get(pk=sheet.pk)


def _read(sheet: LiveSheet) -> None:
    began = timezone.now()
    with translation.override(sheet.workspace.locale):
        try:
            taken = _taken(sheet)
            copy = _copied(sheet, taken.stored) if taken.stored is not None else None
        except (PlaceInvalid, CsvInvalid) as problem:
            _failed(sheet, began, str(problem))
            return
        except OSError:
            _failed(sheet, began, _("The file could not be written to, or read from, the disk."))
            return
    _found(sheet, began, taken.known, copy)


def _taken(sheet: LiveSheet) -> Taken:
    known = Known()
    if sheet.copy is not None:
        known = Known(etag=sheet.etag, last_modified=sheet.last_modified, sha256=sheet.sha256)
    if groups.is_group(sheet.url):
        return places.take_group(sheet.url, sheet.workspace, known)
    if sheet.url:
        return places.take_url(sheet.url, known)
    return places.take_path(sheet.path, sheet.workspace.slug, known)


def _copied(sheet: LiveSheet, stored: uploads.Stored) -> Source:
    """Return the file's rows as an upload, READY. Raises PlaceInvalid, CsvInvalid; nothing is kept then."""
    try:
        dialect = dialect_of(stored.path, sheet.channel, sheet.overrides)
        made = Source.objects.create(
            workspace=sheet.workspace, kind=SourceKind.UPLOAD, sheet=sheet, name=sheet.name,
            status=SourceStatus.WAITING, file_name=file_name(sheet), file_path=stored.name,
            file_bytes=stored.size, dialect=dialect,
        )  # fmt: skip
    except BaseException:
        uploads.remove(stored.name)
        raise
    copy = reading.read_source(made)
    if copy.status != SourceStatus.READY:
        _drop(copy)
        raise PlaceInvalid(copy.failure or _("The spreadsheet was deleted meanwhile."))
    if copy.row_count == copy.bad_count:
        _drop(copy)
        raise PlaceInvalid(_("None of its rows can be used."))
    return copy


def file_name(sheet: LiveSheet) -> str:
    """Return what the file is called where it is."""
    if groups.is_group(sheet.url):
        return sheet.name
    path = unquote(urlsplit(sheet.url).path) if sheet.url else sheet.path
    return PurePosixPath(path).name[:255] or sheet.name


def _failed(sheet: LiveSheet, began: datetime, sentence: str) -> None:
    LiveSheet.objects.filter(pk=sheet.pk).update(problem=sentence, tried_at=began, checked_at=timezone.now())
    log.info("sheet.unreadable", sheet_id=sheet.pk)
    wake()


def _found(sheet: LiveSheet, began: datetime, known: Known, copy: Source | None) -> None:
    """Note a good reading; `copy` holds what is new in it, None when nothing is."""
    facts = {
        "problem": "", "tried_at": began, "checked_at": timezone.now(), "current_at": began,
        "etag": known.etag, "last_modified": known.last_modified, "sha256": known.sha256,
    }  # fmt: skip
    if copy is not None:
        facts |= {"copy": copy, "difference": _difference(sheet.copy, copy)}
    if not LiveSheet.objects.filter(pk=sheet.pk).update(**facts) and copy is not None:
        _drop(copy)
    log.info("sheet.read", sheet_id=sheet.pk, is_new=copy is not None)
    wake()


def _difference(old: Source | None, new: Source) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCE, {"old": old.pk if old else None, "new": new.pk})
        added, removed, changed = cursor.fetchone()
    return {"added": added, "removed": removed, "changed": changed} if old else {"added": added}


def _drop(copy: Source) -> None:
    with transaction.atomic():
        SourceRow.objects.filter(source_id=copy.pk).delete()
        Source.objects.filter(pk=copy.pk).delete()
    uploads.remove(copy.file_path)


def drop_copies(sheet: LiveSheet, *, in_use: set[int]) -> int:
    """Forget the sheet's readings but the last good one and those in use. Returns how many went.

    The caller holds the sheet's row, as does whoever begins to use a copy.
    """
    copies = Source.objects.filter(sheet=sheet, kind=SourceKind.UPLOAD)
    old = copies.filter(created_at__lt=timezone.now() - _YOUNG)
    found = list(old.exclude(pk__in=in_use | ({sheet.copy_id} if sheet.copy_id else set())))
    for copy in found:
        _drop(copy)
    return len(found)
