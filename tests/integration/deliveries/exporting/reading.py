"""Exports that were worked off, and what stands in their files."""

import csv
import io
import zipfile
from xml.etree import ElementTree

from clarion.deliveries.exporting import files, operations, working
from clarion.deliveries.models import Export, Run
from clarion.deliveries.wanted import Wanted
from tests import ledgers

#: 1-5 skipped, 6-65 sent, 66-73 failed, 74-76 unknown, 77-81 waiting, 82-85 in flight, 86-100 pending.
KINDS = {"skipped": 5, "sent": 60, "failed": 8, "unknown": 3, "waiting": 5, "in_flight": 4, "pending": 15}


def made(run: Run, people: ledgers.People, kind: str = "CSV", has_bom: bool = False, **query: str) -> Export:
    """Return an export that was worked off."""
    export = operations.create_export(
        run=run, wanted=Wanted.read(query), kind=kind, has_bom=has_bom, by=ledgers.actor(people.alice)
    )
    working.run_export_job(export.pk)
    export.refresh_from_db()
    return export


def bytes_of(export: Export) -> bytes:
    return files.path_of(export.file_path).read_bytes()


def table_of(export: Export) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bytes_of(export).decode("utf-8-sig"), newline="")))


def sheets_of(data: bytes) -> list[list[list[str]]]:
    """Return the cells of each sheet of a workbook as texts, empty ones left out."""
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        shown = []
        for path in sorted(one for one in book.namelist() if one.startswith("xl/worksheets/sheet")):
            tree = ElementTree.fromstring(book.read(path))  # noqa: S314 - a file of our own
            shown.append([["".join(cell.itertext()) for cell in row] for row in tree.iter(f"{name}row")])
        return shown
