"""Contacts from a CSV file or a workbook: time, CPU and memory for a row, from the first rows to the millionth.

Run: make bench, or .venv/bin/python -m tests.bench.bench_import [ROWS] [csv|xlsx|ods].
"""

import csv
import multiprocessing
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

from tests.bench import machine
from tests.workbooks import ods

HOME = machine.prepare()

from clarion.audience import importing
from clarion.audience import operations as audience
from clarion.audience.models import Contact
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace

MAPPING = {"email": "email", "phone": "phone", "first_name": "first_name", "city": "attribute:city"}
#: Every so many rows are wrong.
BAD = 97


HEADER = ("email", "phone", "first_name", "city")


def people(rows: int) -> Iterator[tuple[str, ...]]:
    """Return rows of which some addresses are no addresses, with national phone numbers."""
    for n in range(rows):
        address = "nobody" if n % BAD == 0 else f"person{n}@example.test"
        yield address, f"030 {10_000_000 + n}", f"Amira {n % 500}", f"City {n % 50}"


def write(path: Path, rows: int) -> None:
    """Write them as the file's ending says."""
    {".csv": _write_csv, ".xlsx": _write_xlsx, ".ods": _write_ods}[path.suffix](path, rows)


def _write_csv(path: Path, rows: int) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *people(rows)])


def _write_xlsx(path: Path, rows: int) -> None:
    book = xlsxwriter.Workbook(str(path))  # with a table of its texts, as spreadsheet programs write
    sheet = book.add_worksheet("People")
    for y, row in enumerate([HEADER, *people(rows)]):
        for x, text in enumerate(row):
            sheet.write_string(y, x, text)
    book.close()


def _write_ods(path: Path, rows: int) -> None:
    path.write_bytes(ods({"People": [HEADER, *people(rows)]}))


def memory(who: int = resource.RUSAGE_SELF) -> int:
    """Return the most memory that the process has had, in MB; or the largest of its children that have ended."""
    return resource.getrusage(who).ru_maxrss // 1024


def written_apart(rows: int, kind: str) -> Path:
    """Write the file in a process of its own: what that takes is no cost of ours."""
    path = HOME / f"people.{kind}"
    maker = multiprocessing.get_context("fork").Process(target=write, args=(path, rows))
    maker.start()
    maker.join()
    return path


def children_cpu() -> float:
    """Return the seconds of CPU of the children that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def main(rows: int, kind: str) -> None:
    path = written_apart(rows, kind)
    with machine.Machine(HOME) as box:
        workspace = Workspace.objects.create(slug="bench", name="Bench", default_country="DE")
        by = actors.system(workspace)
        child, began = children_cpu(), time.monotonic()
        with path.open("rb") as file:
            made = audience.create_import(by=by, file=file, file_name=path.name)
        looked = time.monotonic() - began
        print(
            f"| {path.name}, {path.stat().st_size / 1e6:.1f} MB, looked at | {looked:.1f} s; "
            f"{children_cpu() - child:.1f} s of the CPU of a child, {memory()} MB here |"
        )
        audience.start_import(by=by, the_import=made, mapping=MAPPING)
        early: list[int] = []

        def told(_read: int, _all: int, done: int) -> None:
            if done >= rows // 10 and not early:
                early.append(memory())

        began, cpu, its = time.monotonic(), time.process_time(), box.database_cpu()
        made = importing.run_import(made, told)
        spent = time.monotonic() - began
        mine = (time.process_time() - cpu) / rows * 1e6
        print(
            f"| {rows:,} contacts from {kind} | {spent:.1f} s; {mine:.0f} µs of the program and "
            f"{(box.database_cpu() - its) / rows * 1e6:.0f} µs of PostgreSQL a row; {made.bad_count:,} refused; "
            f"at most {early[0]} MB after a tenth, {memory()} MB in the end |"
        )
        assert Contact.objects.count() == made.created_count == rows - made.bad_count
    shutil.rmtree(HOME, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else "csv")
