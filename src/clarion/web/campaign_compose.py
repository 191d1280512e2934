"""What the compose page shows beside its form: how far each section is, who will get it, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.audience import queries as audience
from clarion.audience.models import Source, SourceStatus
from clarion.campaigns import cascade, material, preflight, queries
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.preflight import Level, Preflight, Section
from clarion.campaigns.states import Status
from clarion.web import (
    campaign_cascade,
    campaign_columns,
    campaign_message,
    campaign_people,
    campaign_preview,
    campaign_timing,
    timing_words,
)
from clarion.web.campaign_form import CampaignForm
from clarion.web.durations import in_words
from clarion.web.links import workspace_url
from clarion.web.pages.campaign_acting import start_question
from clarion.web.pages.campaign_waterfall import step_labels
from clarion.web.parts import Check, Confirm, Fact, Step
from clarion.web.templatetags.ui import grouped
from clarion.workspaces.money import amounts
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

#: Nothing was said yet: that is no mistake, only not done.
_UNTOUCHED = frozenset(
    {"audience", "sender", "content_missing", "audience_reading", "start", "repeat", "span"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """How many of the chosen audience will get it, and where the others are lost."""

    waterfall: audience.Waterfall
    #: (step, its name, how many) of those who are left out.
    losses: list[tuple[str, str, int]]
    #: Per cent of an uploaded file read so far; None when it is not being read.
    reading: int | None = None
    failure: str = ""


def labels() -> dict[Section, str]:
    return {
        Section.BASICS: _("Basics"), Section.AUDIENCE: _("Audience"), Section.MESSAGE: _("Message"),
        Section.TIMING: _("Timing"), Section.REVIEW: _("Review"),
    }  # fmt: skip


def first_steps() -> list[Step]:
    """Return the rail of a campaign that has no name yet."""
    return [
        Step(label=label, url="#", current=section is Section.BASICS) for section, label in labels().items()
    ]


def context(request: PageRequest, campaign: Campaign, form: CampaignForm) -> dict[str, Any]:
    """Return all that the compose page shows."""
    examined = preflight.examine(campaign)
    may_launch = request.member.may(Permission.LAUNCH)
    return {
        "campaign": campaign,
        "form": form.as_shown(),
        "is_timing_only": campaign.status == Status.PAUSED,
        "steps": steps(examined),
        "estimate": estimate(campaign),
        "examined": examined,
        "checks": checks(request, examined),
        "numbers": numbers(campaign, examined),
        "may_launch": may_launch,
        "launch": campaign.launch,
        "needs_approval": request.workspace.moderation and campaign.approved_at is None,
        "review_note": request.POST.get("review_note", ""),
        "launch_choices": campaign_timing.launch_choices(),
        "timing": campaign_timing.shown(campaign, examined.recipients),
        "question": question(campaign, examined) if may_launch else None,
        "variables": known_variables(campaign),
        "mapping": campaign_columns.mapping(request.member, campaign),
        "pane": campaign_preview.pane(request, campaign),
        "test": campaign_preview.test_state(request, campaign),
        **campaign_people.choices(form),
        **campaign_cascade.context(request, campaign, form.position),
        **campaign_message.context(request, campaign, form),
    }


def steps(examined: Preflight) -> list[Step]:
    """Return the rail; the first section that is not done is the current one."""
    found, is_here = [], False
    for section, label in labels().items():
        blocking = [c for c in examined.checks if c.section is section and c.level is Level.BLOCK]
        if section is Section.REVIEW:
            state = ""
        elif not blocking:
            state = "done"
        else:
            state = "" if all(check.code in _UNTOUCHED for check in blocking) else "problem"
        current = not is_here and state != "done"
        is_here = is_here or current
        found.append(Step(label=label, url=f"#{section}", state=state, current=current))
    return found


def estimate(campaign: Campaign) -> Estimate | None:
    """Return who will get it, None before an audience was chosen."""
    source = campaign.source
    if source is None:
        return None
    failure = source.table.failure or material.unreadable(source)
    if failure:
        return Estimate(waterfall=audience.Waterfall(), losses=[], failure=failure)
    table = source.table
    reading = _reading(table)
    if reading is not None:
        # Counting what is kept, over and over while more comes, would cost more than the reading.
        good = table.row_count - table.bad_count
        so_far = audience.Waterfall(matched=table.row_count, invalid=table.bad_count, will_receive=good)
        return Estimate(waterfall=so_far, losses=[], reading=reading)
    first = queries.first_step(campaign)
    channel = first.channel if first is not None else material.DEFAULT_CHANNEL
    counted = material.counted(campaign, source, channel)
    losses = [(name, label, getattr(counted, name)) for name, label in step_labels().items()]
    return Estimate(
        waterfall=counted,
        losses=[loss for loss in losses if loss[2] and loss[0] not in ("matched", "will_receive")],
    )


def _reading(source: Source) -> int | None:
    if source.status == SourceStatus.READY:
        return None
    return min(99, source.read_bytes * 100 // source.file_bytes) if source.file_bytes else 0


def known_variables(campaign: Campaign) -> list[str]:
    """Return the fields that can be put into the message, the usual ones first."""
    usual = ["first_name", "last_name", "email"]
    known = audience.known_variables(campaign.source) if campaign.source else set(usual)
    ordered = [name for name in usual if name in known] + sorted(known - set(usual))
    return [*ordered[:24], "unsubscribe_url"]


def checks(request: PageRequest, examined: Preflight) -> list[Check]:
    """Return the checklist: what blocks first, each with the way to its cure."""
    order = {Level.BLOCK: 0, Level.WARN: 1, Level.PASS: 2}
    return [
        Check(
            verdict=check.level.value,
            text=check.sentence,
            url="" if check.level is Level.PASS else _cure_url(request, check),
            cure=_("Go there"),
        )
        for check in sorted(examined.checks, key=lambda check: order[check.level])
    ]


def _cure_url(request: PageRequest, check: preflight.Check) -> str:
    if check.cure_url_name:
        try:
            return workspace_url(request, check.cure_url_name, *filter(None, [check.cure_id]))
        except NoReverseMatch:
            return ""
    return "#test" if check.code == "test" else f"#{check.section}"


def numbers(campaign: Campaign, examined: Preflight) -> list[Fact]:
    """Return the figures of the review: how many, how fast, how long, when."""
    facts = [
        Fact(
            label=_("People"), value=grouped(examined.recipients) if examined.recipients is not None else "—"
        )
    ]
    facts += [Fact(label=cascade.label(way.channel), value=grouped(way.people)) for way in examined.ways]
    ahead = examined.forecast
    takes = (
        in_words(ahead.span) if ahead is not None and ahead.span is not None else _("as long as the provider")
    )
    rate = _("as fast as the provider takes it")
    if ahead is not None and ahead.rate is not None:
        rate = _("%(n)s a second") % {
            "n": f"{ahead.rate:,.3g}" if ahead.rate < 1000 else grouped(round(ahead.rate))
        }
    facts.append(Fact(label=_("Speed"), value=rate))
    if ahead is not None and ahead.span is not None:
        facts.append(Fact(label=_("Takes about"), value=takes))
    if examined.cost is not None:
        cost = amounts.told(examined.cost.amount, examined.cost.currency)
        facts.append(Fact(label=_("Costs") if examined.cost.is_exact else _("Costs about"), value=cost))
    facts.append(Fact(label=_("Starts"), value=timing_words.launch(campaign)))
    return facts


def question(campaign: Campaign, examined: Preflight) -> Confirm | None:
    """Return what is asked before the launch, None when something blocks it."""
    if campaign.launch not in (Launch.NOW, Launch.MANUAL):
        return schedule_question(campaign, examined)
    return start_question(campaign, examined)


def schedule_question(campaign: Campaign, examined: Preflight) -> Confirm | None:
    """Return the question before scheduling, None when something blocks it."""
    if examined.blockers or campaign.starts_at is None:
        return None
    n = examined.recipients or 0
    facts = [ngettext("%(n)s person will get it.", "%(n)s people will get it.", n) % {"n": grouped(n)}]
    facts += [check.sentence for check in examined.checks if check.code in ("forecast", "balance")]
    facts += [check.sentence for check in examined.warnings if check.code != "forecast"]
    return Confirm(
        title=_("Schedule “%(name)s”?") % {"name": campaign.name},
        text=_("It starts by itself: %(when)s.") % {"when": timing_words.whole(campaign)},
        facts=facts,
        label=_("Schedule"),
        danger=False,
    )
