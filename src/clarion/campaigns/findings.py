"""What a preflight finds: the words for it, and what its looks share."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from clarion.audience.queries import Way
from clarion.campaigns.models import Campaign, Step

if TYPE_CHECKING:
    from clarion.campaigns.costs import Cost


class Level(StrEnum):
    PASS = "pass"  # noqa: S105
    WARN = "warn"
    BLOCK = "block"


class Section(StrEnum):
    """A part of the compose page, and its anchor there."""

    BASICS = "basics"
    AUDIENCE = "audience"
    MESSAGE = "message"
    TIMING = "timing"
    REVIEW = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. `code` is stable; `section` is where it is cured."""

    code: str
    level: Level
    sentence: str
    section: Section
    #: A page outside the campaign where it is cured, and the public id of what it shows.
    cure_url_name: str = ""
    cure_id: str = ""


@dataclass(slots=True)
class Findings:
    """What was found so far."""

    campaign: Campaign
    steps: list[Step]
    #: Counting takes a second a million people: who only launches does without.
    is_counted: bool = True
    checks: list[Check] = field(default_factory=list)
    recipients: int | None = None
    #: How many people frequency caps leave out.
    capped: int = 0
    #: Whether the numbers of people are about right: of very many some were looked at.
    is_about: bool = False
    #: How many people each of several channels reaches; empty with one.
    ways: tuple[Way, ...] = ()
    #: What it will cost; None where nothing costs anything, or that is not known.
    cost: "Cost | None" = None

    def add(self, code: str, level: Level, section: Section, sentence: str, **cure: str) -> None:
        self.checks.append(Check(code=code, level=level, section=section, sentence=sentence, **cure))

    def most_messages(self) -> int:
        """Return how many messages one of the first channels sends at most."""
        first = {step.channel for step in self.steps if step.tier == min(one.tier for one in self.steps)}
        sizes = [way.people for way in self.ways if way.channel in first]
        return max(sizes, default=0) or self.recipients or 0
