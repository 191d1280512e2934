"""What single channels ask of a campaign before it may go."""

from django.utils.translation import gettext as _

from clarion.campaigns import cascade
from clarion.campaigns.findings import Findings, Level, Section
from clarion.channels import registry
from clarion.channels.base import misfit


def look_at(found: Findings) -> None:
    """Look at what is said against the sender that says it, and at the hours of calls."""
    for step in found.steps:
        if step.channel not in registry.CHANNELS or step.sender is None:
            continue
        content = step.template_version.content if step.template_version is not None else step.body_content
        problem = misfit(registry.get(step.channel), content, step.sender.config) if content else ""
        if problem:
            found.add("sender_misfit", Level.BLOCK, Section.MESSAGE, _(problem))
    _look_at_hours(found)


def _look_at_hours(found: Findings) -> None:
    named = [step.channel for step in found.steps if step.channel in registry.CHANNELS]
    calls = [one for one in named if getattr(registry.get(one), "needs_hours", False)]
    if not calls:
        return
    if found.campaign.windows:
        found.add(
            "calling_hours", Level.PASS, Section.TIMING, _("Calls are made in its sending hours alone.")
        )
        return
    found.add(
        "calling_hours", Level.WARN, Section.TIMING,
        _(
            "%(channel)s has no sending hours: people are called at any time of the day and night, which is against "
            "the law in many countries."
        )
        % {"channel": cascade.label(calls[0])},
    )  # fmt: skip
