"""Suppress the addresses of a file's rows."""

from collections.abc import Sequence
from typing import Any

from clarion.audience import addresses, columns, csvfile
from clarion.audience.csvdialect import Dialect
from clarion.audience.models import Import, SuppressionReason
from clarion.audience.operations.suppressions import ADDRESS, REASON, add_from_file
from clarion.audience.putting import Came, Merge, Put, Reject

#: Rows in one transaction: short, because what waits elsewhere heeds them only when they are committed.
BATCH = 5_000


def putter(the_import: Import, dialect: Dialect) -> Put:
    """Return what makes suppressions of a batch of rows: the first row of an address says why."""
    names = columns.variable_names(dialect.columns)
    meant = [the_import.mapping.get(name, "") for name in names]
    at, why = meant.index(ADDRESS), meant.index(REASON) if REASON in meant else None
    normalise = addresses.normaliser(the_import.suppresses, the_import.workspace.default_country)

    def put(batch: Sequence[csvfile.Row], reject: Reject) -> Merge:
        reasons: dict[str, str] = {}
        good = 0
        for row in batch:
            if row.problem:
                reject(row, row.problem)
                continue
            try:
                address = normalise(row.cells[at])
            except ValueError as refusal:
                reject(row, f"{dialect.columns[at]}: {refusal}")
                continue
            word = row.cells[why].strip().upper() if why is not None else ""
            known = word in SuppressionReason.values
            reasons.setdefault(address, word if known else SuppressionReason.MANUAL.value)
            good += 1

        def merge(cursor: Any) -> Came:
            added = add_from_file(the_import.workspace, the_import.suppresses, reasons, the_import.file_name)
            return Came(good=good, created=added)

        return merge

    return put
