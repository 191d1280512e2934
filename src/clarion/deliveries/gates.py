"""When a run's messages may go, for the sending engine: its sending hours and its end, in seconds since 1970."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import inf
from typing import Any

import orjson

from clarion.campaigns import windows, zones
from clarion.engine.messages import Claim
from clarion.engine.plan import RunSpec

#: From when on this delivery may go; 0.0 for now.
Opens = Callable[[Claim, float], float]


class Clock:
    """Sending hours by the clocks of one zone: open or not, remembered until that changes."""

    __slots__ = ("_hours", "_is_open", "_since", "_until", "_zone")

    def __init__(self, hours: windows.Hours, zone: str) -> None:
        self._hours, self._zone = hours, zone
        self._is_open, self._since, self._until = False, inf, -inf

    def look(self, now: float) -> tuple[bool, float]:
        """Return whether it is open, and when that changes; infinity for never."""
        if not self._since <= now < self._until:
            at = datetime.fromtimestamp(now, UTC)
            self._is_open = self._hours.is_open(at, self._zone)
            change = self._hours.closes_at if self._is_open else self._hours.next_open
            found = change(at, self._zone)
            self._since, self._until = now, found.timestamp() if found else inf
        return self._is_open, self._until


@lru_cache(maxsize=4_096)
def clock(said: bytes, zone: str) -> Clock:
    """Return the clock of a campaign's `windows`, as JSON, in a zone. Raises ValueError as `windows.parse` does."""
    return Clock(windows.parse(orjson.loads(said)), zone)


def run_spec(row: Sequence[Any], now: float) -> RunSpec | None:
    """Return what a row of `statements.PLAN` says of its run; None when nothing of it may go now."""
    until, opens = gate(row[15], row[16], is_recipients=row[17], ends_at=row[18], now=now)
    if until <= now:
        return None
    return RunSpec(
        run_id=row[8], step=row[9], campaign_id=row[10], weight=row[11], rate_limit=row[12], delay_min=row[13],
        delay_max=row[14], until=until, opens=opens, is_cascade=row[19],
    )  # fmt: skip


def gate(
    said: list[dict[str, Any]], zone: str, *, is_recipients: bool, ends_at: datetime | None, now: float
) -> tuple[float, Opens | None]:
    """Return the moment from which on nothing may be handed over, and what tells when a recipient may be written to.

    The moment is `now` or earlier when nothing may go already; the other is None when the hours are not the
    recipients' own. Hours that make no sense are never open.
    """
    end = ends_at.timestamp() if ends_at else inf
    if not said or end <= now:
        return end, None
    key = orjson.dumps(said)
    try:
        is_open, change = clock(key, zone).look(now)
    except (ValueError, KeyError):  # no hours; no zone
        return 0.0, None
    if is_recipients:
        return end, _recipients(key, zone)
    return (min(change, end) if is_open else 0.0), None


@lru_cache(maxsize=1_024)
def _recipients(said: bytes, otherwise: str) -> Opens:
    def opens(claim: Claim, now: float) -> float:
        is_open, change = clock(said, _zone(claim.variables, claim.address, otherwise)).look(now)
        return 0.0 if is_open else change

    return opens


def _zone(variables: Mapping[str, Any], address: str, otherwise: str) -> str:
    return zones.zone_of(variables, address, otherwise=otherwise)
