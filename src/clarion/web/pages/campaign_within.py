"""What people do inside a campaign's run: keep it paused, send again what failed, bring its targets up to date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.campaigns import operations, queries
from clarion.campaigns.errors import TransitionRefused
from clarion.deliveries import gathering, refreshing, retrying
from clarion.deliveries import queries as runs
from clarion.deliveries.errors import RefreshRefused, RetryRefused
from clarion.deliveries.refreshes import operations as refresh_jobs
from clarion.deliveries.refreshes import queries as refreshes
from clarion.deliveries.states import Stage
from clarion.deliveries.wanted import Wanted
from clarion.engine.outcomes import Reason
from clarion.web import run_actions
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.live import Scope, live_response
from clarion.web.parts import Stat
from clarion.web.templatetags.ui import grouped
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.models import Refresh
    from clarion.web.http import PageRequest


@require_POST
def hold(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Keep a campaign paused that would go on by itself."""
    campaign, back = _found(request, id)
    try:
        operations.hold(campaign=campaign, by=of_member(request.member))
    except (NotAllowed, TransitionRefused) as refusal:
        return _refused(request, campaign, refusal, back)
    messages.success(
        request, _("“%(name)s” stays paused until somebody continues it.") % {"name": campaign.name}
    )
    return HttpResponseRedirect(back)


@require_POST
def retry(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Send again what failed, or only what failed for the reasons in `reason`, or to those whom a filter leaves.

    Asked about first, with the numbers.
    """
    campaign, back = _found(request, id)
    wanted = _reasons(request)
    by = of_member(request.member)
    try:
        run = runs.run_for(request.member, campaign)
        if run is None:
            raise TransitionRefused
        people = gathering.failed_people(run, filters, by=by) if (filters := _filters(request)) else None
        if not is_confirmed(request):
            seen = retrying.preview(run, reasons=wanted, people=people)
            if wanted is not None:
                seen = replace(seen, reasons=[pair for pair in seen.reasons if pair[0] in wanted])
            elif people is not None:
                seen = replace(seen, reasons=[])
            return confirm_page(request, run_actions.retry_question(campaign, seen), back=back)
        done = retrying.retry_failed(campaign=campaign, by=by, reasons=wanted, people=people)
    except (NotAllowed, TransitionRefused, RetryRefused) as refusal:
        return _refused(request, campaign, refusal, back)
    sentence = ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", done.again)
    messages.success(request, sentence % {"n": grouped(done.again)})
    return HttpResponseRedirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
def refresh(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Show what the audience says now against what the campaign has, and apply it.

    Very many people are compared by a background job, which a POST of `do` "compare" or "apply" asks for.
    """
    campaign, back = _found(request, id)
    by = of_member(request.member)
    is_large = refreshes.is_large(campaign)
    try:
        if request.method == "POST" and is_large:
            refresh_jobs.ask(campaign=campaign, is_applying=request.POST.get("do") == "apply", by=by)
            return HttpResponseRedirect(workspace_url(request, "campaigns:refresh", id=id))
        if request.method == "POST":
            done = refreshing.refresh(campaign=campaign, by=by)
            messages.success(request, _applied(done))
            return HttpResponseRedirect(back)
        job = _job(request, campaign) if is_large else None
        seen = (
            (job.difference if job else None) if is_large else refreshing.difference(campaign=campaign, by=by)
        )
    except (NotAllowed, TransitionRefused, RefreshRefused) as refusal:
        return _refused(request, campaign, refusal, back)
    template = "campaigns/refresh_large.html" if is_large else "campaigns/refresh.html"
    context = {"campaign": campaign, "seen": seen, "stats": _stats(seen) if seen else [], "back": back}
    return render(request, template, context | {"job": job, "version": _version(job)})


@require_safe
def refresh_live(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Whether the background job is still at it, as JSON."""
    campaign, _back = _found(request, id)
    job = refreshes.latest(campaign)
    versions = {"refresh": _version(job)}
    return live_response(request, Scope(versions=versions), final=job is None or not job.is_under_way)


@require_safe
def refresh_state(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """What the background job has found, fetched when its state has changed."""
    campaign, back = _found(request, id)
    job = refreshes.latest(campaign)
    seen = job.difference if job else None
    context = {"campaign": campaign, "seen": seen, "stats": _stats(seen) if seen else [], "back": back}
    return render(
        request, "campaigns/refresh_large.html#state", context | {"job": job, "version": _version(job)}
    )


def _job(request: PageRequest, campaign: Campaign) -> Refresh | None:
    """Return the last comparison in the background. Raises as comparing does for whoever may not, or not now."""
    of_member(request.member).require(Permission.EDIT)
    if not refreshing.may_refresh(campaign):
        raise TransitionRefused
    return refreshes.latest(campaign)


def _version(job: Refresh | None) -> str:
    return f"{job.number}-{job.status}" if job is not None else ""


def _reasons(request: PageRequest) -> list[Reason] | None:
    """Return the reasons that the form names; None for all."""
    typed = request.POST.getlist("reason")
    known = {str(reason.value): reason for reason in Reason}
    return [known[one] for one in typed if one in known] if typed else None


def _filters(request: PageRequest) -> Wanted | None:
    """Return the filter of the form that leaves fewer than all who failed for the reasons; None without one."""
    filters = Wanted.read(request.POST)
    of_all = filters.stage in (None, Stage.FAILED) and not filters.q
    return None if of_all and not replace(filters, reason=None).is_detailed else filters


def _found(request: PageRequest, id: UUID) -> tuple[Campaign, str]:
    """Return the campaign and its page, to which all of this leads back; 404 for a stranger's."""
    campaign = queries.campaign_for(request.member, id)
    if campaign is None:
        raise Http404
    return campaign, workspace_url(request, "campaigns:detail", id=id)


def _refused(request: PageRequest, campaign: Campaign, refusal: Exception, back: str) -> HttpResponse:
    if isinstance(refusal, NotAllowed):
        messages.error(request, _("Your role does not include this."))
    elif isinstance(refusal, TransitionRefused):
        campaign.refresh_from_db(fields=["status"])
        word = campaign.get_status_display().lower()
        messages.warning(
            request, _("That is not possible: the campaign is %(status)s now.") % {"status": word}
        )
    else:
        messages.warning(request, str(refusal))
    return HttpResponseRedirect(back)


def _stats(seen: refreshing.Difference) -> list[Stat]:
    stats = [Stat(label=_("People now"), value=seen.now)]
    if seen.before is not None:
        stats.insert(0, Stat(label=_("People before"), value=seen.before))
        stats += [
            Stat(label=_("Added"), value=seen.added, mark="ok"),
            Stat(label=_("Removed"), value=seen.removed, mark="bad"),
        ]
    if seen.is_of_run:
        stats.append(Stat(label=_("Changed"), value=seen.changed, mark="warn"))
    return stats


def _applied(done: refreshing.Difference) -> str:
    if not done.is_of_run:
        return ngettext("%(n)s person will get it.", "%(n)s people will get it.", done.now) % {
            "n": grouped(done.now)
        }
    return _("Added %(added)s, removed %(removed)s, changed %(changed)s.") % {
        "added": grouped(done.added), "removed": grouped(done.removed), "changed": grouped(done.changed),
    }  # fmt: skip
