"""CSV files as answers, streamed line by line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header


class _Echo:
    """What `csv.writer` writes to: hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_answer(rows: Iterable[Sequence[str]], *, name: str) -> StreamingHttpResponse:
    """Return the rows as a download. Cells that a spreadsheet could run must have been made safe."""
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def _lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "\ufeff"  # spreadsheets know UTF-8 by this mark
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow(row)
