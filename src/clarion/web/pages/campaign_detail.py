"""The page of one campaign: overview, errors, runs, audit, and the numbers it polls."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clarion.deliveries import queries, trail, troubles
from clarion.web import campaign_errors, campaign_live, campaign_page, campaign_trail
from clarion.web.campaign_overview import OverviewPage
from clarion.web.live import live_response

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

_TABS = ("detail", "recipients", "errors", "runs", "trail")
_PARTS = ("body", "notices", "chart", "cards")


@require_safe
def detail(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The overview."""
    page = campaign_page.load(request, id, "detail")
    return render(request, "campaign/overview.html", {"page": page, "shown": OverviewPage(request, page)})


@require_safe
def part_of(request: PageRequest, workspace: str, id: UUID, part: str) -> HttpResponse:
    """A part of the overview, for the page to swap in."""
    if part not in _PARTS:
        raise Http404
    page = campaign_page.load(request, id, "detail")
    context = {"page": page, "shown": OverviewPage(request, page)}
    return render(request, f"campaign/overview.html#{part}", context)


@require_safe
def head(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Name, status, actions and tabs, for the page to swap in."""
    tab = request.GET.get("tab", "")
    page = campaign_page.load(request, id, tab if tab in _TABS else "detail")
    return render(request, "campaign/_head.html", {"page": page})


@require_safe
def now(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The numbers as JSON; one snapshot a second serves everybody who looks at the campaign."""
    typed = request.GET.get("run", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else None

    def make() -> campaign_live.Snapshot:
        campaign = queries.campaign_for(request.member, id)
        if campaign is None:
            raise Http404
        latest = queries.run_for(request.member, campaign)
        run = latest if number is None else queries.run_for(request.member, campaign, number)
        return campaign_live.snapshot(campaign, run, is_latest=run == latest)

    # The workspace is a part of the key: what one may see, another's members are not told of.
    snapshot = campaign_live.snapshots.get((request.member.workspace_id, id, number), make)
    return live_response(request, snapshot.scope, final=snapshot.is_final)


@require_safe
def errors(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """What went wrong with messages, and with the job of sending them (`?type=job`)."""
    page = campaign_page.load(request, id, "errors")
    found = troubles.troubles(page.campaign, page.run)
    counts = found.counts
    kind = request.GET.get("type", "")
    if kind not in ("job", "messages"):
        # Where there is something to see.
        kind = "job" if not found.messages and counts.job else "messages"
    groups = found.infrastructure if kind == "job" else found.messages
    context = {
        "page": page,
        "kind": kind,
        "found": found,
        "groups": campaign_errors.shown(request, page, groups),
        "outages": campaign_errors.outages(request, found.outages) if kind == "job" else [],
        "kinds": campaign_errors.kinds(page, kind, counts),
    }
    return render(request, "campaign/errors.html", context)


@require_safe
def runs(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The campaign's runs, newest first."""
    page = campaign_page.load(request, id, "runs")
    rows = list(queries.runs_for(request.member, page.campaign)[: queries.RUNS_SHOWN])
    return render(request, "campaign/runs.html", {"page": page, "runs": rows})


@require_safe
def audit(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Who did what to the campaign, newest first."""
    page = campaign_page.load(request, id, "trail")
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    timeline = trail.timeline(page.campaign, before=number)
    context = {
        "page": page,
        "entries": [campaign_trail.shown(entry) for entry in timeline.entries],
        "older_url": f"{page.urls['trail']}?before={timeline.older}" if timeline.older else "",
        "newest_url": page.urls["trail"] if number is not None else "",
    }
    return render(request, "campaign/trail.html", context)
