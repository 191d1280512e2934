"""What an import does with a batch of its file's rows: first without the database, then in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.audience import csvfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of a batch: rows that were good, and of these what was new and what was changed."""

    good: int
    created: int
    updated: int = 0


#: Notes a row that is not taken, and why.
Reject = Callable[[csvfile.Row, str], None]
#: Writes what a batch holds, on the cursor of the caller's transaction.
Merge = Callable[[Any], Came]
#: Reads a batch.
Put = Callable[[Sequence[csvfile.Row], Reject], Merge]
