"""Catalogues of translations: read and write PO files, and compile them to the MO files that `gettext` loads.

Enough of GNU gettext's format for our own files, so that a machine without its programs can show every language:
entries with comments, references, flags, contexts and plural forms; no obsolete entries, no previous msgids.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: What an MO file begins with, and what parts a context from its message in one.
_MAGIC = 0x950412DE
_CONTEXT_END = "\x04"
#: A source line of a PO file is folded at about this many characters.
_WIDTH = 108


class CatalogueInvalid(Exception):
    """The PO file cannot be read. The text says where and why."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """One message. `strings` holds one translation, or one for each plural form; empty means not translated."""

    id: str
    context: str = ""
    plural: str = ""
    strings: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    #: What the sources and the translators say of it, each line with its mark ("#." or "#").
    comments: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """What makes it one message: its context and its text."""
        return self.context, self.id

    @property
    def is_translated(self) -> bool:
        """True when every form is there and nobody doubts it."""
        return bool(self.strings) and all(self.strings) and "fuzzy" not in self.flags


def read(path: Path) -> list[Entry]:
    """Return the file's entries, its header (the entry without an id) first; raise CatalogueInvalid."""
    entries: list[Entry] = []
    for number, block in _blocks(path.read_text(encoding="utf-8")):
        try:
            entries.append(_entry(block))
        except (ValueError, SyntaxError, IndexError) as problem:
            raise CatalogueInvalid(f"{path}:{number}: {problem}") from None
    if not entries or entries[0].id:
        raise CatalogueInvalid(f"{path}: has no header")
    return entries


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write the entries as they are ordered; the same entries always make the same bytes."""
    text = "\n".join("".join(f"{line}\n" for line in _lines(entry)) for entry in entries)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def header(entries: list[Entry]) -> dict[str, str]:
    """Return the header's fields by name, such as `Plural-Forms`."""
    pairs = (line.partition(":") for line in entries[0].strings[0].splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, _colon, value in pairs}


def compiled(entries: Iterable[Entry]) -> bytes:
    """Return the MO file of everything translated; doubtful entries are left out, so English stands for them."""
    pairs = sorted(
        (_original(entry).encode(), "\0".join(entry.strings).encode())
        for entry in entries
        if entry.is_translated
    )
    count = len(pairs)
    start = 28 + 16 * count
    ids = b"".join(original + b"\0" for original, _text in pairs)
    texts = b"".join(text + b"\0" for _original, text in pairs)
    table: list[int] = []
    at = start
    for original, _text in pairs:
        table += [len(original), at]
        at += len(original) + 1
    for _original_text, text in pairs:
        table += [len(text), at]
        at += len(text) + 1
    head = struct.pack("<7I", _MAGIC, 0, count, 28, 28 + 8 * count, 0, start)
    return head + struct.pack(f"<{len(table)}I", *table) + ids + texts


def _original(entry: Entry) -> str:
    text = f"{entry.context}{_CONTEXT_END}{entry.id}" if entry.context else entry.id
    return f"{text}\0{entry.plural}" if entry.plural else text


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    block: list[str] = []
    first = 1
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            first = first if block else number
            block.append(line.strip())
        elif block:
            yield first, block
            block = []
    if block:
        yield first, block


def _entry(lines: list[str]) -> Entry:
    """Return the entry of one block of lines; raise ValueError."""
    entry = Entry(id="")
    parts: dict[str, str] = {}
    word = ""
    for line in lines:
        if line.startswith("#:"):
            entry.references += line[2:].split()
        elif line.startswith("#,"):
            entry.flags += [flag.strip() for flag in line[2:].split(",")]
        elif line.startswith("#"):
            entry.comments.append(line)
        elif line.startswith('"'):
            parts[word] += _unquoted(line)
        else:
            word, _space, rest = line.partition(" ")
            if word in parts:
                raise ValueError(f"{word} stands twice; a blank line parts two entries")
            parts[word] = _unquoted(rest.strip())
    entry.id = parts.pop("msgid")
    entry.context = parts.pop("msgctxt", "")
    entry.plural = parts.pop("msgid_plural", "")
    if not entry.plural:
        entry.strings = [parts.pop("msgstr")]
    else:
        entry.strings = [parts.pop(f"msgstr[{form}]") for form in range(len(parts))]
    if parts:
        raise ValueError(f"{', '.join(parts)} is not understood here")
    return entry


def _unquoted(text: str) -> str:
    # Nine of ten are as they stand, and Python's own parser takes ten times as long.
    if "\\" not in text and text.count('"') == 2 and len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    value = ast.literal_eval(text)
    if not isinstance(value, str):
        raise ValueError(f"{text} is not a text in quotes")
    return value


def _lines(entry: Entry) -> Iterator[str]:
    yield from entry.comments
    yield from _references(entry.references)
    if entry.flags:
        yield f"#, {', '.join(entry.flags)}"
    if entry.context:
        yield from _field("msgctxt", entry.context)
    yield from _field("msgid", entry.id)
    if not entry.plural:
        yield from _field("msgstr", entry.strings[0] if entry.strings else "")
        return
    yield from _field("msgid_plural", entry.plural)
    for form, text in enumerate(entry.strings or [""]):
        yield from _field(f"msgstr[{form}]", text)


def _references(references: list[str]) -> Iterator[str]:
    line = "#:"
    for reference in references:
        if line != "#:" and len(line) + len(reference) > _WIDTH:
            yield line
            line = "#:"
        line += f" {reference}"
    if line != "#:":
        yield line


def _field(name: str, text: str) -> Iterator[str]:
    pieces = text.splitlines(keepends=True)
    if len(pieces) < 2:
        yield f"{name} {_quoted(text)}"
        return
    yield f'{name} ""'
    for piece in pieces:
        yield _quoted(piece)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
