"""What is checked before a campaign of several channels may go."""

from django.utils.translation import gettext as _

from clarion.audience.models import Source
from clarion.campaigns import cascade, material
from clarion.campaigns.findings import Findings, Level, Section
from clarion.channels import registry
from clarion.channels.base import reports_delivery
from clarion.workspaces import spelling


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
    if found.is_counted:
        counted = material.counted_together(found.campaign, source, found.steps)
        found.recipients, found.capped = counted.waterfall.will_receive, counted.waterfall.capped
        found.is_about, found.ways = counted.waterfall.is_about, counted.ways
        if not found.recipients:
            found.add(
                "audience_empty", Level.BLOCK, Section.AUDIENCE, _("Nobody in the audience can be reached.")
            )
            return False
        found.add("audience_ways", Level.PASS, Section.AUDIENCE, _told(found))
    return True


def _told(found: Findings) -> str:
    """Return how many people each channel reaches, and of a fallback's how many get it without waiting for another."""
    first = {step.channel for step in found.steps if step.tier == min(one.tier for one in found.steps)}
    parts = []
    for way in found.ways:
        names = {
            "channel": cascade.label(way.channel),
            "n": spelling.number(way.people),
            "first": spelling.number(way.at_once),
        }
        if way.channel in first:
            parts.append(_("%(channel)s reaches %(n)s") % names)
        else:
            parts.append(
                _("%(channel)s can reach %(n)s, of whom %(first)s cannot be reached by a channel before it")
                % names
            )
    return "; ".join(parts) + "."


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
