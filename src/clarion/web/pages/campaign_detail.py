"""The page of one campaign: overview, errors, runs, audit, and the numbers it polls."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clarion.campaigns import offers, operations
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.operations.noting import NOTE_LENGTH
from clarion.deliveries import queries, trail, troubles
from clarion.web import campaign_errors, campaign_live, campaign_page, campaign_trail
from clarion.web.campaign_overview import OverviewPage
from clarion.web.links import workspace_url
from clarion.web.live import live_response
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

_TABS = ("detail", "recipients", "errors", "analytics", "exports", "runs", "trail")
_PARTS = ("body", "notices", "chart", "cards")


@require_safe
@campaign_page.leading_on
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
@campaign_page.leading_on
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
    found = queries.runs_page(request.member, page.campaign, below=_number(request.GET.get("before", "")))
    here = page.urls["runs"]
    context = {
        "page": page,
        "runs": found.rows,
        "has_partly": any(run.partly for run in found.rows),
        "has_dropped": any(run.cancelled or run.expired for run in found.rows),
        "position": _("Runs %(first)s to %(last)s of %(all)s")
        % {"first": found.rows[0].number, "last": found.rows[-1].number, "all": page.run_count}
        if found.rows
        else "",
        "older_url": f"{here}?before={found.older}" if found.older else "",
        "newer_url": (f"{here}?before={found.newer}" if found.newer else here) if found.has_newer else "",
    }
    return render(request, "campaign/runs.html", context)


@require_safe
@campaign_page.leading_on
def audit(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Who did what to the campaign, newest first."""
    page = campaign_page.load(request, id, "trail")
    number = _number(request.GET.get("before", ""))
    timeline = trail.timeline(page.campaign, before=number)
    context = {
        "page": page,
        "entries": [campaign_trail.shown(entry) for entry in timeline.entries],
        "older_url": f"{page.urls['trail']}?before={timeline.older}" if timeline.older else "",
        "newest_url": page.urls["trail"] if number is not None else "",
        "note_url": workspace_url(request, "campaigns:note", id=id)
        if offers.may_note(request.member)
        else "",
        "note_length": NOTE_LENGTH,
        "log_url": workspace_url(request, "audit") + f"?q={id}"
        if request.member.may(Permission.AUDIT)
        else "",
    }
    return render(request, "campaign/trail.html", context)


@require_POST
def note(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Add a note to the campaign's trail."""
    campaign = campaign_page.campaign_of(request, id)
    try:
        operations.add_note(
            campaign=campaign, text=request.POST.get("note", ""), by=of_member(request.member)
        )
    except NotAllowed:
        messages.error(request, _("Your role does not include this."))
    except CampaignInvalid as invalid:
        messages.error(request, " ".join(invalid.problems))
    else:
        messages.success(request, _("The note is kept."))
    return HttpResponseRedirect(workspace_url(request, "campaigns:trail", id=id))


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 18 else None
