"""What a file is by its own octets. Reads headers only, with bounds, and decodes no picture."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

#: Office documents are ZIP archives; which kind is told by the name, and a reader checks it anyway.
_ZIPPED = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "zip": "application/zip",
}
_TEXTS = {"txt": "text/plain", "csv": "text/csv", "ics": "text/calendar", "vcf": "text/vcard"}

#: Start-of-frame markers of JPEG (ITU-T T.81 B.1.1.3): they hold the size; C4, C8 and CC are others.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Kind:
    """A media type, its usual extension, and for pictures the size in pixels."""

    content_type: str
    extension: str
    width: int | None = None
    height: int | None = None


def kind_of(octets: bytes, name: str) -> Kind | None:
    """Return what the file is; None for what the library does not take, pages and scripts among it.

    `name` only tells apart kinds that begin alike. A picture whose header is broken is nothing.
    """
    for begins, content_type, extension, measure in _PICTURES:
        if octets.startswith(begins) and octets[8:12] != b"WAVE":
            size = measure(octets)
            return Kind(content_type, extension, *size) if size and min(size) > 0 else None
    ending = name.rpartition(".")[2].lower()
    if octets.startswith(b"%PDF-"):
        return Kind("application/pdf", "pdf")
    if octets.startswith(b"PK\x03\x04") and ending in _ZIPPED:
        return Kind(_ZIPPED[ending], ending)
    if octets.startswith(b"ID3") or (ending == "mp3" and octets[:1] == b"\xff" and octets[1:2] >= b"\xe0"):
        return Kind("audio/mpeg", "mp3")
    if octets.startswith(b"OggS"):
        return Kind("audio/ogg", "ogg")
    if octets.startswith(b"RIFF") and octets[8:12] == b"WAVE":
        return Kind("audio/wav", "wav")
    if octets[4:8] == b"ftyp" and ending in ("mp4", "m4a"):
        return Kind("video/mp4" if ending == "mp4" else "audio/mp4", ending)
    if ending in _TEXTS and _is_text(octets):
        return Kind(_TEXTS[ending], ending)
    return None


def _is_text(octets: bytes) -> bool:
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return "\0" not in text


def _png(octets: bytes) -> tuple[int, int] | None:
    return struct.unpack(">II", octets[16:24]) if octets[12:16] == b"IHDR" and len(octets) >= 24 else None


def _gif(octets: bytes) -> tuple[int, int] | None:
    return (
        struct.unpack("<HH", octets[6:10]) if octets[3:6] in (b"87a", b"89a") and len(octets) >= 10 else None
    )


def _webp(octets: bytes) -> tuple[int, int] | None:
    if octets[8:12] != b"WEBP" or len(octets) < 30:
        return None
    form = octets[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(octets[24:27], "little"), 1 + int.from_bytes(octets[27:30], "little")
    if form == b"VP8L" and octets[20] == 0x2F:
        bits = int.from_bytes(octets[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 " and octets[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", octets[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(octets: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(octets):
        if octets[at] != 0xFF:
            return None
        marker = octets[at + 1]
        if marker == 0xFF:  # fill octets before a marker
            at += 1
            continue
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", octets[at + 5 : at + 9])
            return width, height
        if marker == 0x01 or 0xD0 <= marker <= 0xD9:
            at += 2
            continue
        length = int.from_bytes(octets[at + 2 : at + 4], "big")
        if length < 2:
            return None
        at += 2 + length
    return None


_PICTURES: tuple[tuple[bytes, str, str, Callable[[bytes], tuple[int, int] | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png", _png),
    (b"\xff\xd8\xff", "image/jpeg", "jpg", _jpeg),
    (b"GIF8", "image/gif", "gif", _gif),
    (b"RIFF", "image/webp", "webp", _webp),
)
