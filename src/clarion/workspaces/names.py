"""Names that people give to things."""

from clarion.workspaces.errors import NameInvalid

MAX_NAME = 120


def clean_name(name: str) -> str:
    """Return the name with single spaces. Raises NameInvalid unless it then has 1 to 120 printable characters."""
    cleaned = " ".join(name.split())
    if not 0 < len(cleaned) <= MAX_NAME or not cleaned.isprintable():
        raise NameInvalid
    return cleaned
