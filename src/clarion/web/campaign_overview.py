"""What the overview of a campaign shows: figures, chart, cards, in the parts' own values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clarion.campaigns import cascade, offers
from clarion.campaigns.models import Launch
from clarion.campaigns.queries import first_step
from clarion.campaigns.states import Status
from clarion.deliveries import activity, progress, trail
from clarion.deliveries.activity import Span
from clarion.deliveries.explain import explain
from clarion.web import (
    campaign_cost,
    campaign_falls,
    campaign_live,
    campaign_review,
    campaign_trail,
    campaign_why,
    timing_words,
)
from clarion.web.campaign_info import versioned
from clarion.web.campaign_speed import SpeedForm, speed_form
from clarion.web.charts import Part, Series
from clarion.web.links import workspace_url
from clarion.web.parts import Fact, Stat, Tab
from clarion.web.templatetags.ui import grouped, moment
from clarion.workspaces import spelling
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.campaigns.models import Campaign
    from clarion.deliveries.explain import Explanation
    from clarion.deliveries.models import Run
    from clarion.deliveries.progress import Overview
    from clarion.deliveries.trail import StateChange
    from clarion.web.campaign_page import CampaignPage
    from clarion.web.campaign_review import ReviewNotice
    from clarion.web.http import PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A row of the `measures` component."""

    label: str
    value: int
    share: float
    icon: str = ""
    channel: str = ""
    #: The key of the value in live answers.
    live: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Columns of the activity chart and the choice of their width."""

    labels: list[str]
    series: list[Series]
    spans: list[Tab]
    zone: str
    #: The query string by which the same chart is asked for again.
    query: str


class OverviewPage:
    """Everything below the tabs. Each thing is read when a template asks for it, so a part costs only itself."""

    def __init__(self, request: PageRequest, page: CampaignPage) -> None:
        self._request, self._page = request, page
        self._is_moving = page.is_live and page.is_latest_run

    @cached_property
    def seen(self) -> Overview | None:
        """The run's figures; None without a run."""
        page = self._page
        if page.run is None:
            return None
        return progress.overview(
            page.run, is_sending=page.is_latest_run and progress.is_sending(page.campaign)
        )

    @cached_property
    def versions(self) -> dict[str, str]:
        page = self._page
        return campaign_live.versions(
            page.campaign, page.run, self.seen, self.explanation, is_moving=self._is_moving
        )

    @cached_property
    def explanation(self) -> Explanation | None:
        """What holds its messages; None of an earlier run."""
        page = self._page
        if not page.is_latest_run:
            return None
        return explain(page.campaign, page.run, rate=self.seen.rate if self.seen is not None else 0.0)

    @cached_property
    def why(self) -> list[campaign_why.ShownCause]:
        """The same for the card: each cause with its share and what can be done."""
        if self.explanation is None:
            return []
        return campaign_why.shown(self._request, self._page.campaign, self.explanation)

    @cached_property
    def review(self) -> ReviewNotice | None:
        """Where the campaign's moderation stands, None when it has none to do with it."""
        return campaign_review.notice(self._request, self._page.campaign, self._page.run)

    @cached_property
    def speed_form(self) -> SpeedForm | None:
        """The form for another speed, while the campaign is on its way and for whoever may change it."""
        campaign = self._page.campaign
        is_offered = self._page.is_latest_run and offers.may_change_speed(campaign, self._request.member)
        return speed_form(campaign) if is_offered else None

    @cached_property
    def next_due(self) -> datetime | None:
        """When the first of those that wait is tried again, if that is still to come."""
        due = self.seen.next_due if self.seen is not None else None
        return due if due is not None and due > timezone.now() else None

    @cached_property
    def stats(self) -> list[Stat]:
        return _stats(self.seen) if self.seen is not None else []

    @cached_property
    def parts(self) -> list[Part]:
        return campaign_live.parts(self.seen) if self.seen is not None else []

    @cached_property
    def line(self) -> dict[str, str]:
        page = self._page
        if self.seen is None or page.run is None:
            return {}
        return campaign_live.texts(page.campaign, page.run, self.seen, is_moving=self._is_moving)

    @cached_property
    def chart(self) -> Chart | None:
        return chart(self._request, self._page, self._page.run) if self._page.run is not None else None

    @cached_property
    def messages(self) -> list[Measure]:
        return _messages(self.seen) if self.seen is not None else []

    @cached_property
    def channels(self) -> list[Measure]:
        return _channels(self.seen) if self.seen is not None else []

    @cached_property
    def falls(self) -> list[campaign_falls.Fall]:
        return campaign_falls.of_people(self._page, self._page.run) if self._page.run is not None else []

    @cached_property
    def channel_falls(self) -> list[campaign_falls.ChannelFalls]:
        """Of several channels each one's own."""
        return campaign_falls.of_channels(self._page, self.seen) if self.seen is not None else []

    @cached_property
    def everybody_url(self) -> str:
        return self._page.urls["recipients"] + self._page.run_query

    @cached_property
    def targets_url(self) -> str:
        return campaign_falls.targets_url(self._page)

    @cached_property
    def target_share(self) -> float:
        """How many of those matched it is for, in per cent."""
        seen = self.seen
        return round(100 * seen.targets / seen.total, 2) if seen is not None and seen.total else 0.0

    @cached_property
    def sums(self) -> list[campaign_live.Sum]:
        return campaign_live.sums(self.seen) if self.seen is not None else []

    @cached_property
    def states(self) -> Sequence[tuple[str, StateChange]]:
        """The states it came into, each after what happened."""
        changes = trail.state_history(self._page.campaign)
        return [(campaign_trail.title_of(change.action), change) for change in changes]

    @cached_property
    def cost(self) -> list[Fact]:
        """What the run has cost; nothing where messages cost nothing."""
        page = self._page
        if page.run is None or not page.campaign.workspace.has_balance:
            return []
        return campaign_cost.facts(page.run)

    @cached_property
    def setup(self) -> list[Fact]:
        return setup(self._page.campaign)

    @cached_property
    def timing_url(self) -> str:
        """Where schedule and delays are changed, in the states that leave them open and for whoever may."""
        campaign, member = self._page.campaign, self._request.member
        is_open = campaign.status in (Status.DRAFT, Status.PAUSED) and campaign.archived_at is None
        if not is_open or not member.may(Permission.EDIT):
            return ""
        return workspace_url(self._request, "campaigns:edit", id=campaign.public_id) + "#timing"

    @cached_property
    def delay(self) -> str:
        return _delay(self._page.campaign)


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
    return spelling.day(local, with_year=False) if span is Span.DAY else f"{local:%H:%M}"


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
    """Return what became of the messages; what did not happen at all is left out.

    "0 delivered" would be untrue of a channel that does not tell, such as most mail servers.
    """
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
        if value or name == "accepted":
            whole = tried if name in ("accepted", "deferred", "failed", "unknown") else (accepted or 1)
            share = min(100.0, 100 * value / whole)
            made.append(Measure(label=label, value=value, share=share, icon=icon, live=f"message_{name}"))
    return made


def _channels(seen: Overview) -> list[Measure]:
    return [
        Measure(
            label=f"{one.sender} · {cascade.role(one.tier)}" if len(seen.channels) > 1 else one.sender,
            value=one.tried,
            share=100 * one.accepted / one.tried if one.tried else 0.0,
            channel=one.channel,
            live=f"channel_{one.step}",
        )
        for one in seen.channels
    ]


def setup(campaign: Campaign) -> list[Fact]:
    """Return how the campaign is set up."""
    step = first_step(campaign)
    facts = []
    if step is not None:
        facts += _cascade_facts(campaign)
        facts.append(Fact(label=_("Sender"), value=step.sender.name if step.sender else "—", user_text=True))
        version = step.template_version
        if version is not None:
            facts.append(Fact(label=_("Template"), value=versioned(version)))
        content = version.content if version is not None else step.body_content
        if content.get("subject"):
            facts.append(Fact(label=_("Subject"), value=content["subject"], user_text=True))
    facts.append(Fact(label=_("Audience"), value=str(campaign.source or "—"), user_text=True))
    facts.append(Fact(label=_("Launch"), value=Launch(campaign.launch).label))
    if campaign.launch not in (Launch.NOW, Launch.MANUAL):
        facts.append(Fact(label=_("Timing"), value=timing_words.launch(campaign)))
    if campaign.windows:
        facts.append(Fact(label=_("Sending hours"), value=timing_words.hours_of(campaign)))
    if campaign.launch in (Launch.SCHEDULE, Launch.RECURRING):
        facts.append(Fact(label=_("If its start is missed"), value=timing_words.missed(campaign)))
    if campaign.error_percent is not None:
        words = _("when more than %(n)d %% fail") % {"n": campaign.error_percent}
        facts.append(Fact(label=_("Pauses"), value=words))
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


def _cascade_facts(campaign: Campaign) -> list[Fact]:
    """Return which channels go in which order; nothing of a single one."""
    if campaign.steps.count() < 2:
        return []
    facts = [Fact(label=_("Cascade"), value=cascade.summary(campaign))]
    if campaign.receipt_wait is not None and cascade.has_fallback(campaign):
        words = _("%(n)d minutes before a fallback goes") % {"n": campaign.receipt_wait}
        facts.append(Fact(label=_("Waits for receipts"), value=words))
    return facts


def _delay(campaign: Campaign) -> str:
    low, high = campaign.delay_min, campaign.delay_max
    if not high:
        return ""
    if low == high:
        return _("%(n)s s") % {"n": spelling.number(low)}
    return _("%(low)s–%(high)s s") % {"low": spelling.number(low), "high": spelling.number(high)}
