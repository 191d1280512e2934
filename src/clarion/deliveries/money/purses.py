"""What the engine's ledger does for a run that costs something: hold before, charge after, in the same transactions.

A claim holds what its messages may cost at most, so nothing is handed over that cannot be paid; what they did cost is
charged with their outcomes, on the step's row, which is written then anyway. The account is asked only when what was
set apart for the step does not suffice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from clarion.deliveries import arrays
from clarion.deliveries.money import statements as sql
from clarion.engine.plan import RunKey, Settled, Settlement
from clarion.senders.prices.tariff import Rated, Tariff

Row = tuple[Any, ...]
Connection = psycopg.AsyncConnection[Row]

#: Steps that are remembered.
MAX_REMEMBERED = 10_000
#: More is taken from the account than one claim needs: so many times as much, while that is no more than a quarter of
#: what is available.
_AHEAD, _SHARE = 20, 4
_NO_BOUND = 1 << 30


@dataclass(slots=True)
class Spent:
    """What a batch of outcomes changes: what is charged, and how much less is held."""

    charged: int = 0
    freed: int = 0


class Purse:
    """The money of one step of one run, as one sending process handles it."""

    def __init__(self, run: RunKey, workspace_id: int, tariff: Tariff) -> None:
        self.tariff = tariff
        self._run, self._workspace_id = run, workspace_id
        #: How many messages could be paid at the last try that failed.
        self._most = _NO_BOUND
        self._need = 0
        #: Delivery in flight → its rate. What is not here is looked up: others may have claimed it.
        self._rates: dict[int, Rated] = {}

    async def open(self, connection: Connection, limit: int) -> int:
        """Hold the step's row, first of all in a claim; return how many of `limit` to claim."""
        await connection.execute(sql.LOCK_STEP, self._run)
        return min(limit, max(1, self._most))

    async def hold(self, connection: Connection, rows: Sequence[Row]) -> bool:
        """Hold what claimed rows (id, attempts, address, …) may cost at most; False when that cannot be paid."""
        bounds = self._bounds_of(rows)
        need = sum(bounds)
        facts = {"run": self._run[0], "step": self._run[1], "need": need}
        if (await connection.execute(sql.HOLD, facts)).rowcount == 1:
            self._most = _NO_BOUND
            return True
        room = await self._one(connection, sql.ROOM, facts)
        available = await self._one(connection, sql.AVAILABLE, [self._workspace_id])
        missing = need - room
        if missing > available:
            self._most, self._need = _affordable(bounds, room + available), bounds[0]
            return False
        more = max(missing, min(need * _AHEAD, available // _SHARE))
        await connection.execute(sql.TAKE, facts | {"more": more, "workspace": self._workspace_id})
        self._most = _NO_BOUND
        return True

    def _bounds_of(self, rows: Sequence[Row]) -> list[int]:
        rated = self.tariff.rated
        if self.tariff.is_flat:
            return [rated("")[1]] * len(rows)
        return [rated(row[2])[1] for row in rows]

    async def _one(self, connection: Connection, statement: str, facts: Any) -> int:
        row = await (await connection.execute(statement, facts)).fetchone()
        return int(row[0]) if row else 0

    @property
    def is_starved(self) -> bool:
        """Whether not even the next message can be paid."""
        return self._most == 0

    async def starve(self, connection: Connection) -> None:
        """Tell whoever looks after campaigns what the next message needs."""
        facts = {"run": self._run[0], "step": self._run[1], "need": self._need}
        await connection.execute(sql.STARVE, facts)

    def remember(self, rows: Sequence[Row]) -> None:
        """Note what claimed rows cost, until they are settled."""
        if not self.tariff.is_flat:
            rated = self.tariff.rated
            self._rates.update((row[0], rated(row[2])) for row in rows)

    async def priced(self, connection: Connection, settlements: Sequence[Settlement]) -> dict[str, Any]:
        """Return parameters for `statements.SETTLE_…`: what each costs if it was taken, and what was held for it."""
        if self.tariff.is_flat and all(s.units == 1 and s.stage is Settled.SENT for s in settlements):
            # Nearly every batch of mails: two numbers, as often as there are mails.
            _rate, bound, one = self.tariff.rated("")
            return {"costs": _repeated(one, len(settlements)), "bounds": _repeated(bound, len(settlements))}
        costs, bounds = [], []
        for settlement, (rate, bound, one) in zip(
            settlements, await self._rates_of(connection, settlements), strict=True
        ):
            bounds.append(bound)
            units = settlement.units
            if settlement.stage is not Settled.SENT and settlement.stage is not Settled.UNKNOWN:
                costs.append(0)
            elif units == 1:
                costs.append(one)
            else:
                # No more than was held: the account is never overdrawn, whatever the provider says.
                costs.append(min(bound, rate.cost(units)) if units else bound)
        return {"costs": arrays.numbers(costs), "bounds": arrays.numbers(bounds)}

    async def _rates_of(self, connection: Connection, settlements: Sequence[Settlement]) -> list[Rated]:
        if self.tariff.is_flat:
            return [self.tariff.rated("")] * len(settlements)
        known = self._rates
        lacking = [s.delivery_id for s in settlements if s.delivery_id not in known]
        if not lacking:
            return [known[s.delivery_id] for s in settlements]
        cursor = await connection.execute(sql.ADDRESSES, {"run": self._run[0], "ids": lacking})
        found = {row[0]: self.tariff.rated(row[1]) for row in await cursor.fetchall()}
        return [
            known.get(s.delivery_id) or found.get(s.delivery_id) or self.tariff.rated("") for s in settlements
        ]

    def forget(self, settlements: Sequence[Settlement]) -> None:
        """Forget what is settled."""
        if not self.tariff.is_flat:
            for settlement in settlements:
                self._rates.pop(settlement.delivery_id, None)


class Purses:
    """Asks once for each step whether it costs something: others pay a look into a dict for each batch."""

    def __init__(self) -> None:
        self._purses: dict[RunKey, Purse | None] = {}

    async def of(self, connection: Connection, run: RunKey) -> Purse | None:
        """Return the step's purse; None when its messages cost nothing."""
        try:
            return self._purses[run]
        except KeyError:
            pass
        row = await (await connection.execute(sql.TARIFF, run)).fetchone()
        if len(self._purses) >= MAX_REMEMBERED:
            self._purses.clear()
        found = Purse(run, row[1], Tariff.load(row[0])) if row and row[0] is not None else None
        if row is not None:
            self._purses[run] = found
        return found

    def forget(self, run: RunKey, settlements: Sequence[Settlement]) -> None:
        """Forget what was settled of a run."""
        purse = self._purses.get(run)
        if purse is not None:
            purse.forget(settlements)


def _repeated(number: int, times: int) -> str:
    """Return a PostgreSQL array of one number so often; see `arrays.numbers`."""
    return "{" + (f"{number}," * times)[:-1] + "}"


def _affordable(bounds: Sequence[int], money: int) -> int:
    """Return how many of them, from the first on, can be paid."""
    for count, bound in enumerate(bounds):
        money -= bound
        if money < 0:
            return count
    return len(bounds)
