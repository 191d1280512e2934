"""The child that turns one sheet of a workbook into CSV: a program of its own, under limits, as files may be hostile.

Imports nothing of Django's or of the rest of Clarion: it starts at once and knows no secrets. Rows are written as
they are read, so that its memory does not grow with the sheet: `program` runs it, `container` looks at the package,
`xlsx` and `ods` read, `table` writes.
"""

from .texts import text_of

__all__ = ["text_of"]
