"""What the sandbox does with an address: the same every time, so that a rehearsal can be repeated.

A special local part decides by itself (`bounce@example.test` always bounces later); every other address is
given a place between 0 and 1 by a hash, and the configured shares divide that range.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b


class Behaviour(StrEnum):
    """What happens to one message."""

    ACCEPT = "accept"
    #: Put off the first time, accepted the second.
    DEFER = "defer"
    REFUSE = "refuse"
    #: Taken, but the answer gets lost.
    UNKNOWN = "unknown"
    #: Accepted, and returned later.
    BOUNCE = "bounce"
    #: Accepted, and reported as unwanted later.
    COMPLAIN = "complain"
    #: Accepted after ten times the latency.
    SLOW = "slow"


#: What stands before the `@` (or `+`) -> what is done.
SPECIAL = {behaviour.value: behaviour for behaviour in Behaviour}

#: The fields of the config that are shares, in the order in which they divide the range.
SHARES = (
    ("refuse_share", Behaviour.REFUSE),
    ("defer_share", Behaviour.DEFER),
    ("unknown_share", Behaviour.UNKNOWN),
    ("bounce_share", Behaviour.BOUNCE),
    ("complain_share", Behaviour.COMPLAIN),
)


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts of one, in the order of `SHARES`; what is left is accepted."""

    values: tuple[float, ...]

    def behaviour(self, address: str) -> Behaviour:
        """Return what is done with a message to this address."""
        local = address.partition("@")[0].partition("+")[0]
        if local in SPECIAL:
            return SPECIAL[local]
        place = place_of(address)
        for share, (_, behaviour) in zip(self.values, SHARES, strict=True):
            if place < share:
                return behaviour
            place -= share
        return Behaviour.ACCEPT


def place_of(address: str) -> float:
    """Return a number in [0, 1) that depends on the address only."""
    return int.from_bytes(blake2b(address.encode("utf-8", "replace"), digest_size=6).digest()) / 2**48
