"""PostgreSQL's arrays as text, and texts as PostgreSQL takes them."""

from collections.abc import Iterable


def clean(words: str) -> str:
    """Return the provider's words without what PostgreSQL's text cannot hold."""
    return words.replace("\x00", "").encode("utf-8", "replace").decode()


def numbers(values: Iterable[int]) -> str:
    """Return a PostgreSQL array as text: a fifth of the driver's work for a list."""
    return "{" + ",".join(map(str, values)) + "}"


def texts(values: Iterable[str]) -> str:
    """Return a PostgreSQL array of texts as text, quoted where the provider's words need it."""
    return "{" + ",".join(['"' + (v if v.isalnum() else quoted(v)) + '"' for v in values]) + "}"


def quoted(value: str) -> str:
    return clean(value).replace("\\", "\\\\").replace('"', '\\"')
