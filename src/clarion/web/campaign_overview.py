"""What the overview of a campaign shows: figures, chart, cards, in the parts' own values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clarion.campaigns.models import Launch
from clarion.campaigns.queries import first_step
from clarion.deliveries import activity, holding, progress, trail
from clarion.deliveries.activity import Span
from clarion.deliveries.states import Skip
from clarion.web import campaign_live
from clarion.web.charts import Part, Series
from clarion.web.parts import Fact, Stat, Tab
from clarion.web.templatetags.ui import grouped, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.campaigns.models import Campaign
    from clarion.deliveries.holding import Hold
    from clarion.deliveries.models import Run
    from clarion.deliveries.progress import Overview
    from clarion.deliveries.trail import StateChange
    from clarion.web.campaign_page import CampaignPage
    from clarion.web.http import PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A row of the `measures` component."""

    label: str
    value: int
    share: float
    icon: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A line of the waterfall: how many were left out for one reason."""

    label: str
    count: int
    share: float
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Columns of the activity chart and the choice of their width."""

    labels: list[str]
    series: list[Series]
    spans: list[Tab]
    zone: str
    #: The query string by which the same chart is asked for again.
    query: str


@dataclass(slots=True, kw_only=True)
class OverviewPage:
    """Everything below the tabs. `seen` and what is made from it is None without a run."""

    seen: Overview | None = None
    holds: list[Hold] = field(default_factory=list)
    stats: list[Stat] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    line: dict[str, str] = field(default_factory=dict)
    chart: Chart | None = None
    messages: list[Measure] = field(default_factory=list)
    channels: list[Measure] = field(default_factory=list)
    falls: list[Fall] = field(default_factory=list)
    sums: list[tuple[str, int]] = field(default_factory=list)
    states: Sequence[StateChange] = ()
    setup: list[Fact] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    delay: str = ""


def overview(request: PageRequest, page: CampaignPage) -> OverviewPage:
    """Return what the overview shows of the page's run."""
    campaign, run = page.campaign, page.run
    is_moving = page.is_live and page.is_latest_run
    made = OverviewPage(
        states=trail.state_history(campaign),
        setup=setup(campaign),
        versions=campaign_live.versions(campaign, run, is_moving=is_moving),
        delay=_delay(campaign),
    )
    if run is None:
        made.holds = holding.holds(campaign, None, None)
        return made
    seen = progress.overview(run, is_sending=page.is_latest_run and progress.is_sending(campaign))
    made.seen = seen
    made.holds = holding.holds(campaign, run, seen) if page.is_latest_run else []
    made.stats, made.parts = _stats(seen), campaign_live.parts(seen)
    made.line = campaign_live.texts(seen, is_moving=is_moving)
    made.chart = chart(request, page, run)
    made.messages, made.channels = _messages(seen), _channels(seen)
    made.falls, made.sums = _falls(page, run), _sums(seen)
    return made


def chart(request: PageRequest, page: CampaignPage, run: Run) -> Chart:
    """Return the activity chart by the span in `?by=`, or the one that fits the run's length."""
    zone = timezone.get_current_timezone_name()
    asked = request.GET.get("by", "")
    span = Span(asked) if asked in list(Span) else activity.fitting_span(run)
    buckets = activity.activity(run, span, zone)
    return Chart(
        labels=[_label(bucket.start, span, zone) for bucket in buckets],
        series=[
            Series(_("Sent"), "ok", [bucket.sent for bucket in buckets]),
            Series(_("Failed"), "bad", [bucket.failed for bucket in buckets]),
            Series(_("Unknown"), "odd", [bucket.unknown for bucket in buckets]),
        ]
        if buckets
        else [],
        spans=[
            Tab(
                label=label,
                url=f"{page.urls['detail']}?by={one}{page.run_suffix}",
                current=one is span,
            )
            for one, label in (
                (Span.MINUTE, pgettext("chart by", "Minute")),
                (Span.HOUR, pgettext("chart by", "Hour")),
                (Span.DAY, pgettext("chart by", "Day")),
            )
        ],
        zone=zone,
        query=f"?by={span}{page.run_suffix}",
    )


def _label(start: datetime, span: Span, zone: str) -> str:
    local = start.astimezone(ZoneInfo(zone))
    return date_format(local, "j M") if span is Span.DAY else f"{local:%H:%M}"


def _stats(seen: Overview) -> list[Stat]:
    def stat(label: str, name: str, value: int, mark: str) -> Stat:
        return Stat(
            label=label,
            value=value,
            mark=mark,
            live=name,
            share=seen.share(value),
            share_live=f"{name}_share",
        )

    return [
        Stat(label=_("Total targets"), value=seen.targets, live="targets"),
        stat(_("Sent"), "sent", seen.sent, "ok"),
        stat(_("Pending"), "waiting", seen.waiting, "idle"),
        stat(_("Partly sent"), "partly", seen.partly, "warn"),
        stat(_("Not delivered"), "not_delivered", seen.not_delivered, "bad"),
    ]


def _messages(seen: Overview) -> list[Measure]:
    """Return what became of the messages; what did not happen at all is left out but for the first two."""
    accepted = seen.messages("accepted")
    rows = [
        ("accepted", _("Accepted by the provider"), "send"),
        ("delivered", _("Delivered"), "check-check"),
        ("read", pgettext("message was read", "Read"), "eye"),
        ("clicked", _("Clicked"), "mouse-pointer-click"),
        ("replied", _("Replied"), "reply"),
        ("bounced", _("Bounced"), "undo-2"),
        ("complained", _("Complained"), "flag"),
        ("unsubscribed", _("Unsubscribed"), "user-x"),
        ("deferred", _("Put off and tried again"), "rotate-ccw"),
        ("failed", _("Failed"), "circle-x"),
        ("unknown", _("Unknown"), "circle-question-mark"),
    ]
    tried = seen.messages("handed") or 1
    made = []
    for name, label, icon in rows:
        value = seen.messages(name)
        if value or name in ("accepted", "delivered"):
            whole = tried if name in ("accepted", "deferred", "failed", "unknown") else (accepted or 1)
            made.append(Measure(label=label, value=value, share=min(100.0, 100 * value / whole), icon=icon))
    return made


def _channels(seen: Overview) -> list[Measure]:
    return [
        Measure(
            label=one.sender,
            value=one.tried,
            share=100 * one.accepted / one.tried if one.tried else 0.0,
            channel=one.channel,
        )
        for one in seen.channels
    ]


def _falls(page: CampaignPage, run: Run) -> list[Fall]:
    """Return the waterfall's steps: only reasons for which somebody was left out."""
    total = run.total or 1
    join = f"{page.urls['recipients']}?skip={{}}{page.run_suffix}"
    made = []
    for skip in Skip:
        count = run.waterfall.get(skip.name.lower(), 0)
        if count:
            made.append(
                Fall(
                    label=str(skip.label),
                    count=count,
                    share=round(100 * count / total, 1),
                    url=join.format(skip.name.lower()),
                )
            )
    return made


def _sums(seen: Overview) -> list[tuple[str, int]]:
    """Return the places in which people are, those with nobody left out: their sum is the total."""
    places = [
        (_("sent"), seen.sent),
        (_("partly sent"), seen.partly),
        (_("failed"), seen.failed),
        (_("unknown"), seen.unknown),
        (_("cancelled"), seen.cancelled),
        (_("expired"), seen.expired),
        (_("skipped"), seen.skipped),
        (_("in flight"), seen.in_flight),
        (_("pending"), seen.pending),
    ]
    return [place for place in places if place[1]]


def setup(campaign: Campaign) -> list[Fact]:
    """Return how the campaign is set up."""
    step = first_step(campaign)
    facts = []
    if step is not None:
        facts.append(Fact(label=_("Sender"), value=step.sender.name if step.sender else "—", user_text=True))
        version = step.template_version
        if version is not None:
            words = _("%(name)s, version %(n)d") % {"name": version.template.name, "n": version.number}
            facts.append(Fact(label=_("Template"), value=words, user_text=True))
        content = version.content if version is not None else step.body_content
        if content.get("subject"):
            facts.append(Fact(label=_("Subject"), value=content["subject"], user_text=True))
    facts.append(Fact(label=_("Audience"), value=str(campaign.source or "—"), user_text=True))
    facts.append(Fact(label=_("Launch"), value=Launch(campaign.launch).label))
    if campaign.starts_at and campaign.launch == Launch.SCHEDULE:
        facts.append(Fact(label=_("Start"), value=moment(campaign.starts_at, "long")))
    if campaign.started_at:
        facts.append(Fact(label=_("Started"), value=moment(campaign.started_at, "long")))
    if campaign.finished_at:
        facts.append(Fact(label=_("Ended"), value=moment(campaign.finished_at, "long")))
    if _delay(campaign):
        facts.append(Fact(label=_("Between recipients"), value=_delay(campaign)))
    if campaign.rate_limit is not None:
        words = _("%(n)s messages/s") % {"n": grouped(campaign.rate_limit)}
        facts.append(Fact(label=_("Speed limit"), value=words))
    if campaign.tags:
        facts.append(Fact(label=_("Tags"), value=", ".join(campaign.tags), user_text=True))
    if campaign.notes:
        facts.append(Fact(label=_("Notes"), value=campaign.notes, user_text=True))
    return facts


def _delay(campaign: Campaign) -> str:
    low, high = campaign.delay_min, campaign.delay_max
    if not high:
        return ""
    if low == high:
        return _("%(n)s s") % {"n": f"{low:g}"}
    return _("%(low)s–%(high)s s") % {"low": f"{low:g}", "high": f"{high:g}"}
