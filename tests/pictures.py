"""Pictures for tests, made octet by octet: whole enough for a browser to show them."""

import struct
import zlib


def png(width: int = 2, height: int = 2, *, colour: bytes = b"\x4a\x3f\xd4") -> bytes:
    """Return a PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + colour * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def jpeg_head(width: int, height: int) -> bytes:
    """Return the beginning of a JPEG: its size is told, its picture is not there."""
    return (
        b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08"
        + struct.pack(">HH", height, width)
        + b"\x03"
        + b"\0" * 9
    )


def gif_head(width: int, height: int) -> bytes:
    """Return the beginning of a GIF."""
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;"


def webp_head(width: int, height: int) -> bytes:
    """Return the beginning of a WebP in its extended form."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + size + b"\0" * 8
