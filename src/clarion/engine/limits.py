"""How fast a lane may send: a smooth rate a second, and counts over longer spans that survive a restart.

Times are seconds on the caller's clock: wall-clock time, because what was used must mean the same after a
restart.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

#: Into how many parts a span is cut. A limit holds over every rolling window of the span and one part.
_PARTS = 60

_SPANS = {"minute": MINUTE, "hour": HOUR, "day": DAY}

#: Messages may bunch up by this much of a second, because timers are not exact.
_BURST_SECONDS = 0.05


class Rate:
    """About `rate` a second, evenly spread: a bucket that holds a twentieth of a second's messages.

    A strict one lets no second hold more: what the bucket holds is taken off what it is filled with, so a high
    rate is kept under by as much.
    """

    def __init__(self, rate: float, *, is_strict: bool = False) -> None:
        if rate <= 0:
            raise ValueError("a rate must be positive")
        self._capacity = max(1.0, rate * _BURST_SECONDS)
        #: Messages a second in the long run.
        self.rate = rate - self._capacity + 1.0 if is_strict else rate
        self._tokens = 1.0
        self._at = 0.0

    def available(self, now: float) -> int:
        """Return how many may go now."""
        self._refill(now)
        return int(self._tokens + 1e-9)

    def take(self, cost: int, now: float) -> None:
        """Count `cost` as gone. May overdraw: the debt is waited for."""
        self._refill(now)
        self._tokens -= cost

    def wait(self, now: float) -> float:
        """Return the seconds until the next one may go; 0.0 for now."""
        self._refill(now)
        return max(0.0, (1.0 - 1e-9 - self._tokens) / self.rate)

    def save(self) -> list[float]:
        """Return how full it was and when, as JSON types."""
        return [self._tokens, self._at]

    def restore(self, saved: Iterable[float]) -> None:
        """Take over what `save` returned, here or with another rate."""
        tokens, self._at = saved
        self._tokens = min(self._capacity, tokens)

    def _refill(self, now: float) -> None:
        if now > self._at:
            if self._at:
                self._tokens = min(self._capacity, self._tokens + (now - self._at) * self.rate)
            self._at = now
        elif now < self._at - 1.0:
            self._at = now  # the clock was set back: start over from here rather than wait for it


class Window:
    """At most `limit` in any rolling `span` of seconds."""

    def __init__(self, limit: int, span: float) -> None:
        if limit <= 0:
            raise ValueError("a limit must be positive")
        self.limit = limit
        self.span = span
        self._part = span / _PARTS
        self._used: dict[int, int] = {}
        self._sum = 0

    def available(self, now: float) -> int:
        """Return how many may go now."""
        self._forget(now)
        return max(0, self.limit - self._sum)

    def take(self, cost: int, now: float) -> None:
        """Count `cost` as gone."""
        if not cost:
            return
        part = int(now // self._part)
        self._used[part] = self._used.get(part, 0) + cost
        self._sum += cost

    def wait(self, now: float) -> float:
        """Return the seconds until the next one may go; 0.0 for now."""
        self._forget(now)
        left = self._sum - self.limit + 1
        if left <= 0:
            return 0.0
        for part in sorted(self._used):
            left -= self._used[part]
            if left <= 0:
                return max(0.0, (part + 1 + _PARTS) * self._part - now)
        return self.span

    def save(self) -> dict[str, int]:
        """Return what was used, as JSON types: start of a part in seconds → count."""
        return {str(round(part * self._part)): used for part, used in self._used.items()}

    def restore(self, saved: Mapping[str, int]) -> None:
        """Take over what `save` returned, here or with another limit."""
        for start, used in saved.items():
            part = int((int(start) + self._part / 2) // self._part)
            self._used[part] = self._used.get(part, 0) + used
            self._sum += used

    def divided(self, lanes: int) -> dict[str, int]:
        """Return as `save` does what each of so many lanes has to count, so that none sends what another has.

        Rounded up, for whatever end of the span is looked at: of a lane's share two messages may be lost by it.
        """
        divided: dict[str, int] = {}
        whole = 0
        for start, used in sorted(self.save().items(), key=lambda item: int(item[0])):
            before, whole = whole, whole + used
            divided[start] = -(-whole // lanes) + before // -lanes
        if whole:
            divided[max(divided, key=int)] += 1 if lanes > 1 else 0
        return divided

    def _forget(self, now: float) -> None:
        oldest = int(now // self._part) - _PARTS
        for part in [p for p in self._used if p < oldest]:
            self._sum -= self._used.pop(part)


def lanes_within(lanes: int, limits: Iterable[float | None]) -> int:
    """Return how many of a sender's lanes its limits leave something for: as many as the smallest lets go."""
    return max(1, min(lanes, *(math.floor(limit) for limit in limits if limit), lanes))


def reshared(states: Iterable[tuple[Mapping[str, Any], int]], lanes: int, now: float) -> dict[str, Any]:
    """Return what each of `lanes` lanes is to `restore`, so that all together know of what others have used.

    `states` are what each of them saved, and what it had reserved beyond that.
    """
    shared: dict[str, Any] = {"second": [0.0, now]}
    states = list(states)
    for name, span in _SPANS.items():
        whole = Window(1, span)
        for saved, reserved in states:
            whole.restore(saved.get(name, {}))
            whole.take(reserved, now)
        shared[name] = whole.divided(lanes)
    return shared


class Limits:
    """All limits of one lane. A lane that has `share` of a sender gets that part of each."""

    def __init__(
        self,
        *,
        second: float | None = None,
        minute: int | None = None,
        hour: int | None = None,
        day: int | None = None,
        lane: int = 0,
        lanes: int = 1,
    ) -> None:
        """There are no more lanes than `lanes_within` says. Whole messages are shared out, so that none is too many."""
        rate = second
        if second and lanes > 1:
            rate = float(_share(math.floor(second), lane, lanes))
        self._rate = Rate(rate, is_strict=True) if rate else None
        limits = {"minute": minute, "hour": hour, "day": day}
        self._windows = {
            name: Window(_share(limit, lane, lanes), _SPANS[name]) for name, limit in limits.items() if limit
        }

    @property
    def unlimited(self) -> bool:
        """Whether there is nothing to count."""
        return self._rate is None and not self._windows

    def available(self, now: float) -> int:
        """Return how many may go now; a large number when there is no limit."""
        least = 1_000_000_000 if self._rate is None else self._rate.available(now)
        for window in self._windows.values():
            least = min(least, window.available(now))
        return least

    def soon(self, now: float, seconds: float) -> int:
        """Return how many may go within the next `seconds`, for the size of a claim."""
        least = 1_000_000_000
        if self._rate is not None:
            least = self._rate.available(now) + int(self._rate.rate * seconds)
        for window in self._windows.values():
            least = min(least, window.available(now))
        return least

    def take(self, cost: int, now: float) -> None:
        """Count `cost` as gone."""
        if self._rate is not None:
            self._rate.take(cost, now)
        for window in self._windows.values():
            window.take(cost, now)

    def wait(self, now: float) -> float:
        """Return the seconds until the next one may go; 0.0 for now."""
        longest = 0.0 if self._rate is None else self._rate.wait(now)
        for window in self._windows.values():
            longest = max(longest, window.wait(now))
        return longest

    def binding(self, now: float) -> str | None:
        """Return the name of the span that holds sending back by a second or more; None when none does."""
        waits = {name: window.wait(now) for name, window in self._windows.items()}
        name = max(waits, key=lambda n: waits[n], default=None)
        return name if name is not None and waits[name] >= 1.0 else None

    def save(self) -> dict[str, Any]:
        """Return what must survive a restart, as JSON types."""
        saved: dict[str, Any] = {name: window.save() for name, window in self._windows.items()}
        if self._rate is not None:
            saved["second"] = self._rate.save()
        return saved

    def restore(self, saved: Mapping[str, Any], now: float, *, reserved: int = 0) -> None:
        """Take over what `save` returned, and count what was `reserved` since as gone at this moment."""
        for name, window in self._windows.items():
            window.restore(saved.get(name, {}))
            window.take(reserved, now)
        if self._rate is not None and (reserved or "second" in saved):
            self._rate.restore([0.0, now] if reserved else saved["second"])


def _share(limit: int, lane: int, lanes: int) -> int:
    return limit // lanes + (1 if lane < limit % lanes else 0)
