"""How a text becomes short messages: alphabets (3GPP TS 23.038) and parts (3GPP TS 23.040 9.2.3.24).

A text whose characters all stand in the default alphabet or its extension goes as GSM 7-bit, one octet a septet,
as SMPP carries it unpacked; any other goes as UCS-2, two octets a UTF-16 unit. Pure functions, no state.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

#: The default alphabet by code; 0x1B leads to the extension table and is no character.
DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()"
    + "*+,-./0123456789:;<=>?"
    + "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Characters of the extension table: each takes the escape and one more septet.
EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
ESCAPE = 0x1B

_SEPTETS = {
    **{char: bytes([code]) for code, char in enumerate(DEFAULT) if code != ESCAPE},
    **{char: bytes([ESCAPE, code]) for char, code in EXTENSION.items()},
}
#: A text in `_PLAIN` only is encoded by one translation: most texts are.
_PLAIN = frozenset(char for char, code in _SEPTETS.items() if len(code) == 1)
_GSM = frozenset(_SEPTETS)
#: The other way: every plain character as the Latin-1 character of its code.
_TO_LATIN = {ord(char): chr(code[0]) for char, code in _SEPTETS.items() if len(code) == 1}

#: What to write instead of characters that come from word processors and other alphabets' keyboards. Only what
#: means the same is offered.
REPLACEMENTS = {
    **dict.fromkeys("‘’‚‛′ʼ`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys((*map(chr, range(0x2000, 0x200B)), *"\u00a0\u202f\u205f\u3000\t"), " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f", ""),
    **dict.fromkeys("\u2028\u2029\x85", "\n"),
    "…": "...", "•": "-", "·": "-", "×": "x", "÷": ":", "‹": "<", "›": ">", "™": "(TM)", "®": "(R)", "©": "(C)",
    "á": "a", "â": "a", "ã": "a", "À": "A", "Á": "A", "Â": "A", "Ã": "A", "ç": "c", "ê": "e", "ë": "e", "È": "E",
    "Ê": "E", "Ë": "E", "í": "i", "î": "i", "ï": "i", "Ì": "I", "Í": "I", "Î": "I", "Ï": "I", "ó": "o", "ô": "o",
    "õ": "o", "Ò": "O", "Ó": "O", "Ô": "O", "Õ": "O", "ú": "u", "û": "u", "Ù": "U", "Ú": "U", "Û": "U", "ý": "y",
    "ÿ": "y", "Ý": "Y",
}  # fmt: skip


class Alphabet(Enum):
    """How characters are coded: (data_coding, units in a single message, units in a part of several)."""

    GSM = (0x00, 160, 153)
    UCS2 = (0x08, 70, 67)

    @property
    def data_coding(self) -> int:
        """The value of SMPP's data_coding."""
        return self.value[0]

    @property
    def single(self) -> int:
        """Septets or UTF-16 units that fit into one message alone."""
        return self.value[1]

    @property
    def part(self) -> int:
        """Septets or UTF-16 units that fit beside the header that joins parts."""
        return self.value[2]


@dataclass(frozen=True, slots=True)
class Offender:
    """A character that is not in the GSM alphabet, where it first stands, and what could stand there instead."""

    char: str
    #: Index in the text, from 0.
    index: int
    #: None when nothing means the same; "" when it may simply go.
    replacement: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """What a text takes: `units` of the alphabet in `parts` messages, and how many more fit into the last one."""

    alphabet: Alphabet
    units: int
    parts: int
    left: int


def alphabet_of(text: str) -> Alphabet:
    """Return the smallest alphabet that has every character of the text."""
    return Alphabet.GSM if _GSM.issuperset(text) else Alphabet.UCS2


def offenders(text: str) -> list[Offender]:
    """Return each different character that forces UCS-2, in the order of the text."""
    found: dict[str, Offender] = {}
    for index, char in enumerate(text):
        if char not in _GSM and char not in found:
            found[char] = Offender(char, index, REPLACEMENTS.get(char))
    return list(found.values())


def replaced(text: str) -> str:
    """Return the text with every character that has a replacement replaced."""
    return "".join(char if char in _GSM else REPLACEMENTS.get(char, char) for char in text)


def encode(text: str, alphabet: Alphabet) -> bytes:
    """Return the text in one piece. Raises ValueError if the alphabet lacks a character."""
    if alphabet is Alphabet.UCS2:
        return text.encode("utf-16-be")
    if _PLAIN.issuperset(text):
        return text.translate(_TO_LATIN).encode("latin-1")
    try:
        return b"".join([_SEPTETS[char] for char in text])
    except KeyError as error:
        raise ValueError(f"“{error.args[0]}” is not in the GSM alphabet") from None


def split(text: str) -> tuple[Alphabet, list[bytes]]:
    """Return the alphabet and the encoded parts; one part, perhaps empty, when the text fits into a message.

    No part ends within an escaped character or a surrogate pair. Raises ValueError for a lone surrogate.
    """
    alphabet = alphabet_of(text)
    try:
        whole = encode(text, alphabet)
    except UnicodeEncodeError:
        raise ValueError("the text holds half of a character (a lone surrogate)") from None
    width = 1 if alphabet is Alphabet.GSM else 2
    if len(whole) <= alphabet.single * width:
        return alphabet, [whole]
    ends = _gsm_ends(whole) if alphabet is Alphabet.GSM else _ucs2_ends(whole)
    parts, start = [], 0
    for end in ends:
        parts.append(whole[start:end])
        start = end
    return alphabet, parts


def count(text: str) -> Count:
    """Return what the text takes. Raises ValueError for a lone surrogate."""
    alphabet, parts = split(text)
    width = 1 if alphabet is Alphabet.GSM else 2
    room = alphabet.single if len(parts) == 1 else alphabet.part
    return Count(alphabet, sum(map(len, parts)) // width, len(parts), room - len(parts[-1]) // width)


def joined(alphabet: Alphabet, parts: Sequence[bytes]) -> str:
    """Return the text that the parts say: the way back from `split`. Raises ValueError for what is no text."""
    whole = b"".join(parts)
    if alphabet is Alphabet.UCS2:
        return whole.decode("utf-16-be")
    return "".join(_characters(whole))


def _characters(septets: bytes) -> Iterator[str]:
    extension = {code: char for char, code in EXTENSION.items()}
    codes = iter(septets)
    for code in codes:
        if code > 0x7F:
            raise ValueError("this is not a septet")
        if code != ESCAPE:
            yield DEFAULT[code]
            continue
        after = next(codes, None)
        # TS 23.038 6.2.1.1: an unknown extension is shown as the default table's character.
        if after is not None and after <= 0x7F:
            yield extension.get(after, DEFAULT[after] if after != ESCAPE else " ")


def _gsm_ends(whole: bytes) -> Iterator[int]:
    end = 0
    while end < len(whole):
        end = min(end + Alphabet.GSM.part, len(whole))
        if end < len(whole) and whole[end - 1] == ESCAPE:
            end -= 1
        yield end


def _ucs2_ends(whole: bytes) -> Iterator[int]:
    end = 0
    while end < len(whole):
        end = min(end + Alphabet.UCS2.part * 2, len(whole))
        if end < len(whole) and 0xD8 <= whole[end - 2] <= 0xDB:
            end -= 2
        yield end
