"""What all tabs of a campaign's page share: the campaign, the run they are about, head and tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from clarion.campaigns import queries as campaign_queries
from clarion.campaigns.models import Launch
from clarion.campaigns.states import FINAL, LIVE
from clarion.deliveries import listing, queries, troubles
from clarion.web import campaign_actions, timing_words
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Tab
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.models import Run
    from clarion.web.http import PageRequest


_URLS = ("detail", "recipients", "errors", "analytics", "exports", "runs", "trail", "unknowns", "now", "head")


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPage:
    """A campaign, the run that is looked at (the latest, or the one in `?run=`) and what may be done."""

    campaign: Campaign
    run: Run | None
    run_count: int
    tab: str
    tabs: list[Tab]
    ahead: list[Action]
    rest: list[Action]
    is_live: bool
    #: Version of the head, for live answers.
    version: str
    live_url: str
    head_url: str
    may_see_people: bool
    may_settle: bool
    may_export: bool
    #: Empty, or "?run=2" when an earlier run is looked at.
    run_query: str = ""
    urls: dict[str, str] = field(default_factory=dict)

    @property
    def is_latest_run(self) -> bool:
        return not self.run_query

    @property
    def timing(self) -> str:
        """When it is sent, in words; "" when there is nothing to say or nothing more to come."""
        is_over = self.campaign.status in FINAL or not timing_words.is_timed(self.campaign)
        return "" if is_over else timing_words.whole(self.campaign)

    @property
    def run_suffix(self) -> str:
        """The same for a query string that has begun already."""
        return self.run_query.replace("?", "&")


def campaign_of(request: PageRequest, id: UUID) -> Campaign:
    """Return the campaign; 404 for a stranger's."""
    campaign = queries.campaign_for(request.member, id)
    if campaign is None:
        raise Http404
    return campaign


def leading_on(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a page of a campaign: that of a one-off, which trails and lists may name, leads on to the history."""

    @wraps(view)
    def led(request: PageRequest, workspace: str, id: UUID, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, workspace, id=id, **kwargs)
        except Http404:
            if campaign_queries.oneoff_for(request.member, id) is None:
                raise
            query = f"?{request.GET.urlencode()}" if request.GET else ""
            return HttpResponseRedirect(workspace_url(request, "history_one", id=id) + query)

    return led


def either(request: PageRequest, id: UUID) -> Campaign:
    """Return the campaign or one-off, for what is done to both alike; 404 for a stranger's."""
    found = campaign_queries.sending_for(request.member, id)
    if found is None:
        raise Http404
    return found


def load(
    request: PageRequest, id: UUID, tab: str, *, typed: str = "", campaign: Campaign | None = None
) -> CampaignPage:
    """Return the page's frame; 404 for a stranger's campaign, or a run that there is not.

    `typed` is the run's number as a form posts it; otherwise the query string may have it. `campaign` is what was
    found already.
    """
    campaign = campaign or campaign_of(request, id)
    number = _number(typed or request.GET.get("run", ""))
    latest = queries.run_for(request.member, campaign)
    run = latest if number is None else queries.run_for(request.member, campaign, number)
    if number is not None and run is None:
        raise Http404
    run_count = latest.number if latest is not None else 0
    run_query = f"?run={number}" if number is not None and number != run_count else ""
    urls = {name: workspace_url(request, f"campaigns:{name}", id=id) for name in _URLS}
    ahead, rest = campaign_actions.header(request, campaign, listing.progress_of(latest, campaign))
    # What ends a campaign stands in the open too: in trouble nobody should have to look for it.
    ending = [button for button in rest if button.style == "danger" and not button.separate]
    ahead, rest = [*ahead, *ending], [button for button in rest if button not in ending]
    may_export = request.member.may(Permission.EXPORT)
    return CampaignPage(
        campaign=campaign,
        run=run,
        run_count=run_count,
        tab=tab,
        tabs=_tabs(campaign, run, run_count, tab, urls, run_query, may_export=may_export),
        ahead=ahead,
        rest=rest,
        is_live=is_moving(campaign, run),
        version=head_version(campaign, run),
        live_url=urls["now"] + run_query,
        head_url=f"{urls['head']}?tab={tab}{run_query.replace('?', '&')}",
        may_see_people=request.member.sees_people,
        may_settle=request.member.may(Permission.LAUNCH),
        may_export=may_export,
        run_query=run_query,
        urls=urls,
    )


def is_moving(campaign: Campaign, run: Run | None) -> bool:
    """Whether numbers may still change by themselves."""
    return campaign.status in LIVE or (run is not None and run.finished_at is None)


def head_version(campaign: Campaign, run: Run | None) -> str:
    """Return what differs when head, tabs and notices must be drawn anew."""
    troubled = run is not None and run.failed + run.unknown > 0
    awaited = f"{campaign.next_at:%y%m%d%H%M}" if campaign.next_at else ""
    return f"{campaign.status}{campaign.pause_cause}{campaign.archived_at is not None:d}{troubled:d}{awaited}"


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else None


def _tabs(
    campaign: Campaign,
    run: Run | None,
    run_count: int,
    tab: str,
    urls: dict[str, str],
    run_query: str,
    *,
    may_export: bool,
) -> list[Tab]:
    problems = troubles.counts(campaign, run).all if run is not None else 0
    tabs = [Tab(label=_("Overview"), url=urls["detail"] + run_query, current=tab == "detail")]
    if run is not None:
        tabs += [
            Tab(
                label=_("Recipients"),
                url=urls["recipients"] + run_query,
                current=tab == "recipients",
                count=run.total,
            ),
            Tab(
                label=_("Errors"),
                url=urls["errors"] + run_query,
                current=tab == "errors",
                count=problems or None,
                alarming=problems > 0,
                live="problems",
            ),
        ]
    if run is not None:
        tabs.append(Tab(label=_("Analytics"), url=urls["analytics"] + run_query, current=tab == "analytics"))
    if run is not None and may_export:
        tabs.append(Tab(label=_("Export"), url=urls["exports"] + run_query, current=tab == "exports"))
    if run_count > 1 or (run_count and campaign.launch == Launch.RECURRING):
        tabs.append(Tab(label=_("Runs"), url=urls["runs"], current=tab == "runs", count=run_count))
    tabs.append(Tab(label=_("Audit"), url=urls["trail"], current=tab == "trail"))
    return tabs
