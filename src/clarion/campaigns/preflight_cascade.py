"""What is checked before a campaign of several channels may go."""

from django.utils.translation import gettext as _

from clarion.audience.models import Source
from clarion.campaigns import cascade, material
from clarion.campaigns.findings import Findings, Level, Section
from clarion.channels import registry
from clarion.channels.base import reports_delivery


def count_audience(found: Findings, source: Source) -> bool:
    """Look at who can be reached by which channel; return whether anybody can."""
    usable = [step for step in found.steps if material.reaches(found.campaign, source, step.channel)]
    for step in found.steps:
        if step not in usable:
            found.add(
                "audience_channel", Level.WARN, Section.AUDIENCE,
                _("Nobody in the audience has an address for %(channel)s.")
                % {"channel": cascade.label(step.channel)},
            )  # fmt: skip
    if not usable:
        found.add(
            "audience_empty", Level.BLOCK, Section.AUDIENCE, _("Nobody in the audience can be reached.")
        )
        return False
    counted = [step.channel for step in usable if material.suits(source, step.channel)]
    if found.is_counted and counted:
        sizes = [material.counted(found.campaign, source, channel) for channel in dict.fromkeys(counted)]
        largest = max(sizes, key=lambda one: one.will_receive)
        found.recipients, found.capped = largest.will_receive, largest.capped
    return True


def look_at(found: Findings) -> None:
    """Look at the order of the channels, and at what silence means on them."""
    if len(found.steps) < 2:
        return
    found.add(
        "cascade", Level.PASS, Section.MESSAGE,
        _("The channels go like this: %(summary)s.") % {"summary": cascade.summary(found.campaign)},
    )  # fmt: skip
    if found.campaign.receipt_wait is None or not cascade.has_fallback(found.campaign):
        return
    silent = [
        f"{cascade.label(step.channel)} ({step.sender.name})" if step.sender else cascade.label(step.channel)
        for step in cascade.ordered(found.campaign)
        if step.tier < max(one.tier for one in found.steps)
        and not reports_delivery(registry.get(step.channel), step.sender.config if step.sender else {})
    ]
    if silent:
        found.add(
            "cascade_silent", Level.WARN, Section.MESSAGE,
            _(
                "%(channels)s does not tell when a message arrived: there only a message that came back within the "
                "wait lets the fallback go, and silence counts as arrived."
            )
            % {"channels": ", ".join(dict.fromkeys(silent))},
        )  # fmt: skip
