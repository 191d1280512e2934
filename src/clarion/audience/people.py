"""A row of an imported file as the contact it makes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from clarion.audience import addresses, attributes, cellforms, columns
from clarion.audience.cellforms import PLAIN, Forms
from clarion.audience.csvfile import plain_cell
from clarion.audience.models import Attribute

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
    #: Further addresses, as (kind, address).
    further: list[tuple[str, str]] = field(default_factory=list)
    #: What is said about channels: whether messages are wanted.
    consents: dict[str, bool] = field(default_factory=dict)
    #: Found by a further address; None for whom the addresses above will find.
    contact_id: int | None = None

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
        self.further = list(dict.fromkeys([*self.further, *later.further]))
        self.consents |= later.consents

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Yield every address with its kind."""
        if self.email:
            yield "email", self.email
        if self.phone:
            yield "phone", self.phone
        yield from self.further


#: Reads a cell and puts what it says into the person. Raises ValueError with a sentence.
_Put = Callable[[Person, str], None]


def person_maker(
    file_columns: Sequence[str],
    mapping: Mapping[str, str],
    *,
    country: str = "",
    defined: Mapping[str, Attribute] | None = None,
    is_erased: Callable[[str, str], bool] = lambda kind, address: False,
    forms: Forms = PLAIN,
) -> Callable[[Sequence[str]], Person]:
    """Return the function that makes a Person of a row's cells, or raises RowRefused. The mapping was checked.

    `country` is meant where a phone number has no country code, unless the forms name another one; `defined` says
    what attributes may hold; of whom `is_erased` tells by kind and address, nothing is kept.
    """
    country = forms.country or country
    puts: list[tuple[int, str, _Put]] = []
    address_column = ""
    for index, name in enumerate(columns.variable_names(file_columns)):
        meant = mapping.get(name, "")
        if meant:
            put = _put(meant, country, defined or {})
            if meant.startswith(columns.ATTRIBUTE) and (kind := forms.types.get(name)):
                put = _read_first(cellforms.reader(kind, forms), put)
            puts.append((index, file_columns[index], put))
            if meant in ("email", "phone"):
                address_column = address_column or file_columns[index]

    def make(cells: Sequence[str]) -> Person:
        person = Person()
        for index, column, put in puts:
            if value := plain_cell(cells[index].strip()):
                try:
                    put(person, value)
                except ValueError as refusal:
                    raise RowRefused(column, str(refusal)) from None
        if not person.email and not person.phone:
            raise RowRefused(address_column, _("There is no address."))
        for kind, address in person.addresses():
            if is_erased(kind, address):
                raise RowRefused("", _("Who had this address was erased and is not to be written to again."))
        return person

    return make


def _read_first(read: Callable[[str], str], put: _Put) -> _Put:
    """Return what gives a cell its one form before it is put."""
    return lambda person, value: put(person, read(value))


def _put(meant: str, country: str, defined: Mapping[str, Attribute]) -> _Put:
    """Return what puts a cell of a column that means this into a person."""
    if meant.startswith(columns.ATTRIBUTE):
        return _put_attribute(columns.slug(meant[len(columns.ATTRIBUTE) :]), defined)
    if meant.startswith(columns.FURTHER):
        kind = meant[len(columns.FURTHER) :]

        def further(person: Person, value: str) -> None:
            person.further.append((kind, addresses.normalised(kind, value, country=country)))

        return further
    if meant.startswith(columns.CONSENT):
        channel = meant[len(columns.CONSENT) :]

        def consent(person: Person, value: str) -> None:
            person.consents[channel] = attributes.yes_or_no(value) == attributes.YES

        return consent
    read = partial(addresses.phone, country=country) if meant == "phone" else _READERS[meant]
    return lambda person, value: setattr(person, meant, read(value))


def _put_attribute(name: str, defined: Mapping[str, Attribute]) -> _Put:
    attribute = defined.get(name)

    def put(person: Person, value: str) -> None:
        if len(value) > MAX_VALUE:
            raise ValueError(_too_long(MAX_VALUE))
        person.attributes[name] = attributes.read(attribute, value) if attribute else value

    return put


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
