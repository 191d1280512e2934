"""Letters without their case, the same in Python and in the database, whatever the database's collation."""

#: Latin, Greek, Cyrillic and Armenian letters that have one lower-case letter.
_PAIRS = [
    (letter, letter.lower())
    for letter in map(chr, [*range(0xC0, 0x180), *range(0x386, 0x590)])
    if letter != letter.lower() and len(letter.lower()) == 1
]
UPPER = "".join(upper for upper, _lower in _PAIRS)
LOWER = "".join(lower for _upper, lower in _PAIRS)
_TABLE = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + UPPER, "abcdefghijklmnopqrstuvwxyz" + LOWER
)  # fmt: skip


def folded(text: str) -> str:
    """Return the text with its letters lower-cased."""
    return text.translate(_TABLE)


def folded_sql(column: str) -> str:
    """Return the same of a column; parameters are fold_upper and fold_lower.

    Most texts are plain ASCII, which the database lower-cases much faster.
    """
    plain = f'lower({column} collate "C")'
    return (
        f"(case when octet_length({column}) = length({column}) then {plain}"
        f" else translate({plain}, %(fold_upper)s::text, %(fold_lower)s::text) end)"
    )


PARAMETERS = {"fold_upper": UPPER, "fold_lower": LOWER}
