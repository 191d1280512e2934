"""A campaign's channels in words: which go first, and which only where those failed."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from clarion.campaigns.models import Campaign, Step
from clarion.channels import registry
from clarion.lib.sentences import spoken

#: Channels of one campaign at most; also how many tiers there can be.
STEPS_MAX = 16


def ordered(campaign: Campaign) -> list[Step]:
    """Return the steps in the order in which they go: by tier, then by position."""
    return sorted(campaign.steps.all(), key=lambda step: (step.tier, step.position))


def tiers(steps: Iterable[Step]) -> list[list[Step]]:
    """Return the steps tier by tier, the first to go first."""
    found: dict[int, list[Step]] = {}
    for step in sorted(steps, key=lambda step: (step.tier, step.position)):
        found.setdefault(step.tier, []).append(step)
    return list(found.values())


def role(number: int) -> str:
    """Return what the channels of the tier of that number are: 0 is the first."""
    return _("Primary") if number == 0 else _("Fallback %(n)d") % {"n": number}


def label(channel: str) -> str:
    """Return the channel's name for people; its key when it is no longer there."""
    try:
        return spoken(registry.get(channel).label)
    except KeyError:
        return channel


def summary(campaign: Campaign) -> str:
    """Return the cascade in a line, such as "E-mail → SMS"; channels that go together have a plus between them."""
    return " → ".join(
        " + ".join(label(step.channel) for step in together) for together in tiers(campaign.steps.all())
    )


def has_fallback(campaign: Campaign) -> bool:
    """Whether a channel goes only where another failed."""
    return len(tiers(campaign.steps.all())) > 1
