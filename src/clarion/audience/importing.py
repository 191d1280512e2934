"""Bring the rows of a mapped file into the contacts or the suppressions, in batches that each are one transaction.

Rows, counters, list and the file of rejected rows go forward together: a killed import goes on after its last
whole batch, and running it twice does nothing. The report is written before its batch is committed; what a
batch that was not kept has left in it is cut off by the next run.
"""

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clarion.audience import attributes, csvfile, locks, merging, suppressing, tables, tombstones, uploads
from clarion.audience.cellforms import Forms
from clarion.audience.csvdialect import CsvInvalid, Dialect
from clarion.audience.models import Import, ImportStatus
from clarion.audience.people import Person, RowRefused, person_maker
from clarion.audience.putting import Came, Merge, Put, Reject
from clarion.audience.queries.sources import report_header, report_line
from clarion.workspaces import actors, audit

log = structlog.get_logger(__name__)

#: Rows in one transaction: about half a second.
BATCH = 10_000

#: An end that has a name of its own: whether it suppresses, and how it ended.
_ACTION = {(True, ImportStatus.DONE): "suppression.imported"}
#: Told after every batch: octets read, octets in all, rows so far.
Progress = Callable[[int, int, int], None]


class _Stopped(Exception):
    """The import was cancelled or deleted, or somebody else has moved it on."""


def run_import_job(import_id: int) -> None:
    """Run the import unless it is gone, ended, or run by another process."""
    found = Import.objects.select_related("workspace", "add_to").filter(pk=import_id).first()
    if found is not None:
        run_import(found)


def run_import(the_import: Import, progress: Progress | None = None) -> Import:
    """Run a started import to its end and return it: DONE, CANCELLED or FAILED; unchanged if not ours to run."""
    with locks.work_lock(locks.IMPORTS, the_import.pk) as is_ours:
        if is_ours:
            _run(the_import, progress)
    return the_import


def _run(the_import: Import, progress: Progress | None) -> None:
    unfinished = Import.objects.filter(
        pk=the_import.pk, status__in=[ImportStatus.WAITING, ImportStatus.RUNNING]
    )
    if not unfinished.update(status=ImportStatus.RUNNING):
        return
    the_import.refresh_from_db()
    with translation.override(the_import.workspace.locale):
        try:
            _run_batches(the_import, progress)
            _finish(the_import, ImportStatus.DONE)
        except _Stopped:
            pass
        except (CsvInvalid, OSError) as problem:
            _finish(the_import, ImportStatus.FAILED, _sentence(problem))
        except DatabaseError:
            raise  # the job runs again
        except Exception:
            _finish(the_import, ImportStatus.FAILED, _("The program made a mistake; its log says more."))
            raise
    the_import.refresh_from_db()


def _sentence(problem: Exception) -> str:
    if isinstance(problem, FileNotFoundError):
        return _("The uploaded file is no longer there.")
    return str(problem) if isinstance(problem, CsvInvalid) else _("The file could not be read from the disk.")


def _finish(the_import: Import, status: ImportStatus, failure: str = "") -> None:
    with transaction.atomic():
        running = Import.objects.filter(pk=the_import.pk, status=ImportStatus.RUNNING)
        read = {"read_bytes": the_import.file_bytes} if status == ImportStatus.DONE else {}
        if not running.update(status=status, failure=failure, finished_at=timezone.now(), **read):
            return
        the_import.refresh_from_db()
        audit.record(
            by=actors.system(the_import.workspace), action=_ACTION.get(
                (bool(the_import.suppresses), status), f"import.{status.lower()}"), kind="import",
            object_id=str(the_import.public_id), object_name=the_import.file_name, reason=failure,
            changes={
                name: (None, getattr(the_import, f"{name}_count"))
                for name in ("row", "created", "updated", "skipped", "bad")
            },
        )  # fmt: skip
    uploads.remove(the_import.file_path)
    log.info("import.ended", import_id=the_import.pk, status=status.value, rows=the_import.row_count)


def _run_batches(the_import: Import, progress: Progress | None) -> None:
    dialect = Dialect.from_json(the_import.dialect)
    is_suppressing = bool(the_import.suppresses)
    put = suppressing.putter(the_import, dialect) if is_suppressing else _contacts_putter(the_import, dialect)
    size = suppressing.BATCH if is_suppressing else BATCH
    with (
        tables.reader(uploads.path_of(the_import.file_path), dialect) as reader,
        _report_of(the_import, dialect) as report,
    ):
        rows = iter(reader)
        done = the_import.row_count
        next(islice(rows, done, done), None)  # what was imported before
        for turn in count(1):
            if not (batch := list(islice(rows, size))):
                break
            _store(the_import, put(batch, report.add), len(batch), done, report, reader.bytes_read)
            done += len(batch)
            if (
                not is_suppressing and turn & (turn - 1) == 0
            ):  # the first batch, and when there are twice as many
                with connection.cursor() as cursor:
                    merging.look_again(cursor)
            if progress:
                progress(reader.bytes_read, reader.size, done)


class _Report:
    """The file of rejected rows, open for writing after what is known to be good."""

    def __init__(self, file: io.BufferedRandom, columns: tuple[str, ...]) -> None:
        self._file = file
        self._columns = columns
        self._lines: list[list[str]] = []

    def add(self, row: csvfile.Row, problem: str) -> None:
        self._lines.append(report_line(row, problem, self._columns))

    def keep(self) -> int:
        """Write what was added through to the disk and return the file's size."""
        if self._lines:
            start = "\ufeff" if self._file.tell() == 0 else ""  # spreadsheets know UTF-8 by this mark
            text = io.StringIO(newline="")
            lines = [report_header(self._columns), *self._lines] if start else self._lines
            csv.writer(text).writerows(lines)
            self._file.write((start + text.getvalue()).encode())
            self._file.flush()
            os.fsync(self._file.fileno())
            self._lines = []
        return self._file.tell()


@contextmanager
def _report_of(the_import: Import, dialect: Dialect) -> Iterator[_Report]:
    if not the_import.report_path:
        the_import.report_path = uploads.new_report()
        Import.objects.filter(pk=the_import.pk).update(report_path=the_import.report_path)
    with uploads.path_of(the_import.report_path).open("r+b") as file:
        file.truncate(the_import.report_bytes)
        file.seek(the_import.report_bytes)
        yield _Report(file, dialect.columns)


def _store(the_import: Import, merge: Merge, rows: int, done: int, report: _Report, read_bytes: int) -> None:
    report_bytes = report.keep()
    with transaction.atomic(), connection.cursor() as cursor:
        came = merge(cursor)
        facts: dict[str, Any] = {
            "rows": rows, "created": came.created, "bad": rows - came.good, "read": read_bytes,
            "updated": came.updated, "skipped": came.good - came.created - came.updated,
            "report": report_bytes, "id": the_import.pk, "done": done,
        }  # fmt: skip
        # Conditional: a cancelled import stops here, and one that lost its lock cannot count twice.
        cursor.execute(
            "update audience_import set row_count = row_count + %(rows)s, created_count = created_count + %(created)s,"
            " updated_count = updated_count + %(updated)s, skipped_count = skipped_count + %(skipped)s,"
            " bad_count = bad_count + %(bad)s, read_bytes = %(read)s, report_bytes = %(report)s"
            " where id = %(id)s and status = 'RUNNING' and row_count = %(done)s",
            facts,
        )
        if cursor.rowcount != 1:
            raise _Stopped


def _contacts_putter(the_import: Import, dialect: Dialect) -> Put:
    """Return what makes contacts of a batch of rows."""
    make = person_maker(
        dialect.columns,
        the_import.mapping,
        country=the_import.workspace.default_country,
        defined=attributes.defined(the_import.workspace),
        is_erased=tombstones.watcher_of_all(the_import.workspace_id),
        forms=Forms.from_json(the_import.forms),
    )

    def put(batch: Sequence[csvfile.Row], reject: Reject) -> Merge:
        people, good = _people(batch, make, reject)

        def merge(cursor: Any) -> Came:
            told = merging.merge(
                cursor,
                workspace_id=the_import.workspace_id,
                people=people,
                updates_known=the_import.on_known == "update",
                list_id=the_import.add_to_id,
                makes_new=the_import.makes_new,
                note=the_import.file_name,
            )
            if not the_import.makes_new:
                return Came(good=good, created=0, updated=told)
            updated = good - told if the_import.on_known == "update" else 0
            return Came(good=good, created=told, updated=updated)

        return merge

    return put


def _people(
    batch: Sequence[csvfile.Row], make: Callable[[list[str]], Person], reject: Reject
) -> tuple[list[Person], int]:
    """Return the batch's contacts, each once with all that its rows say, and how many rows were good."""
    people: dict[tuple[str, str], Person] = {}
    good = 0
    for row in batch:
        if row.problem:
            reject(row, row.problem)
            continue
        try:
            person = make(row.cells)
        except RowRefused as refusal:
            reject(row, str(refusal))
            continue
        good += 1
        if (known := people.get(person.key)) is not None:
            known.take_over(person)
        else:
            people[person.key] = person
    return list(people.values()), good
