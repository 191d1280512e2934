"""Bodies that are files: which kinds an address takes, unpacked where they come as gzip, and not larger than told."""

from __future__ import annotations

import csv
import gzip
import tempfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

from django.http import StreamingHttpResponse

from clarion.api import problems
from clarion.api.frame import FILE_OCTETS

_CHUNK = 1024 * 1024
#: Spreadsheets and lists of addresses.
TABLES = (
    "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.spreadsheet", "application/octet-stream",
)  # fmt: skip


def taken(request: Any, kinds: Collection[str]) -> tuple[IO[bytes], bool]:
    """Return the body as it came, and whether it is packed by gzip. Raises `unsupported_media_type`."""
    encoding = request.headers.get("Content-Encoding", "").lower()
    is_known = encoding in ("", "identity", "gzip")
    if request.laid is None or request.content_type not in kinds or not is_known:
        names = " or ".join(kinds)
        raise problems.own("unsupported_media_type", f"Send {names}, plain or with Content-Encoding: gzip.")
    return request.laid, encoding == "gzip"


@contextmanager
def unpacked(request: Any, kinds: Collection[str], *, most: int = FILE_OCTETS) -> Iterator[IO[bytes]]:
    """Lend the body unpacked, at its beginning. Raises `unsupported_media_type`, `bad_request` and `too_large`."""
    file, is_gzip = taken(request, kinds)
    if not is_gzip:
        yield file
        return
    with tempfile.TemporaryFile() as whole:
        size = 0
        try:
            packed = gzip.GzipFile(fileobj=file)
            while chunk := packed.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise problems.own("too_large")
                whole.write(chunk)
        except (OSError, EOFError, zlib.error):
            raise problems.own("bad_request", "The content is not whole, or no gzip.") from None
        whole.seek(0)
        yield whole


def body_of(kind: str, says: str, example: str | None = None) -> dict[str, Any]:
    """Return how the document tells that a body is a file; gzip is understood for each."""
    content: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    if example is not None:
        content = {"schema": {"type": "string"}, "example": example}
    says = f"{says} `Content-Encoding: gzip` is understood."
    return {"requestBody": {"required": True, "description": says, "content": {kind: content}}}


class _Line:
    """What a writer of CSV writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_answer(rows: Iterable[Sequence[str]], *, name: str) -> StreamingHttpResponse:
    """Return rows as a CSV file that is made while it is fetched."""
    writer = csv.writer(_Line())
    answer = StreamingHttpResponse(
        (writer.writerow(row) for row in rows), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
