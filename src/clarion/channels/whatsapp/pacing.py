"""How fast a person writes: pauses between messages, and how long “typing…” is shown before one."""

import random

#: Characters that are typed in a second.
CHARACTERS_A_SECOND = 12.0
#: The least that typing is shown for, in seconds.
LEAST_TYPING = 1.0


class Pacing:
    """Spreads the messages of one phone. Times are those of a monotonic clock, in seconds."""

    def __init__(self, *, shortest: float, longest: float, typing: float) -> None:
        self._shortest, self._longest, self._typing = shortest, longest, typing
        self._next_at = 0.0

    def take(self, now: float) -> float:
        """Return in how many seconds the next message may go, and count it as going then."""
        at = max(now, self._next_at)
        # Not a secret: only that no two pauses are alike.
        self._next_at = at + random.uniform(self._shortest, self._longest)  # noqa: S311
        return at - now

    def typing(self, text: str) -> float:
        """Return for how many seconds “typing…” is shown before this text; 0 for not at all."""
        if not self._typing:
            return 0.0
        return min(self._typing, max(LEAST_TYPING, len(text) / CHARACTERS_A_SECOND))
