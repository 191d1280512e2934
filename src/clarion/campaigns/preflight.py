"""What is checked before a campaign may go: each thing passes, warns or blocks, and says where it is cured."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.audience.models import Source, SourceStatus
from clarion.audience.queries import Way
from clarion.campaigns import (
    capped,
    cascade,
    material,
    preflight_cascade,
    preflight_channels,
    preflight_costs,
    queries,
    recurrence,
    tongues,
    windows,
)
from clarion.campaigns.costs import Cost
from clarion.campaigns.findings import Check as Check
from clarion.campaigns.findings import Findings
from clarion.campaigns.findings import Level as Level
from clarion.campaigns.findings import Section as Section
from clarion.campaigns.forecast import Forecast, forecast, is_bound, outlook
from clarion.campaigns.models import Campaign, Launch, Step
from clarion.campaigns.states import Status
from clarion.senders.models import Sender, SenderStatus
from clarion.workspaces import retelling, spelling
from clarion.workspaces.models import Workspace

#: About the noted start time: whoever starts now does not go by it, and scheduling checks its own.
_START_CODES = frozenset({"start", "start_passed", "repeat_over"})
#: Blockers that hold sending back by themselves: a campaign that has started waits for their end.
HOLDING_CODES = frozenset({"halted", "sender_blocked"})


#: States in which what is said of the start is still to be decided on.
_UNDECIDED = frozenset({Status.DRAFT, Status.IN_REVIEW, Status.READY, Status.STOPPED, Status.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """All checks, and what they found out about the size."""

    checks: list[Check]
    #: How many people will get it; None when that cannot be known yet.
    recipients: int | None
    forecast: Forecast | None
    #: None in a workspace without a balance.
    cost: Cost | None = None
    #: How many people each of several channels reaches; empty with one.
    ways: tuple[Way, ...] = ()

    @property
    def blockers(self) -> list[Check]:
        return [check for check in self.checks if check.level is Level.BLOCK]

    @property
    def warnings(self) -> list[Check]:
        return [check for check in self.checks if check.level is Level.WARN]

    def level_of(self, section: Section) -> Level:
        """Return the worst level among the section's checks."""
        levels = {check.level for check in self.checks if check.section is section}
        return next((level for level in (Level.BLOCK, Level.WARN) if level in levels), Level.PASS)


def examine(campaign: Campaign, *, is_counted: bool = True) -> Preflight:
    """Look at everything that decides whether the campaign can go, and how long it will take.

    Without counting, `recipients` and `forecast` are None, and it takes a moment however many people there are.
    """
    prefetch_related_objects([campaign], "steps__sender", "steps__template_version")
    steps = sorted(campaign.steps.all(), key=lambda step: step.position)
    found = Findings(campaign, steps, is_counted=is_counted)
    for look in _LOOKS:
        look(found)
    ahead = None
    if found.recipients:
        senders = _primary_senders(found)
        ahead = forecast(campaign=campaign, senders=senders, size=found.most_messages())
        _tell_forecast(found, ahead)
    return Preflight(
        checks=found.checks, recipients=found.recipients, forecast=ahead, cost=found.cost, ways=found.ways
    )


def _primary_senders(found: Findings) -> list[Sender]:
    """Return the senders that everybody's messages go by; how many a fallback gets cannot be foretold."""
    first = min((step.tier for step in found.steps), default=0)
    return [step.sender for step in found.steps if step.sender is not None and step.tier == first]


def check(campaign: Campaign) -> list[Check]:
    """Return what `examine` looked at."""
    return examine(campaign).checks


def blockers(campaign: Campaign) -> list[Check]:
    """Return what keeps the campaign from being launched, whatever start time is noted in it."""
    return [check for check in examine(campaign, is_counted=False).blockers if check.code not in _START_CODES]


def compiled_body(workspace: Workspace, channel: str, source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step's body fields for what was typed; content is empty when it does not compile."""
    made = material.compiled(workspace, channel, source)
    return {
        "body_source": made.source,
        "body_content": made.content,
        "body_variables": made.variables,
    }


def _look_at_name(found: Findings) -> None:
    if found.campaign.name.strip():
        found.add("name", Level.PASS, Section.BASICS, _("The campaign has a name."))
    else:
        found.add("name", Level.BLOCK, Section.BASICS, _("The campaign needs a name."))


def _look_at_workspace(found: Findings) -> None:
    if found.campaign.workspace.halted_at is not None:
        found.add(
            "halted",
            Level.BLOCK,
            Section.REVIEW,
            _("Sending is halted for the whole workspace by its kill switch."),
        )


def _look_at_audience(found: Findings) -> None:
    if found.campaign.launch == Launch.TRIGGER:
        found.add("audience", Level.PASS, Section.AUDIENCE, _("Whoever is pushed to it will get it."))
        return
    source = found.campaign.source
    if source is None:
        found.add("audience", Level.BLOCK, Section.AUDIENCE, _("Choose who gets it."))
        return
    why = source.table.failure or material.unreadable(source)
    if why:
        found.add(
            "audience_failed", Level.BLOCK, Section.AUDIENCE,
            _("The file could not be read: %(why)s") % {"why": why},
        )  # fmt: skip
        return
    if source.table.status != SourceStatus.READY:
        is_file = source.fixed_at is None
        sentence = _("The file is still being read.") if is_file else _("Who is meant is being written down.")
        found.add("audience_reading", Level.BLOCK, Section.AUDIENCE, sentence)
        return
    _count_audience(found, source)


def _count_audience(found: Findings, source: Source) -> None:
    channel = found.steps[0].channel if found.steps else material.DEFAULT_CHANNEL
    if len(found.steps) > 1:
        if preflight_cascade.count_audience(found, source) and found.recipients:
            _tell_audience(found, source, found.recipients)
        return
    if not material.suits(source, channel):
        found.add(
            "audience_kind", Level.BLOCK, Section.AUDIENCE,
            _("The file was read for addresses of another kind. Choose it again, now that the sender is another."),
        )  # fmt: skip
        return
    if found.is_counted:
        counted = material.counted(found.campaign, source, channel)
        found.recipients, found.capped = counted.will_receive, counted.capped
    reached = (
        found.recipients if found.is_counted else material.reaches_anybody(found.campaign, source, channel)
    )
    if not reached:
        found.add(
            "audience_empty", Level.BLOCK, Section.AUDIENCE, _("Nobody in the audience can be reached.")
        )
        return
    if found.recipients:
        _tell_audience(found, source, found.recipients)


def _look_at_caps(found: Findings) -> None:
    for code, sentence in capped.told(found.campaign, found.capped):
        found.add(code, Level.WARN, Section.AUDIENCE, sentence, cure_url_name="optout_rules")


def _tell_audience(found: Findings, source: Source, recipients: int) -> None:
    found.add(
        "audience", Level.PASS, Section.AUDIENCE,
        ngettext("%(n)s person will get it.", "%(n)s people will get it.", recipients)
        % {"n": spelling.number(recipients)},
    )  # fmt: skip
    if bad := source.table.bad_count:
        found.add(
            "audience_bad_rows", Level.WARN, Section.AUDIENCE,
            ngettext("%(n)s row of the file cannot be used.", "%(n)s rows of the file cannot be used.", bad)
            % {"n": spelling.number(bad)},
        )  # fmt: skip


def _look_at_sender(found: Findings) -> None:
    if not found.steps or all(step.sender is None for step in found.steps):
        found.add("sender", Level.BLOCK, Section.MESSAGE, _("Choose the sender."))
        return
    for step in found.steps:
        if step.sender is None:
            found.add("sender", Level.BLOCK, Section.MESSAGE, _("Choose the sender."))
        else:
            _look_at_one_sender(found, step.sender)


def _look_at_one_sender(found: Findings, sender: Sender) -> None:
    cure = {"cure_url_name": "senders:detail", "cure_id": str(sender.public_id)}
    names = {"sender": sender.name, "why": retelling.retold(sender.status_reason)}
    if sender.status == SenderStatus.BLOCKED:
        sentence = _("The sender %(sender)s is blocked: %(why)s") % names
        found.add("sender_blocked", Level.BLOCK, Section.MESSAGE, sentence, **cure)
    elif sender.status == SenderStatus.PAUSED:
        sentence = _("The sender %(sender)s is paused; nothing goes out until it is continued.") % names
        found.add("sender_paused", Level.WARN, Section.MESSAGE, sentence, **cure)
    else:
        found.add("sender", Level.PASS, Section.MESSAGE, _("The sender %(sender)s is active.") % names)


def _look_at_content(found: Findings) -> None:
    for step in found.steps:
        content, variables = content_of(step)
        if not content:
            problems = material.compiled(found.campaign.workspace, step.channel, step.body_source).problems
            for sentence in problems.values():
                found.add("content", Level.BLOCK, Section.MESSAGE, sentence)
            if not problems:
                sentence = _("Choose a template or write the message.")
                if len(found.steps) > 1:
                    sentence = f"{cascade.label(step.channel)}: {sentence}"
                found.add("content_missing", Level.BLOCK, Section.MESSAGE, sentence)
            continue
        found.add("content", Level.PASS, Section.MESSAGE, _("The message is complete."))
        if unapproved := material.unapproved(step.channel, step.template_version, step.sender, content):
            found.add("template_approval", Level.BLOCK, Section.MESSAGE, unapproved)
        _look_at_variables(found, content, variables)
        source = found.campaign.source
        if content.get("languages") and found.is_counted and source and source.status == SourceStatus.READY:
            is_fine, sentence = tongues.told(content, source, step.channel)
            found.add("languages", Level.PASS if is_fine else Level.WARN, Section.MESSAGE, sentence)
        if not material.can_unsubscribe(step.channel, content):
            found.add(
                "unsubscribe", Level.WARN, Section.MESSAGE,
                _("The message holds no unsubscribe link: {{ unsubscribe_url }} puts one in."),
            )  # fmt: skip


def _look_at_variables(found: Findings, content: dict[str, Any], variables: list[str]) -> None:
    source = found.campaign.source
    if source is None or source.table.status != SourceStatus.READY:
        return
    missing = material.missing(content, source)
    if missing:
        sentence = ngettext(
            "No recipient has the field %(names)s, which the message uses.",
            "No recipient has the fields %(names)s, which the message uses.",
            len(missing),
        )
        found.add("variables", Level.BLOCK, Section.MESSAGE, sentence % {"names": ", ".join(missing)})
    elif variables:
        found.add(
            "variables", Level.PASS, Section.MESSAGE, _("The audience has all fields that the message uses.")
        )


def _look_at_test(found: Findings) -> None:
    if queries.is_tested(found.campaign):
        found.add("test", Level.PASS, Section.MESSAGE, _("A test of this version was sent."))
    else:
        found.add("test", Level.WARN, Section.MESSAGE, _("No test of this version was sent yet."))


def _look_at_timing(found: Findings) -> None:
    campaign, now = found.campaign, timezone.now()
    if campaign.ends_at is not None and campaign.ends_at <= now:
        found.add("end_passed", Level.BLOCK, Section.TIMING, _("Its end is in the past."))
    if campaign.status in _UNDECIDED:
        look = _LOOKS_AT_LAUNCH.get(Launch(campaign.launch))
        if look is not None:
            look(found, now)


def _look_at_schedule(found: Findings, now: datetime) -> None:
    starts_at = found.campaign.starts_at
    if starts_at is None:
        found.add(
            "start", Level.BLOCK, Section.TIMING, _("Say on which day and at what time it is to start.")
        )
    elif starts_at <= now:
        found.add("start_passed", Level.BLOCK, Section.TIMING, _("The start time is in the past."))
    else:
        found.add("start", Level.PASS, Section.TIMING, _("The start time lies ahead."))


def _look_at_recurrence(found: Findings, now: datetime) -> None:
    rule = recurrence.rule_of(found.campaign)
    if rule is None:
        found.add("repeat", Level.BLOCK, Section.TIMING, _("Say from when on it recurs, and how often."))
    elif recurrence.next_after(rule, now) is None:
        found.add("repeat_over", Level.BLOCK, Section.TIMING, _("None of its runs lies ahead."))
    else:
        found.add("repeat", Level.PASS, Section.TIMING, _("Its next run lies ahead."))


def _look_at_span(found: Findings, now: datetime) -> None:
    campaign = found.campaign
    if campaign.starts_at is None or campaign.ends_at is None:
        found.add("span", Level.BLOCK, Section.TIMING, _("Say when it begins and when it ends."))
    elif campaign.ends_at > now:
        found.add("span", Level.PASS, Section.TIMING, _("Its end lies ahead."))


def _tell_outlook(found: Findings) -> None:
    """Tell when it will have ended, and who will not get it in time."""
    campaign, size = found.campaign, found.most_messages()
    senders = _primary_senders(found)
    begin = max(campaign.starts_at or timezone.now(), timezone.now())
    try:
        seen = outlook(campaign=campaign, senders=senders, size=size, begin=begin)
    except (ValueError, KeyError):
        return  # no hours, or no zone: the fields say so
    if seen is None:
        return
    if seen.ends_at is None:
        sentence = _(
            "It cannot be foretold when everybody will have got it: its hours or limits leave too little."
        )
        found.add("forecast", Level.WARN, Section.TIMING, sentence)
        return
    end = windows.told(seen.ends_at, campaign.workspace.zone)
    if not seen.late:
        sentence = _("With its hours and limits it will have gone out by %(end)s.") % {"end": end}
        found.add("forecast", Level.PASS, Section.TIMING, sentence)
        return
    sentence = ngettext(
        "About %(n)s person (%(share)s %%) will not get it before its end, %(end)s.",
        "About %(n)s people (%(share)s %%) will not get it before its end, %(end)s.",
        seen.late,
    ) % {"n": spelling.number(seen.late), "share": math.ceil(100 * seen.late / size), "end": end}
    found.add("too_late", Level.WARN, Section.TIMING, sentence)


def _tell_forecast(found: Findings, ahead: Forecast) -> None:
    if is_bound(found.campaign):
        _tell_outlook(found)
        return
    if ahead.span is None or not ahead.span.total_seconds():
        return
    begin = found.campaign.starts_at if found.campaign.launch == Launch.SCHEDULE else None
    end = material.in_zone(
        max(begin or timezone.now(), timezone.now()) + ahead.span, found.campaign.workspace.zone
    )
    is_long = ahead.span.days >= 1
    sentence = _("At its speed limits it will have gone out by %(end)s.") % {
        "end": f"{spelling.moment(end)} ({found.campaign.workspace.zone})"
    }
    if is_long:
        sentence += " " + _("That takes more than a day.")
    found.add("forecast", Level.WARN if is_long else Level.PASS, Section.TIMING, sentence)


def content_of(step: Step) -> tuple[dict[str, Any], list[str]]:
    """Return what the step's channel is to send, and the variables it uses; empty when there is nothing yet."""
    if step.template_version is not None:
        return step.template_version.content, step.template_version.variables
    return step.body_content, step.body_variables


_LOOKS_AT_LAUNCH: dict[Launch, Callable[[Findings, datetime], None]] = {
    Launch.SCHEDULE: _look_at_schedule,
    Launch.RECURRING: _look_at_recurrence,
    Launch.SPREAD: _look_at_span,
    Launch.TRIGGER: _look_at_span,
}
_LOOKS: tuple[Callable[[Findings], None], ...] = (
    _look_at_name,
    _look_at_workspace,
    _look_at_audience,
    _look_at_caps,
    _look_at_sender,
    _look_at_content,
    preflight_cascade.look_at,
    preflight_channels.look_at,
    _look_at_test,
    _look_at_timing,
    preflight_costs.look_at,
)
