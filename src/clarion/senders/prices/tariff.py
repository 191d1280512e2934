"""The prices of one step of one run, frozen, and what a message costs by them. Whole numbers; no Django.

A tariff is kept as JSON: {"most": units, "rates": [[prefix, amount, period, refunds], …]}. Amounts are millionths of
the account's currency. `period` is 0 where each unit costs the amount (a part of an SMS, a mail), else the seconds of
which each begun span does, and units are then seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rate:
    """What messages to numbers that begin so cost; an empty prefix is for all others."""

    prefix: str
    amount: int
    period: int = 0
    #: Whether what failed after the provider had accepted it is given back.
    refunds: bool = False

    def cost(self, units: int) -> int:
        """Return what so many units cost: at least one is begun."""
        spans = -(-units // self.period) if self.period else units
        return self.amount * max(1, spans)


#: A rate, what a message costs by it at most, and what one of a single unit does.
Rated = tuple[Rate, int, int]
#: What costs nothing, because nobody said what it costs.
FREE = Rate("", 0)


class Tariff:
    """Finds the rate of an address: the longest prefix wins."""

    __slots__ = ("_by_prefix", "_default", "_lengths", "most", "rates")

    def __init__(self, rates: Iterable[Rate], *, most: int = 1) -> None:
        """`most` is how many units a message can have at most."""
        self.rates = tuple(rates)
        self.most = max(1, most)
        self._by_prefix = {rate.prefix: self._rated(rate) for rate in self.rates if rate.prefix}
        self._default = self._rated(next((rate for rate in self.rates if not rate.prefix), FREE))
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix}, reverse=True)

    def _rated(self, rate: Rate) -> Rated:
        return rate, rate.cost(self.most), rate.cost(1)

    def rate(self, address: str) -> Rate:
        """Return what holds for an address; a telephone number may begin with its plus."""
        return self.rated(address)[0]

    def rated(self, address: str) -> Rated:
        """Return the same with what it comes to, worked out beforehand."""
        if self._lengths:
            number = address[1:] if address[:1] == "+" else address
            for length in self._lengths:
                found = self._by_prefix.get(number[:length])
                if found is not None:
                    return found
        return self._default

    def bound(self, address: str) -> int:
        """Return what a message to the address costs at most."""
        return self.rated(address)[1]

    @property
    def is_flat(self) -> bool:
        """Whether every address costs the same."""
        return not self._lengths

    @property
    def gives_back(self) -> bool:
        """Whether any of it gives something back for what failed after acceptance."""
        return any(rate.refunds for rate in self.rates)

    def dump(self) -> dict[str, Any]:
        """Return it as it is kept."""
        rows = [[rate.prefix, rate.amount, rate.period, rate.refunds] for rate in self.rates]
        return {"most": self.most, "rates": rows}

    @classmethod
    def load(cls, said: Mapping[str, Any]) -> Tariff:
        """Read what `dump` wrote."""
        rows: Sequence[Sequence[Any]] = said["rates"]
        return cls((Rate(*row) for row in rows), most=said["most"])
