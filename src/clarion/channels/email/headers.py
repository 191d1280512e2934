"""Header fields as octets: RFC 5322 (folding), RFC 2047 (encoded words), RFC 2231 (parameters), RFC 6532.

Nothing that comes in can end a header field: a control character in a value becomes a space before anything
else happens to it, and folding is only ever put in by this module. Values are returned without the field's
name and without the final CRLF.
"""

import re
from base64 import b64encode
from urllib.parse import quote

#: RFC 5322 2.1.1: a line should not be longer than this, without CRLF.
SHOULD = 78

#: RFC 2047 2: an encoded word is at most 75 characters: `=?utf-8?b?` + base64 + `?=`.
_WORD_OCTETS = 45

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_FOLD = b"\r\n "


def clean(value: str) -> str:
    """Return the value on one line, without control characters and outer spaces."""
    if not value.isprintable():
        value = _CONTROL.sub(" ", value)
    return value.strip()


def text(value: str, *, used: int) -> bytes:
    """Return an unstructured value, such as a subject's, folded. `used` is the length of `Name: `."""
    value = clean(value)
    if value.isascii() and "=?" not in value:
        if len(value) + used <= SHOULD:
            return value.encode()
        folded = _folded(value.encode(), used)
        if folded is not None:
            return folded
    return encoded_words(value, used=used)


def phrase(value: str, *, used: int) -> bytes:
    """Return a display name: atoms, a quoted string, or encoded words."""
    value = clean(value)
    if not value.isascii() or "=?" in value or len(value) > SHOULD - used - 2:
        return encoded_words(value, used=used)
    if _ATOMS.fullmatch(value) and "  " not in value:
        return value.encode()
    return b'"' + value.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'


def mailbox(name: str, address: str, *, used: int) -> bytes:
    """Return `name <address>`, or the bare address without a name. The address is raw UTF-8 (RFC 6532)."""
    raw = clean(address).encode("utf-8", "replace")
    if not clean(name):
        return raw
    label = phrase(name, used=used)
    last = len(label) - label.rfind(b"\n") - 1
    gap = _FOLD if last + len(raw) + 3 + (used if b"\n" not in label else 0) > SHOULD else b" "
    return label + gap + b"<" + raw + b">"


def encoded_words(value: str, *, used: int) -> bytes:
    """Return the whole value as UTF-8 encoded words, none splitting a character, one a line."""
    words: list[bytes] = []
    room = max(15, min(_WORD_OCTETS, (SHOULD - used - 12) // 4 * 3))
    chunk = b""
    for character in value:
        raw = character.encode("utf-8", "replace")
        if len(chunk) + len(raw) > room:
            words.append(chunk)
            chunk, room = b"", _WORD_OCTETS
        chunk += raw
    words.append(chunk)
    return _FOLD.join(b"=?utf-8?b?" + b64encode(word) + b"?=" for word in words)


def parameter(name: str, value: str) -> bytes:
    """Return `; name=value` on a line of its own: quoted if ASCII, else as RFC 2231 has it."""
    value = clean(value)
    if value.isascii() and len(value) <= SHOULD - 6 - len(name):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f';\r\n {name}="{quoted}"'.encode()
    raw = quote(value.encode("utf-8", "replace"), safe="")
    if len(raw) <= SHOULD - 12 - len(name):
        return f";\r\n {name}*=utf-8''{raw}".encode()
    return b"".join(_continued(name, raw))


def _continued(name: str, raw: str) -> list[bytes]:
    """RFC 2231 3: a long value in numbered pieces, never cutting a %XX."""
    pieces: list[bytes] = []
    at = 0
    raw = "utf-8''" + raw
    while at < len(raw):
        end = at + 55
        while "%" in raw[max(at, end - 2) : end] and end < len(raw):
            end -= 1
        pieces.append(f";\r\n {name}*{len(pieces)}*={raw[at:end]}".encode())
        at = end
    return pieces


def _folded(value: bytes, used: int) -> bytes | None:
    """Fold at spaces. None if some word alone is too long for a line, or runs of spaces would be lost."""
    lines: list[bytes] = []
    line, room = b"", SHOULD - used
    for word in value.split(b" "):
        if not word or len(word) > (SHOULD - 1 if lines or line else room):
            return None
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line, room = word, SHOULD - 1
        else:
            line = line + b" " + word if line else word
    lines.append(line)
    return _FOLD.join(lines)
