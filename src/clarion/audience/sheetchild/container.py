"""The package around a workbook: what is no XLSX or ODS, locked or too large is refused before anything is read."""

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from .refusal import Refused

_OLE = b"\xd0\xcf\x11\xe0"
#: Name of the stream in which a spreadsheet program keeps a workbook with a password, as OLE writes names.
_OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CHUNK = 1024 * 1024
#: Files within a workbook.
_MAX_MEMBERS = 20_000
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
#: The two ways to pack that both formats know. Others that ZIP knows may take any amount of memory.
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Package:
    """The members of an open workbook."""

    def __init__(self, archive: zipfile.ZipFile, *, is_ods: bool) -> None:
        self._archive = archive
        # Some writers use their system's separator, and some change the case between a name and what refers to it.
        self._members = {_folded(member.filename): member for member in archive.infolist()}
        self.is_ods = is_ods

    def __contains__(self, name: str) -> bool:
        return _folded(name) in self._members

    def open(self, name: str) -> IO[bytes]:
        """Return a member's octets, never more than the package's directory says. KeyError when it is absent."""
        member = self._members[_folded(name)]
        if member.compress_type not in _PACKED:
            raise Refused("broken")
        return self._archive.open(member)


def _folded(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


@contextmanager
def opened(workbook: str, limits: dict[str, Any]) -> Iterator[Package]:
    """Open the workbook. Refuses what is none, is protected by a password, or would be too large unpacked."""
    with open(workbook, "rb") as file:
        if file.read(len(_OLE)) == _OLE:
            raise Refused("encrypted" if _has(file, _OLE_ENCRYPTED) else "xls")
    with zipfile.ZipFile(workbook) as archive:
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        if len(members) > _MAX_MEMBERS or unpacked > limits["unpacked"]:
            raise Refused("unpacked")
        if unpacked > limits["ratio_from"] and unpacked > limits["ratio"] * os.path.getsize(workbook):
            raise Refused("ratio")
        if any(member.flag_bits & 1 for member in members):
            raise Refused("encrypted")
        found = {member.filename for member in members}
        if "encrypted-package" in found or b"encryption-data" in _start_of(archive, "META-INF/manifest.xml"):
            raise Refused("encrypted")
        is_ods = _start_of(archive, "mimetype").strip() == _ODS or "content.xml" in found
        if not is_ods and b"spreadsheetml" not in _start_of(archive, "[Content_Types].xml"):
            raise Refused("other")
        yield Package(archive, is_ods=is_ods)


def _has(file: IO[bytes], wanted: bytes) -> bool:
    before = b""
    while chunk := file.read(_CHUNK):
        if wanted in before + chunk:
            return True
        before = chunk[-len(wanted) :]
    return False


def _start_of(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the first of a member's octets; nothing when there is no such member."""
    try:
        with archive.open(name) as member:
            return member.read(_CHUNK)
    except KeyError:
        return b""
