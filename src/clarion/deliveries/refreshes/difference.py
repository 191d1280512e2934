"""What comparing a campaign's targets tells."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the source says now against the run's people; of a draft, only how many against the last count.

    `removed` and `changed` are people whose message has not left. `before` is None when nobody has counted yet.
    """

    added: int
    removed: int
    changed: int
    #: How many people get something, by the source as it is now, and as it was when built or last counted.
    now: int
    before: int | None
    #: Whether a run is changed by applying it.
    is_of_run: bool

    @property
    def is_none(self) -> bool:
        return not (self.added or self.removed or self.changed)
