"""Invented people for the demo, the same every time. Their addresses are reserved and reach nobody (RFC 2606)."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

LISTS = ("Newsletter", "Customers", "Berlin meetup")
_SHARES = (110, 60, 30)

_FIRST = (
    "Amira Ben Chiara Dilan Elif Farid Greta Hana Ivo Jana Karim Lena Mateo Nora Oskar Priya Quinn Rosa Samir Tove "
    "Uma Viktor Wanda Xenia Yusuf Zoe"
)
_LAST = (
    "Abbas Becker Costa Dubois Eriksen Ferrari Garcia Haddad Ito Jansen Kaya Lindqvist Moreau Novak Okafor Petrov "
    "Rossi Silva Tanaka Urban Vogel Weber Yilmaz Zimmer"
)
_CITIES = "Amsterdam Berlin Cairo Hamburg Istanbul Lisbon Milan Paris Prague Stockholm Vienna Warsaw"
_PLANS = ("Basic", "Plus", "Pro")


class Somebody(NamedTuple):
    """A row of a demo list."""

    email: str
    first_name: str
    last_name: str
    city: str
    plan: str
    points: str


def people() -> Iterator[tuple[str, list[Somebody]]]:
    """Yield (name of the list, who is in it); nobody is in two."""
    dice = Random("clarion")  # noqa: S311 - sample data
    firsts, lasts, cities = _FIRST.split(), _LAST.split(), _CITIES.split()
    number = 0
    for name, count in zip(LISTS, _SHARES, strict=True):
        rows = []
        for _ in range(count):
            number += 1
            first, last = dice.choice(firsts), dice.choice(lasts)
            address = f"{first}.{last}.{number}@example.com".lower()
            points = str(dice.randrange(0, 2000, 10))
            rows.append(Somebody(address, first, last, dice.choice(cities), dice.choice(_PLANS), points))
        yield name, rows
