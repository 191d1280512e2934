"""A row of an imported file as the contact it makes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from clarion.audience import addresses, cellforms, columns
from clarion.audience.cellforms import PLAIN, Forms
from clarion.audience.csvfile import plain_cell

#: Tags of one contact, and characters of one.
MAX_TAGS = 50
MAX_TAG = 40
#: Characters of an attribute's value, and of the fields that are not addresses.
MAX_VALUE = 5000
LENGTHS = {"first_name": 100, "last_name": 100, "language": 12, "zone": 64}


class RowRefused(ValueError):
    """A cell cannot be stored. `column` is the name in the file, the message a sentence."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(f"{column}: {sentence}" if column else sentence)
        self.column = column
        self.sentence = sentence


@dataclass(slots=True)
class Person:
    """What a row says about a contact. Empty means that the file says nothing, so nothing is erased."""

    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    language: str = ""
    zone: str = ""
    tags: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """By what the contact is found: the e-mail address, or the phone number of one without."""
        return (self.email, "") if self.email else ("", self.phone)

    def take_over(self, later: "Person") -> None:
        """Add what a later row of the file says about the same contact."""
        for name in ("phone", "first_name", "last_name", "language", "zone"):
            if value := getattr(later, name):
                setattr(self, name, value)
        self.tags = sorted({*self.tags, *later.tags})
        self.attributes |= later.attributes


def person_maker(
    file_columns: Sequence[str],
    mapping: Mapping[str, str],
    *,
    country: str = "",
    forms: Forms = PLAIN,
) -> Callable[[Sequence[str]], Person]:
    """Return the function that makes a Person of a row's cells, or raises RowRefused. The mapping was checked.

    `country` is meant where a phone number has no country code, unless the forms name another one.
    """
    country = forms.country or country
    plain: list[tuple[int, str, str, Callable[[str], object]]] = []
    attributes: list[tuple[int, str, str, Callable[[str], str] | None]] = []
    for index, name in enumerate(columns.variable_names(file_columns)):
        meant = mapping.get(name, "")
        if meant.startswith(columns.ATTRIBUTE):
            kind = forms.types.get(name, cellforms.TEXT)
            typed = None if kind == cellforms.TEXT else cellforms.reader(kind, forms)
            attributes.append(
                (index, columns.slug(meant[len(columns.ATTRIBUTE) :]), file_columns[index], typed)
            )
        elif meant:
            read = partial(addresses.phone, country=country) if meant == "phone" else _READERS[meant]
            plain.append((index, meant, file_columns[index], read))

    def make(cells: Sequence[str]) -> Person:
        person = Person()
        for index, meant, column, read in plain:
            if value := plain_cell(cells[index].strip()):
                try:
                    setattr(person, meant, read(value))
                except ValueError as refusal:
                    raise RowRefused(column, str(refusal)) from None
        for index, name, column, typed in attributes:
            if value := plain_cell(cells[index].strip()):
                if len(value) > MAX_VALUE:
                    raise RowRefused(column, _too_long(MAX_VALUE))
                try:
                    person.attributes[name] = value if typed is None else typed(value)
                except ValueError as refusal:
                    raise RowRefused(column, str(refusal)) from None
        if not person.email and not person.phone:
            raise RowRefused(_address_columns(plain), _("There is no address."))
        return person

    return make


def _address_columns(plain: Sequence[tuple[int, str, str, object]]) -> str:
    return next((column for _index, meant, column, _read in plain if meant in ("email", "phone")), "")


def _too_long(limit: int) -> str:
    return _("At most %(limit)s characters fit.") % {"limit": limit}


def _text(name: str) -> Callable[[str], str]:
    limit = LENGTHS[name]

    def read(value: str) -> str:
        if len(value) > limit:
            raise ValueError(_too_long(limit))
        return value

    return read


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Return the names of the time zones there are."""
    return frozenset(available_timezones())


def zone(value: str) -> str:
    """Return the name of a time zone. Raises ValueError with a sentence for one that is none."""
    if value not in zones():
        raise ValueError(
            _("There is no time zone %(name)s. Write it like Europe/Berlin.") % {"name": value[:64]}
        )
    return value


def split_tags(value: str) -> list[str]:
    """Return the tags in a text, parted by commas, semicolons or bars. Raises ValueError with a sentence."""
    parts = value.replace(";", ",").replace("|", ",").split(",")
    return checked_tags(parts)


def checked_tags(values: Sequence[str]) -> list[str]:
    """Return the tags sorted and each once. Raises ValueError with a sentence when they are too many or too long."""
    tags = sorted({value.strip() for value in values if value.strip()})
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG or "\0" in tag for tag in tags):
        raise ValueError(_("At most 50 tags of at most 40 characters fit."))
    return tags


#: Looked up at each call, so that the e-mail channel is imported on first use only.
_READERS: dict[str, Callable[[str], object]] = {
    "email": addresses.email,
    "first_name": _text("first_name"),
    "last_name": _text("last_name"),
    "language": _text("language"),
    "zone": zone,
    "tags": split_tags,
}
