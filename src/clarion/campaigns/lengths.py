"""How many messages a short message takes, by those who would get it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clarion.campaigns import costs
from clarion.campaigns.models import Campaign, Step
from clarion.engine.messages import Claim, RenderFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Fewest and most messages a person takes, among `count` people, and the variables of whoever takes most.

    `refused` more cannot get it: something is missing, or theirs is longer than the sender lets a message be.
    """

    least: int
    most: int
    count: int
    refused: int = 0
    longest: Mapping[str, Any] = field(default_factory=dict)


def of(campaign: Campaign, step: Step) -> Lengths | None:
    """Return the lengths among the first people of the audience; None where nobody can be written to by now.

    Among those who take as many messages the first is named.
    """
    composer = costs.composer_of(campaign, step)
    if composer is None or campaign.source is None:
        return None
    found, refused = [], 0
    for number, (address, variables) in enumerate(costs.people_of(campaign.source, step), start=1):
        claim = Claim(run_id=0, delivery_id=number * 16, attempt=1, address=address, variables=variables)
        try:
            found.append((composer.compose(claim).cost, variables))
        except RenderFailed:
            refused += 1
    if not found:
        return None  # the preview says why it cannot be filled in
    most, longest = max(found, key=lambda one: one[0])
    least = min(cost for cost, _who in found)
    return Lengths(least=least, most=most, count=len(found), refused=refused, longest=longest)
