"""Read an uploaded source into SourceRow, in batches that each are one transaction."""

import time
from collections.abc import Callable, Iterator
from itertools import islice

import orjson
import structlog
from django.db import DatabaseError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from clarion.audience import addresses, csvfile, locks, tables, tombstones, uploads
from clarion.audience.csvdialect import CsvInvalid, Dialect
from clarion.audience.models import Import, Source, SourceRow, SourceStatus
from clarion.audience.queries.sources import frozen_counts
from clarion.channels import registry

log = structlog.get_logger(__name__)

#: Rows in one transaction: about a quarter of a second.
BATCH = 10_000
#: Seconds between two looks at a source that another process is reading.
_POLL_SECONDS = 0.2
#: Files younger than this may belong to a transaction that is still open, in seconds.
_SWEEP_AGE = 24 * 3600

#: Told after every batch: octets read, octets in all, rows so far.
Progress = Callable[[int, int, int], None]
#: id, address, data as JSON, problem.
_Record = tuple[int, str, str, str]


def read_source(source: Source, progress: Progress | None = None) -> Source:
    """Read the file to its end and return the source, READY or FAILED.

    Goes on where an earlier reader was killed. While another process reads it, waits for that one.
    """
    while True:
        with locks.work_lock(locks.SOURCES, source.pk) as is_ours:
            if is_ours:
                _read(source, progress)
                return source
        source.refresh_from_db()
        if source.status in (SourceStatus.READY, SourceStatus.FAILED):
            return source
        if progress:
            progress(source.read_bytes, source.file_bytes, source.row_count)
        time.sleep(_POLL_SECONDS)


def read_source_job(source_id: int) -> None:
    """Read the source unless it is gone, done, or being read by another process."""
    source = Source.objects.select_related("workspace").filter(pk=source_id).first()
    if source is None:
        return
    with locks.work_lock(locks.SOURCES, source_id) as is_ours:
        if is_ours:
            _read(source, None)


def _read(source: Source, progress: Progress | None) -> None:
    """Do the reading; the caller holds the lock."""
    source.refresh_from_db()
    unread = Source.objects.filter(pk=source.pk, status__in=[SourceStatus.WAITING, SourceStatus.READING])
    if not unread.update(status=SourceStatus.READING):
        return
    with translation.override(source.workspace.locale):
        try:
            _read_batches(source, progress)
        except _Gone:
            return
        except (CsvInvalid, OSError) as problem:
            unread.update(status=SourceStatus.FAILED, failure=_sentence(problem))
        except DatabaseError:
            raise  # the job runs again
        except Exception:
            unread.update(
                status=SourceStatus.FAILED, failure=_("The program made a mistake; its log says more.")
            )
            raise
    source.refresh_from_db()


class _Gone(Exception):
    """The source was deleted, or somebody else has moved it on."""


def _sentence(problem: Exception) -> str:
    if isinstance(problem, FileNotFoundError):
        return _("The uploaded file is no longer there.")
    return str(problem) if isinstance(problem, CsvInvalid) else _("The file could not be read from the disk.")


def _read_batches(source: Source, progress: Progress | None) -> None:
    with tables.reader(uploads.path_of(source.file_path), Dialect.from_json(source.dialect)) as reader:
        rows = iter(reader)
        done, bad = source.row_count, source.bad_count
        next(islice(rows, done, done), None)  # what an earlier reader has stored
        records = _records(rows, source)
        while batch := list(islice(records, BATCH)):
            found_bad = sum(1 for record in batch if record[3])
            _store(source, batch, done, found_bad, reader.bytes_read)
            done += len(batch)
            bad += found_bad
            if progress:
                progress(reader.bytes_read, reader.size, done)
    with connection.cursor() as cursor:
        cursor.execute("analyze audience_sourcerow")
    counts = frozen_counts(source)
    finished = Source.objects.filter(pk=source.pk, status=SourceStatus.READING, row_count=done)
    if not finished.update(status=SourceStatus.READY, read_bytes=source.file_bytes, counts=counts):
        raise _Gone
    log.info("source.read", source_id=source.pk, rows=done, bad=bad)


def _store(source: Source, batch: list[_Record], done: int, bad: int, read_bytes: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # Conditional on what we think is stored: a reader that lost its lock cannot write twice.
        cursor.execute(
            "update audience_source set row_count = row_count + %s, bad_count = bad_count + %s,"
            " read_bytes = %s where id = %s and status = 'READING' and row_count = %s",
            [len(batch), bad, read_bytes, source.pk, done],
        )
        if cursor.rowcount != 1:
            raise _Gone
        key = source.pk
        with cursor.copy(
            "copy audience_sourcerow (source_id, id, address, data, problem) from stdin"
        ) as copy:
            for number, address, data, problem in batch:
                copy.write_row((key, number, address, data, problem))


def _records(rows: Iterator[csvfile.Row], source: Source) -> Iterator[_Record]:
    dialect, names = source.dialect, source.dialect["variables"]
    index = names.index(dialect["address"])
    column = dialect["columns"][index]
    normalise = addresses.normaliser(dialect["channel"], source.workspace.default_country)
    kind = registry.get(dialect["channel"]).address_kind
    is_erased = tombstones.watcher_of_all(source.workspace_id)
    dumps = orjson.dumps
    for number, cells, problem in rows:
        if problem:
            yield _bad_record(number, cells, problem, names, index)
            continue
        cells = [csvfile.plain_cell(cell.strip()) for cell in cells]
        data = dumps(dict(zip(names, cells, strict=True))).decode()
        address = cells[index]
        if not address:
            yield number, "", data, f"{column}: {_('There is no address.')}"
            continue
        try:
            normal = normalise(address)
        except ValueError as refusal:
            yield number, address[:320], data, f"{column}: {refusal}"[:300]
            continue
        if is_erased(kind, normal):
            sentence = _("Who had this address was erased and is not to be written to again.")
            yield number, "?", "{}", f"{column}: {sentence}"[:300]
            continue
        yield number, normal, data, ""


def _bad_record(number: int, cells: list[str], problem: str, names: list[str], index: int) -> _Record:
    """Return a row that could not be read: never without an address, which would mean something else."""
    shown = [_storable(cell) for cell in cells]
    address = (shown[index] if len(shown) > index else shown[0] if shown else "") or "?"
    data = dict(zip(names, shown, strict=False))
    return number, address[:320], orjson.dumps(data).decode(), problem[:300]


def _storable(text: str) -> str:
    """Return the text without what PostgreSQL or JSON cannot hold, and not too much of it."""
    return text[:2000].encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def sweep_uploads(*, age_seconds: float = _SWEEP_AGE) -> int:
    """Delete files in the uploads folder that no source, open import or report knows. Returns how many."""
    known = set(Source.objects.exclude(file_path="").values_list("file_path", flat=True))
    known |= set(Import.objects.filter(finished_at=None).values_list("file_path", flat=True))
    known |= set(Import.objects.values_list("report_path", flat=True))
    count = 0
    for path in uploads.folder().iterdir():
        owner = path.name.partition(".sheet")[0] or path.name
        if (
            owner not in known
            and path.name != uploads.SHEETS_LOCK
            and time.time() - path.stat().st_mtime > age_seconds
        ):
            path.unlink(missing_ok=True)
            count += 1
    orphans = SourceRow.objects.exclude(source_id__in=Source.objects.values("pk"))
    orphans.delete()
    return count
