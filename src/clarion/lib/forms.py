"""Reading forms that come many thousands a second (WHATWG URL, application/x-www-form-urlencoded)."""

from urllib.parse import unquote


def pairs(text: str, *, most: int) -> list[tuple[str, str]]:
    """Return names and values in their order, empty values too.

    Raises ValueError for more than `most` of them, and for octets that are no UTF-8.
    """
    if not text:
        return []
    parts = text.split("&", most)
    if len(parts) > most:
        raise ValueError("too many fields")
    found = []
    for part in parts:
        if part:
            name, _, value = part.partition("=")
            found.append((_plain(name), _plain(value)))
    return found


def _plain(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    return unquote(text, errors="strict") if "%" in text else text
