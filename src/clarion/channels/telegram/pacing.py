"""How often one chat may be written to: about once a second, a group twenty times a minute.

(https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this)
"""

from collections import deque

#: Seconds between two messages to one chat.
CHAT_SECONDS = 1.0
#: Messages to one group in so many seconds.
GROUP_MOST = 20
GROUP_SECONDS = 60.0
#: Chats that are remembered; older ones are forgotten first.
REMEMBERED = 20_000


class Pacing:
    """Remembers when chats were last written to. Times are those of a monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._groups: dict[str, deque[float]] = {}

    def wait(self, chat: str, now: float) -> float:
        """Return how many seconds are to pass before the chat is written to; 0 for none. Remembers nothing."""
        last = self._last.get(chat)
        seconds = CHAT_SECONDS - (now - last) if last is not None else 0.0
        times = self._groups.get(chat)
        if times is not None and len(times) >= GROUP_MOST:
            seconds = max(seconds, GROUP_SECONDS - (now - times[0]))
        return max(seconds, 0.0)

    def note(self, chat: str, now: float) -> None:
        """Remember that the chat is written to now."""
        # Popped first, so that the order of the dict is that of the last times.
        self._last.pop(chat, None)
        self._last[chat] = now
        if len(self._last) > REMEMBERED:
            oldest = next(iter(self._last))
            del self._last[oldest]
            self._groups.pop(oldest, None)
        if chat.startswith(("-", "@")):
            self._groups.setdefault(chat, deque(maxlen=GROUP_MOST)).append(now)
