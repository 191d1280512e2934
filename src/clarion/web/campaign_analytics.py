"""What the analytics of a campaign show: rates on tiles, channels, links, hours, in the parts' own values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clarion.campaigns import cascade
from clarion.deliveries import queries
from clarion.deliveries.tracking import analytics
from clarion.web.charts import Series
from clarion.web.statistics_page import percent
from clarion.web.templatetags.ui import grouped
from clarion.workspaces import spelling
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from clarion.deliveries.models import Link, Run
    from clarion.deliveries.queries import ProblemGroup
    from clarion.deliveries.tracking.analytics import StepResults
    from clarion.web.campaign_page import CampaignPage
    from clarion.web.http import PageRequest

#: Links and reasons that the page lists.
MOST_LINKS = 200
_MOST_REASONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    label: str
    value: str
    note: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """A channel's figures as texts, a dash for what nothing tells of."""

    channel: str
    #: In a cascade when it goes, such as “Fallback 1”; else empty.
    role: str
    cells: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLine:
    link: Link
    #: Of the people who followed any link the share who followed this one, 0 to 100.
    share: float
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    labels: list[str]
    series: list[Series]
    note: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsPage:
    """Everything below the tabs for one run."""

    tiles: Sequence[Tile]
    channels: Sequence[ChannelLine]
    links: Sequence[LinkLine]
    link_count: int
    chart: Chart | None
    reasons: Sequence[ProblemGroup]
    #: Sentences about what programs did and what is not followed.
    notes: Sequence[str]
    may_switch: bool


def shown(request: PageRequest, page: CampaignPage, run: Run) -> AnalyticsPage:
    """Return the run's analytics."""
    results = analytics.results(run)
    links = analytics.links(run)
    clicked = max(1, sum(one.clicked or 0 for one in results))
    # Tiers are numbered as authors number them, with gaps; what people read counts from the first.
    tiers = sorted({one.step.tier for one in results})
    roles = {tier: cascade.role(number) for number, tier in enumerate(tiers)} if run.is_cascade else {}
    return AnalyticsPage(
        tiles=_tiles(results),
        channels=[_channel(one, roles) for one in results],
        links=[
            LinkLine(link=one, share=min(100.0, 100 * one.people / clicked), shown=one.target)
            for one in links[:MOST_LINKS]
        ],
        link_count=len(links),
        chart=_chart(page, run),
        reasons=[one for one in queries.problems(run) if not one.was_put_off][:_MOST_REASONS],
        notes=_notes(results),
        may_switch=bool(links) and request.member.may(Permission.LAUNCH),
    )


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _tiles(results: Sequence[StepResults]) -> list[Tile]:
    accepted = sum(one.step.accepted for one in results)
    opened, clicked = _sum([one.opened for one in results]), _sum([one.clicked for one in results])
    tracked = [one.tracked for one in results if one.tracked is not None]
    opens, clicks = sum(one.opens for one in tracked), sum(one.clicks for one in tracked)
    of_accepted = _("%(n)s of messages accepted")
    rows = [
        (_("Delivered"), "circle-check", _sum([one.delivered for one in results]), accepted, of_accepted),
        (pgettext("message was read", "Opened"), "mail-open", opened, accepted, of_accepted),
        (_("Clicked"), "mouse-pointer-click", clicked, accepted, of_accepted),
    ]
    tiles = [
        Tile(
            label=label,
            icon=icon,
            value=_rate(part, whole),
            note=note % {"n": grouped(part)} if part is not None else _("nothing tells of it"),
        )
        for label, icon, part, whole, note in rows
    ]
    told = (
        _("%(n)s people of those who opened") % {"n": grouped(clicked)}
        if opened and clicked is not None
        else ""
    )
    tiles.append(
        Tile(
            label=_("Click-to-open"), icon="mouse-pointer-click", value=_rate(clicked, opened or 0), note=told
        )
    )
    if tracked:
        note = _("%(opens)s opens, %(clicks)s clicks") % {"opens": grouped(opens), "clicks": grouped(clicks)}
        tiles.append(Tile(label=_("In all"), icon="chart-column", value=grouped(opens + clicks), note=note))
    replied = _sum([one.replied for one in results])
    if replied:
        note = of_accepted % {"n": grouped(replied)}
        tiles.append(
            Tile(label=_("Replied"), icon="corner-down-right", value=_rate(replied, accepted), note=note)
        )
    return tiles


def _rate(part: int | None, whole: int) -> str:
    return percent(100 * part / whole) if part is not None and whole > 0 else "—"


def _channel(one: StepResults, roles: Mapping[int, str]) -> ChannelLine:
    step = one.step
    parts: list[tuple[str, int | None]] = [
        *([(_("People it went to"), step.made)] if roles else []),
        (_("Accepted"), step.accepted), (_("Delivered"), one.delivered),
        (pgettext("message was read", "Opened"), one.opened), (_("Clicked"), one.clicked),
        (_("Replied"), one.replied), (_("Bounced"), step.bounced), (_("Complained"), step.complained),
        (_("Unsubscribed"), step.unsubscribed), (_("Failed"), step.failed),
    ]  # fmt: skip
    return ChannelLine(
        channel=step.channel,
        role=roles.get(step.tier, ""),
        cells=[(label, "—" if value is None else grouped(value)) for label, value in parts],
    )


def _column_name(start: datetime, *, is_day: bool) -> str:
    name = spelling.day(start, with_year=False)
    return name if is_day else f"{name}{spelling.comma()}{start:%H:%M}"


def _chart(page: CampaignPage, run: Run) -> Chart | None:
    found = analytics.course(run, page.campaign.workspace.zone)
    if found is None:
        return None
    note = _("Only the first %(n)d days.") % {"n": analytics.MOST_DAYS} if found.is_cut else ""
    return Chart(
        labels=[_column_name(one.start, is_day=found.is_by_day) for one in found.columns],
        series=[
            Series(_("Opens"), "brand", [one.opens for one in found.columns]),
            Series(_("Clicks"), "ok", [one.clicks for one in found.columns]),
        ],
        note=note,
        title=_("Opens and clicks by day") if found.is_by_day else _("Opens and clicks by hour"),
    )


def _notes(results: Sequence[StepResults]) -> list[str]:
    tracked = [one.tracked for one in results if one.tracked is not None]
    if not tracked:
        return [
            _(
                "Neither links nor opens of this run are followed. That is said in the campaign or the settings."
            )
        ]
    notes = []
    opens, clicks = (sum(getattr(one, f"machine_{name}") for one in tracked) for name in ("opens", "clicks"))
    if opens or clicks:
        notes.append(
            _(
                "Not counted: %(opens)s opens and %(clicks)s clicks by programs, such as scanners and privacy proxies."
            )
            % {"opens": grouped(opens), "clicks": grouped(clicks)}
        )
    if not any(one.follows_opens for one in tracked):
        notes.append(_("Opens of this run are not told of."))
    if not any(one.follows_links for one in tracked):
        notes.append(_("Links of this run are not followed."))
    return notes
