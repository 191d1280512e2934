"""Workbooks for tests: XLSX as a spreadsheet program writes it, ODS and broken ones by hand."""

import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import xlsxwriter

Rows = Sequence[Sequence[object]]
ODS = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)


def xlsx(sheets: Mapping[str, Rows], *, at: tuple[int, int] = (0, 0), hidden: Sequence[str] = ()) -> bytes:
    """Return a workbook with the rows of each sheet, put down from the cell `at` on. None is an empty cell."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False})
    forms = {
        dt.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        dt.date: book.add_format({"num_format": "dd/mm/yyyy"}),
        dt.time: book.add_format({"num_format": "hh:mm"}),
        dt.timedelta: book.add_format({"num_format": "[h]:mm:ss"}),
    }
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        if name in hidden:
            sheet.hide()
        for y, row in enumerate(rows, start=at[0]):
            for x, cell in enumerate(row, start=at[1]):
                if isinstance(cell, str):
                    sheet.write_string(y, x, cell)
                elif cell is not None:
                    sheet.write(y, x, cell, *([forms[type(cell)]] if type(cell) in forms else []))
    book.close()
    return buffer.getvalue()


def ods(sheets: Mapping[str, Rows]) -> bytes:
    """Return an OpenDocument workbook with the rows of each sheet."""
    tables = "".join(
        f'<table:table table:name="{escape(name)}">'
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {_NAMES} office:version="1.2"><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped({"mimetype": ODS, "META-INF/manifest.xml": "<manifest/>", "content.xml": content})


def _ods_cell(cell: object) -> str:
    kinds = {bool: "boolean", int: "float", float: "float", dt.date: "date", dt.datetime: "date"}
    kind = kinds.get(type(cell), "string")
    names = {"boolean": "boolean-value", "date": "date-value", "float": "value"}
    value = cell.isoformat() if isinstance(cell, dt.date) else str(cell).lower()
    given = f' office:{names[kind]}="{value}"' if kind in names else ""
    if cell is None:
        return "<table:table-cell/>"
    text = f"<text:p>{escape(str(cell))}</text:p>"
    return f'<table:table-cell office:value-type="{kind}"{given}>{text}</table:table-cell>'


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """Return a ZIP with the members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return buffer.getvalue()


def replaced(workbook: bytes, name: str, content: str | bytes) -> bytes:
    """Return the workbook with another content of one of its members."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as package:
        members: dict[str, str | bytes] = {member: package.read(member) for member in package.namelist()}
    return zipped(members | {name: content})
