"""The rules of a cascade, apart from any database: what follows for a person from what their messages came to.

Messages of one tier go together; the next tier goes to a person only when every channel of the tier before has failed
for them. A channel has failed when its message was refused or given up, or when the person has no usable address on it.
Where the campaign waits for receipts, a message that the provider took has failed too when it came back, or when no
receipt said within the wait that it arrived - the latter on channels that report deliveries; on others silence is
success. Without a wait the provider's acceptance decides, and what it says later changes nothing.

A message of which nobody knows whether the provider took it never lets the next tier go: it may have arrived. Nothing
is ever taken back: a tier that was let go stays, and a person for whom something has arrived gets no further tier.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from clarion.deliveries.states import Result, Stage

#: Receipts that prove that the message reached the person.
ARRIVED = frozenset(
    {
        Result.DELIVERED,
        Result.READ,
        Result.CLICKED,
        Result.REPLIED,
        Result.COMPLAINED,
        Result.UNSUBSCRIBED,
    }
)
_UNDER_WAY = frozenset({Stage.PENDING, Stage.IN_FLIGHT})
#: With the campaign: nothing follows.
_CALLED_OFF = frozenset({Stage.CANCELLED, Stage.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A run's cascade. `tiers` are the steps of each tier, the first to go first."""

    tiers: Sequence[Sequence[int]]
    #: Steps whose channel tells when a message arrived.
    reporting: Collection[int] = frozenset()
    #: Seconds after its acceptance within which a message has to be reported; None when acceptance is enough.
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one message: `ended_at` in seconds since 1970, when its last attempt ended."""

    stage: int
    result: int | None = None
    ended_at: float = 0.0


class Do(Enum):
    """What to do about a person now."""

    #: Nothing: a message is under way, and its outcome is looked at again.
    LEAVE = "leave"
    #: Look again at `until`.
    WAIT = "wait"
    #: Let the tier of that number go.
    RELEASE = "release"
    #: Nothing more follows: the person has come to `stage`.
    END = "end"


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows for a person; `tier` of a RELEASE, `until` (seconds since 1970) of a WAIT, `stage` of an END."""

    do: Do
    tier: int = 0
    until: float = 0.0
    stage: Stage = Stage.PENDING


_LEAVE = Decision(Do.LEAVE)


def decide(rules: Rules, messages: Mapping[int, Told], now: float) -> Decision:
    """Return what follows for a person now. `messages` are by step: all of every tier that was let go."""
    known = list(messages.values())
    if any(one.stage in _UNDER_WAY for one in known):
        return _LEAVE
    if any(one.stage in _CALLED_OFF for one in known):
        return _ended(known)
    following = _following(rules, messages)
    if following is None:
        return _ended(known)
    ahead: list[float] = []
    for step, one in messages.items():
        has_arrived, until = _fate(rules, step, one, now)
        if has_arrived:
            return _ended(known)
        if until > now:
            ahead.append(until)
    if ahead:
        return Decision(Do.WAIT, until=min(ahead))
    if any(one.stage == Stage.UNKNOWN for one in known):
        return _ended(known)
    return Decision(Do.RELEASE, tier=following)


def _fate(rules: Rules, step: int, told: Told, now: float) -> tuple[bool, float]:
    """Return whether a message has arrived, as far as this cascade asks, and until when to wait for word of it."""
    is_taken = told.stage == Stage.SENT
    if not is_taken and told.stage != Stage.UNKNOWN:
        return False, 0.0
    if rules.wait is None or told.result in ARRIVED:
        return is_taken, 0.0
    if told.result == Result.BOUNCED:
        return False, 0.0
    until = told.ended_at + rules.wait
    return is_taken and until <= now and step not in rules.reporting, until


def _following(rules: Rules, messages: Mapping[int, Told]) -> int | None:
    """Return the number of the first tier that was not let go; None when there is none."""
    for number, steps in enumerate(rules.tiers):
        if not any(step in messages for step in steps):
            return number
    return None


def _ended(messages: Sequence[Told]) -> Decision:
    return Decision(Do.END, stage=person_stage([one.stage for one in messages]))


def person_stage(stages: Collection[int]) -> Stage:
    """Return how far a person has come whose messages have come to these stages.

    Channels on which there was nobody to write to do not count. Sent when every other one was, failed when every other
    one was, partly sent in between; unknown as long as one is, because somebody has to settle it. Whoever was left
    without a message by the campaign's end is cancelled or expired.
    """
    counted = set(stages) - {Stage.SKIPPED}
    if not counted:
        return Stage.SKIPPED
    if counted & _UNDER_WAY:
        return Stage.PENDING
    for one in (Stage.UNKNOWN, Stage.SENT):
        if one in counted:
            return one if one is Stage.UNKNOWN or counted == {Stage.SENT} else Stage.PARTLY
    for one in (Stage.CANCELLED, Stage.EXPIRED):
        if one in counted:
            return one
    return Stage.FAILED


def tiers_of(steps: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return the tiers, the first first, of (step, tier) pairs."""
    found: dict[int, list[int]] = {}
    for step, tier in sorted(steps):
        found.setdefault(tier, []).append(step)
    return [found[tier] for tier in sorted(found)]
