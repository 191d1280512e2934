"""Which of the one-octet encodings of Latin letters a text is in: the one in which its letters are those of a language.

The same octets are words of cp1252 and of cp1250, with `ñ` or `ń`; a list of names has no sentences that would tell.
"""

from functools import cache

#: Letters beyond ASCII, by encoding and language. What a language has of both is of no weight.
_ALPHABETS = {
    "cp1252": (
        "äöüß", "éèêëàâçîïôûùœæÿ", "áéíóúñüºª", "ãõçáéíóúâêôàü", "åäöæøé", "ëïéèöü", "àèéìíòóùú", "áéíóúýðþæö",
        "çàéèíïóòúü",
    ),
    "cp1250": (
        "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "ëç",
    ),
    "cp1254": ("çğıi̇öşüâîû",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöüõšž"),
}  # fmt: skip
_ALPHABETS["iso8859_2"] = _ALPHABETS["cp1250"]
#: In the order of how common they are, which decides where letters do not.
ENCODINGS = tuple(_ALPHABETS)
#: How much letters count that are of several languages of an encoding: customers come from many countries.
_TOGETHER = {"cp1252": 0.9}
_TOGETHER_ELSE = 0.8
#: Octets that are controls in ISO 8859 and marks, such as dashes and quotes, in the others.
_MARKS = range(0x80, 0xA0)


def encoding_of(text: bytes) -> str:
    """Return the one of ENCODINGS that fits the octets best."""
    counts = {octet: count for octet in range(0x80, 0x100) if (count := text.count(octet))}
    return max(ENCODINGS, key=lambda name: _fit(name, counts))


def _fit(encoding: str, counts: dict[int, int]) -> float:
    """Return the share of the letters that are the language's which has the most; below 0 where it cannot be."""
    letters = {octet: count for octet, count in counts.items() if octet in _letters()}
    if any(_character(encoding, octet) is None for octet in counts):
        return -1.0
    total = sum(letters.values()) or 1

    def share(alphabet: str) -> float:
        known = (n for octet, n in letters.items() if (_character(encoding, octet) or "").lower() in alphabet)
        return sum(known) / total

    languages = _ALPHABETS[encoding]
    together = share("".join(languages)) * _TOGETHER.get(encoding, _TOGETHER_ELSE)
    return max(together, *map(share, languages)) if len(languages) > 1 else share(languages[0])


@cache
def _character(encoding: str, octet: int) -> str | None:
    if encoding.startswith("iso") and octet in _MARKS:
        return None
    try:
        return bytes([octet]).decode(encoding)
    except UnicodeDecodeError:
        return None


@cache
def _letters() -> frozenset[int]:
    """Return the octets that are a letter in any of the encodings."""
    return frozenset(
        octet
        for octet in range(0x80, 0x100)
        if any((_character(name, octet) or "").isalpha() for name in ENCODINGS)
    )
