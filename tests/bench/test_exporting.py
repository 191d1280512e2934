"""How long a file of a million recipients takes, and how much memory."""

import os
import resource
import time
from pathlib import Path

import pytest

from clarion.deliveries.exporting import writing
from clarion.deliveries.wanted import Wanted
from tests.runs import make_run

pytestmark = [pytest.mark.bench, pytest.mark.django_db]

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000000"))


def test_a_file_of_a_large_run(tmp_path: Path) -> None:
    run = make_run(count=PEOPLE).run
    for kind in ("TXT", "CSV", "XLSX"):
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        made = writing.write(
            run, Wanted(), kind=kind, path=tmp_path / f"people.{kind}", is_masked=False, has_bom=True
        )
        after = resource.getrusage(resource.RUSAGE_SELF)
        print(
            f"{kind}: {made.count:,} people, {made.size / 1e6:,.0f} MB, {time.monotonic() - began:,.1f} s,"
            f" {after.ru_utime - before.ru_utime:,.1f} s CPU, largest {after.ru_maxrss / 1024:,.0f} MB"
            f" (before {before.ru_maxrss / 1024:,.0f} MB)"
        )
        assert made.count == PEOPLE
