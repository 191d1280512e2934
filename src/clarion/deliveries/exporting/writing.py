"""Making a file of a run's recipients, from the first to the last, in flat memory and however many there are."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clarion.deliveries import batching
from clarion.deliveries.exporting import files, formats, rows
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.states import Stage
from clarion.deliveries.wanted import Wanted

#: Told after every batch: people written so far. What it raises ends the export, and no file is left.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A finished file: how many people were gone through, and its octets."""

    count: int
    size: int


def write(
    run: Run,
    wanted: Wanted,
    *,
    kind: str,
    path: Path,
    is_masked: bool,
    has_bom: bool,
    progress: Progress | None = None,
) -> Made:
    """Write the wanted people of the run to a file of that ExportFormat, which is there whole or not at all.

    Raises ExportRefused, OSError, and whatever `progress` raises.
    """
    part, scratch = files.part_of(path), files.scratch_of(path)
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    try:
        with files.create(part) as file:
            layout = rows.layout_of(run, is_masked=is_masked)
            writer = formats.writer_of(kind, file, layout, has_bom=has_bom, scratch=scratch)
            count = 0

            def add(_steps: Sequence[RunStep], ids: list[int]) -> int:
                writer.add(ids)
                return len(ids)

            try:
                for added in batching.batches(run, wanted, add, is_private=is_masked):
                    count += added
                    if progress is not None:
                        progress(count)
            except BaseException:
                writer.drop()
                raise
            writer.close()
            return Made(count, files.keep(file, part, path))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        part.unlink(missing_ok=True)


def expected(run: Run, wanted: Wanted) -> int:
    """Return how many people that will be, or at most so many where no counter tells."""
    count = None if wanted.q else wanted.narrowing.count(run)
    if count is not None:
        return count
    if wanted.skip is not None or wanted.stage is Stage.SKIPPED:
        return run.skipped
    return getattr(run, wanted.stage.name.lower()) if wanted.stage is not None else run.total


def is_exact(run: Run, wanted: Wanted) -> bool:
    """Whether `expected` is exactly how many there are now."""
    return not wanted.q and wanted.narrowing.count(run) is not None
