"""How many people a business may write to in a day: the messaging limit of its portfolio.

(https://developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits, read in November 2026:
different people outside of a customer service window in a moving 24 hours, shared by all numbers of the portfolio.)
"""

from typing import Any

_TIERS = {
    "TIER_50": 50, "TIER_250": 250, "TIER_1K": 1000, "TIER_2K": 2000, "TIER_10K": 10_000, "TIER_100K": 100_000,
    "TIER_UNLIMITED": 0, "UNLIMITED": 0,
}  # fmt: skip


def per_day(told: Any) -> int | None:
    """Return the people a day that a tier or a number stands for, 0 for no limit; None for what is neither."""
    if isinstance(told, bool):
        return None
    if isinstance(told, int):
        return 0 if told < 0 else told or None
    word = str(told or "").strip().upper()
    if word in _TIERS:
        return _TIERS[word]
    return int(word) or None if word.isascii() and word.isdecimal() and len(word) < 10 else None
