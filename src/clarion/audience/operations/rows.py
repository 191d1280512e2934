"""Sources of rows that a program sends."""

import tempfile
from typing import IO

from clarion.audience import ndjson, uploads
from clarion.audience.models import Source
from clarion.audience.operations.sources import create_upload_source
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission


def create_rows_source(
    *, by: Actor, file: IO[bytes], name: str, channel: str, address: str = "", is_gzip: bool = False
) -> tuple[Source, ndjson.Taken]:
    """Keep the rows of a file with one JSON object a line and have them read. Returns the source, WAITING, and what
    became of the lines: bad ones are left out and told.

    `address` names the column with the addresses where it is not plain. Raises RowsInvalid, CsvInvalid and
    NoAddressColumn.
    """
    by.require(Permission.EDIT)
    with tempfile.TemporaryFile(dir=uploads.folder()) as made:
        taken = ndjson.to_csv(file, made, is_gzip=is_gzip)
        overrides = ndjson.DIALECT | ({"address": address} if address else {})
        source = create_upload_source(
            by=by, file=made, file_name=f"{name}.csv", channel=channel, dialect_overrides=overrides
        )
    return source, taken
