"""Contacts from a CSV file: time, CPU and memory for a row, from the first rows to the millionth.

Run: make bench, or .venv/bin/python -m tests.bench.bench_import [ROWS].
"""

import resource
import shutil
import sys
import time
from pathlib import Path

from tests.bench import machine

HOME = machine.prepare()

from clarion.audience import importing
from clarion.audience import operations as audience
from clarion.audience.models import Contact
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace

MAPPING = {"email": "email", "phone": "phone", "first_name": "first_name", "city": "attribute:city"}
#: Every so many rows are wrong.
BAD = 97


def write(path: Path, rows: int) -> None:
    """Write a file of which some addresses are no addresses, with national phone numbers."""
    with path.open("w") as file:
        file.write("email,phone,first_name,city\n")
        for n in range(rows):
            address = "nobody" if n % BAD == 0 else f"person{n}@example.test"
            file.write(f"{address},030 {10_000_000 + n},Amira {n % 500},City {n % 50}\n")


def memory() -> int:
    """Return the most memory that the process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(rows: int) -> None:
    with machine.Machine(HOME) as box:
        workspace = Workspace.objects.create(slug="bench", name="Bench", default_country="DE")
        by = actors.system(workspace)
        path = HOME / "people.csv"
        write(path, rows)
        with path.open("rb") as file:
            made = audience.create_import(by=by, file=file, file_name="people.csv")
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
            f"| {rows:,} contacts from a CSV | {spent:.1f} s; {mine:.0f} µs of the program and "
            f"{(box.database_cpu() - its) / rows * 1e6:.0f} µs of PostgreSQL a row; {made.bad_count:,} refused; "
            f"at most {early[0]} MB after a tenth, {memory()} MB in the end |"
        )
        assert Contact.objects.count() == made.created_count == rows - made.bad_count
    shutil.rmtree(HOME, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
