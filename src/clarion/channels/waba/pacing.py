"""How often one person may be written to: one message every six seconds (the pair rate limit).

(https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput, read in November 2026: more
may go in a burst, which is then paid for in waiting. A burst is not used here.)
"""

#: Seconds between two messages to one number.
PAIR_SECONDS = 6.0
#: Numbers that are remembered; older ones are forgotten first.
REMEMBERED = 20_000


class Pacing:
    """Remembers when numbers were last written to. Times are those of a monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def wait(self, number: str, now: float) -> float:
        """Return how many seconds are to pass before the number is written to; 0 for none. Remembers nothing."""
        last = self._last.get(number)
        return max(0.0, PAIR_SECONDS - (now - last)) if last is not None else 0.0

    def forget(self, number: str) -> None:
        """Forget that the number was written to: what was sent to it was not taken."""
        self._last.pop(number, None)

    def note(self, number: str, now: float) -> None:
        """Remember that the number is written to now."""
        # Popped first, so that the order of the dict is that of the last times.
        self._last.pop(number, None)
        self._last[number] = now
        if len(self._last) > REMEMBERED:
            del self._last[next(iter(self._last))]
