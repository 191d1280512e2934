"""The frame of a message around its text bodies: parts, boundaries, files (RFC 2045, 2046, 2387)."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from clarion.channels.email import headers
from clarion.channels.email.bodies import TextPart
from clarion.channels.email.content import Attachment

TEXT_PLAIN = b"text/plain; charset=utf-8"
TEXT_HTML = b"text/html; charset=utf-8"

Segment = bytes | TextPart


@dataclass(frozen=True, slots=True)
class Frame:
    """A body in order: octets as they are, and the text parts between them.

    A text part's segment stands for `<encoding>CRLF CRLF <body>`: the octets before it end with
    `Content-Transfer-Encoding: `. In a message of one part those octets belong to the message's header.
    """

    content_type: bytes
    segments: list[Segment]
    is_single: bool


def frame(*, text: TextPart, html: TextPart | None, files: Sequence[Attachment], boundary: str) -> Frame:
    """Arrange the parts: alternative inside related (for files with a cid) inside mixed (for the others)."""
    current = Frame(TEXT_PLAIN, [text], is_single=True)
    if html is not None:
        current = _wrap("alternative", boundary + "a", [current, Frame(TEXT_HTML, [html], is_single=True)])
    inline = [file for file in files if file.cid]
    if inline:
        current = _wrap("related", boundary + "r", [current, *map(_file, inline)])
    attached = [file for file in files if not file.cid]
    if attached:
        current = _wrap("mixed", boundary + "m", [current, *map(_file, attached)])
    return current


def _wrap(kind: str, boundary: str, parts: Sequence[Frame]) -> Frame:
    mark = boundary.encode()
    segments: list[Segment] = []
    for number, part in enumerate(parts):
        start = (b"\r\n--" if number else b"--") + mark + b"\r\n"
        if isinstance(part.segments[0], TextPart):
            segments.append(
                start + b"Content-Type: " + part.content_type + b"\r\nContent-Transfer-Encoding: "
            )
        else:
            segments.append(
                start + b"Content-Type: " + part.content_type + (b"\r\n" if part.is_single else b"\r\n\r\n")
            )
        segments.extend(part.segments)
    segments.append(b"\r\n--" + mark + b"--\r\n")
    extra = b'; type="multipart/alternative"' if kind == "related" and not parts[0].is_single else b""
    content_type = b'multipart/%b; boundary="%b"%b' % (kind.encode(), mark, extra)
    return Frame(content_type, segments, is_single=False)


def _file(file: Attachment) -> Frame:
    encoded = b64encode(file.octets)
    lines = b"\r\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76))
    disposition = b"inline" if file.cid else b"attachment"
    head = b"Content-Transfer-Encoding: base64\r\nContent-Disposition: " + disposition
    head += headers.parameter("filename", file.filename) + b"\r\n"
    if file.cid:
        head += b"Content-ID: <" + file.cid.encode() + b">\r\n"
    return Frame(file.content_type.encode(), [head + b"\r\n" + lines], is_single=True)
