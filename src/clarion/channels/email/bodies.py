"""Text bodies as octets, cut at the places where recipients differ: RFC 2045 (8bit and quoted-printable).

A text part of a message is constant pieces with holes between them. Everything that can be done to the
constants (line ends, UTF-8, quoted-printable) is done once; a recipient costs the encoding of the values.
"""

import binascii
import re
from collections.abc import Sequence

#: RFC 5321 4.5.3.1.6: the longest line, without CRLF.
MAX_LINE = 998

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
#: Control characters have no meaning in mail text, and NUL is forbidden. TAB, CR and LF stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SOFT = b"=\r\n"
#: RFC 2045 6.7: the longest line of quoted-printable, its final `=` included.
_QP_LINE = 76


def octets(value: str) -> bytes:
    """Return the text as UTF-8 with CRLF line ends and without stray control characters."""
    if not value.isprintable():
        value = _CONTROL.sub("", _LINE_ENDS.sub("\r\n", value))
    return value.encode("utf-8", "replace")


def quoted_printable(raw: bytes) -> bytes:
    """Return the octets in quoted-printable, no line over 76, as one piece that may stand anywhere.

    It assumes to begin at the start of a line, so a piece before it must end with a soft or hard line break.
    """
    lines = raw.split(b"\r\n")
    return b"\r\n".join(_qp_line(line) for line in lines)


def quoted_printable_pieces(pieces: Sequence[bytes]) -> list[bytes]:
    """Encode pieces that are joined later: each but the last ends with a line break."""
    return [*map(quoted_printable_value, pieces[:-1]), quoted_printable(pieces[-1])]


def quoted_printable_value(raw: bytes) -> bytes:
    """Encode a piece that another follows: it ends with a soft line break, which is no part of the text."""
    if not raw:
        return b""
    encoded = quoted_printable(raw)
    if len(encoded) - encoded.rfind(b"\n") - 1 < _QP_LINE:
        return encoded + _SOFT
    cut = -3 if encoded[-3:-2] == b"=" else -1  # the line is full: break before its last character
    return encoded[:cut] + _SOFT + encoded[cut:] + _SOFT


def _qp_line(line: bytes) -> bytes:
    # A whole line at once, so that b2a_qp sees no line ends; it wraps by itself with bare LF.
    encoded = binascii.b2a_qp(line, istext=True, quotetabs=False)
    return encoded.replace(b"\n", b"\r\n") if b"\n" in encoded else encoded


def longest_line(raw: bytes) -> int:
    """Return the length of the longest line in octets, without its CRLF."""
    return max(map(len, raw.split(b"\r\n")))


class TextPart:
    """One text body of the message: its constants in both encodings, and what to do with the values."""

    def __init__(self, constants: Sequence[str]) -> None:
        self.raw = [octets(constant) for constant in constants]
        #: Octets of the longest line when every hole is empty.
        self.longest = longest_line(b"".join(self.raw))
        self._quoted: list[bytes] | None = None

    @property
    def quoted(self) -> list[bytes]:
        """The constants in quoted-printable; made when first needed."""
        if self._quoted is None:
            self._quoted = quoted_printable_pieces(self.raw)
        return self._quoted

    def fits(self, values: Sequence[bytes]) -> bool:
        """Whether the part with these values may go as it is: no line is over the limit."""
        # The sum is a bound; only when it fails do the real lines have to be looked at.
        if self.longest + sum(map(len, values)) <= MAX_LINE:
            return True
        return self.longest <= MAX_LINE and longest_line(self.join(values)) <= MAX_LINE

    def join(self, values: Sequence[bytes]) -> bytes:
        """Return the body as it is."""
        return interleave(self.raw, values)

    def join_quoted(self, values: Sequence[bytes]) -> bytes:
        """Return the body in quoted-printable."""
        return interleave(self.quoted, [quoted_printable_value(value) for value in values])


def interleave(constants: Sequence[bytes], values: Sequence[bytes]) -> bytes:
    """Return constant, value, constant, value … constant as one."""
    if not values:
        return constants[0]
    pieces = [b""] * (len(constants) + len(values))
    pieces[::2] = constants
    pieces[1::2] = values
    return b"".join(pieces)
