"""Where people stand with one channel of a cascade: each channel's own part of a run's waterfall."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from clarion.audience.queries.segments import in_time
from clarion.deliveries.models import Run
from clarion.deliveries.states import STEPS, Skip

#: Why a channel reaches somebody not, in the order of the waterfall; in small letters the code of their message.
REASONS = (Skip.NO_ADDRESS, Skip.DUPLICATE, Skip.SUPPRESSED, Skip.NO_CONSENT)
#: Milliseconds that counting may take.
PATIENCE_MS = 300

_COUNTS = """
select (id & 15)::int, code, count(*)::int from deliveries_delivery
where run_id = %(run)s and problem = 6 and address is null and code is not null
group by 1, 2
"""


class Part(models.TextChoices):
    """Who else stands somewhere in a channel's waterfall: together with the reasons that is everybody, each once."""

    #: Everybody for whom the cascade began: the beginning of each channel's waterfall.
    PEOPLE = "people", _("People")
    #: Another channel was enough, or its time has not come.
    NOT_NEEDED = "not_needed", _("Not needed by now")
    #: A message was made, and skipped, cancelled or expired before it was sent.
    CALLED_OFF = "called_off", _("Called off")
    #: Has a message that waits, went, or was tried.
    MESSAGES = "messages", _("Messages")


@dataclass(frozen=True, slots=True)
class Missed:
    """Whoever a step could not reach, for one reason or any; or who stands on another part of its waterfall."""

    step: int
    why: Skip | Part | None = None

    @classmethod
    def read(cls, word: str) -> Self | None:
        """Return what a word as `1.no_address`, `1.not_needed` or `1` means; None for any other."""
        step, dot, name = word.partition(".")
        why = next((one for one in (*REASONS, *Part) if one.name.lower() == name), None)
        if not (step.isascii() and step.isdigit() and len(step) <= 2 and int(step) < STEPS):
            return None
        return cls(int(step), why) if why is not None or not dot else None

    @property
    def word(self) -> str:
        return f"{self.step}.{self.why.name.lower()}" if self.why is not None else str(self.step)


def unreached(run: Run, left_out: Mapping[int, int]) -> Mapping[Missed, int]:
    """Return how many each channel could not reach, by the reason; of very many people without the reasons.

    `left_out` is how many each step could not, as its counter tells.
    """
    total = sum(left_out.values())
    if not total:
        return {}
    counts = _counted(run.pk, run.created_at, total)
    if counts is not None:
        return counts
    return {Missed(step): count for step, count in left_out.items() if count}


@lru_cache(maxsize=256)
def _counted(run_id: int, _began: datetime, _total: int) -> Mapping[Missed, int] | None:
    """Count once for each state of a run: whom a channel could not reach stays so."""
    rows = in_time(_COUNTS, {"run": run_id}, PATIENCE_MS)
    if rows is None:
        return None
    counts: Counter[Missed] = Counter()
    for step, code, count in rows:
        missed = Missed.read(f"{step}.{code}")
        if missed is not None:
            counts[missed] += count
    return counts
