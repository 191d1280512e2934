"""Spans of time in words."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import ngettext


def in_words(span: timedelta) -> str:
    """Return the span by its two largest units: "2 days 3 hours", "1 hour 20 minutes", "40 seconds"."""
    seconds = max(1, round(span.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    words = [
        ngettext("%(n)d day", "%(n)d days", days) % {"n": days} if days else "",
        ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours} if hours else "",
        ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes} if minutes else "",
        ngettext("%(n)d second", "%(n)d seconds", rest) % {"n": rest} if rest else "",
    ]
    first = next(i for i, word in enumerate(words) if word)
    return " ".join(word for word in words[first : first + 2] if word)
