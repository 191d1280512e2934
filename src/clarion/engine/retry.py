"""When a message that was put off is tried again, and when a provider that failed is."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Growing gaps between attempts. All times in seconds."""

    #: Attempts in all, the first one included.
    attempts: int = 6
    first_gap: float = 60.0
    factor: float = 3.0
    longest_gap: float = 4 * 3600.0

    def gap(self, attempt: int, asked: float | None = None) -> float:
        """Return the wait after attempt number `attempt` (from 1), at least what the provider asked for."""
        grown = min(self.longest_gap, self.first_gap * self.factor ** (attempt - 1))
        # Spread by a fifth, so that what was put off together does not come back together.
        spread = grown * random.uniform(0.9, 1.1)  # noqa: S311
        return max(spread, asked or 0.0)


class Breaker:
    """Stops a lane from knocking at a provider that is down, and tries again with growing gaps."""

    #: So many failures of the provider in a row open it.
    THRESHOLD = 3

    def __init__(self, *, first_gap: float = 1.0, longest_gap: float = 60.0) -> None:
        self._first_gap = first_gap
        self._longest_gap = longest_gap
        self._failures = 0
        self._gap = first_gap
        self.open_until = 0.0
        #: Half open: after a pause one message goes ahead alone to see.
        self.probing = False

    def succeeded(self) -> bool:
        """Note that the provider answered; return whether that closed the breaker."""
        if not self._failures and not self.probing and self.open_until == 0.0:
            return False  # as nearly always
        was_troubled = self.probing or self.open_until > 0.0
        self._failures = 0
        self._gap = self._first_gap
        self.open_until = 0.0
        self.probing = False
        return was_troubled

    def failed(self, now: float, asked: float | None = None) -> bool:
        """Note that the provider failed; return whether that opened the breaker."""
        if self.open_until > now:
            return False
        self._failures += 1
        if self._failures < self.THRESHOLD and not self.probing and asked is None:
            return False
        self.open_until = now + max(self._gap, asked or 0.0)
        self._gap = min(self._longest_gap, self._gap * 2)
        self.probing = False
        return True

    def is_open(self, now: float) -> bool:
        """Whether nothing may go now. When the pause is over, the next message is a probe."""
        if self.open_until == 0.0:
            return False
        if now < self.open_until:
            return True
        self.probing = True
        return False
