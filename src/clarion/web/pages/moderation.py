"""Moderation: what waits for a decision, the oldest first, and the page on which it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from clarion.campaigns import moderation, operations, queries
from clarion.campaigns.errors import CampaignInvalid, OwnWork, ReviewStale, TransitionRefused
from clarion.campaigns.states import Status
from clarion.web import campaign_preview, looks, mail_frame
from clarion.web.links import workspace_url
from clarion.web.moderation_review import ReviewPage, held_rows, queue_rows
from clarion.web.parts import Column
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign, Review
    from clarion.web.http import PageRequest

COLUMNS = [
    Column(label=gettext_lazy("Campaign")),
    Column(label=gettext_lazy("Submitted")),
    Column(label=gettext_lazy("Channel")),
    Column(label=gettext_lazy("People"), style="table__end"),
    Column(label=gettext_lazy("Warnings")),
]


@require_safe
def queue(request: PageRequest, workspace: str) -> HttpResponse:
    """Submissions that nobody has decided on, and first parts that are out."""
    if not moderation.may_see(request.member):
        raise Http404
    found = moderation.submitted_for(request.member)
    rows = queue_rows(request, list(found[: moderation.SHOWN]))
    context = {
        "rows": rows,
        "count": found.count() if len(rows) == moderation.SHOWN else len(rows),
        "held": held_rows(request),
        "columns": COLUMNS,
        "is_on": request.workspace.moderation,
        "may_set": request.member.may(Permission.MANAGE_MEMBERS),
    }
    return render(request, "moderation/queue.html", context)


@require_safe
@looks.with_pictures
def review(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The latest submission of a campaign: what it is about, and the decision."""
    campaign, latest = _reviewed(request, id)
    return render(request, "moderation/review.html", {"page": ReviewPage(request, campaign, latest)})


@require_safe
def preview(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The message as another recipient gets it, for the page to swap in."""
    campaign, latest = _reviewed(request, id)
    page = ReviewPage(request, campaign, latest)
    if request.htmx:
        return render(request, "moderation/_preview.html", {"page": page})
    url = workspace_url(request, "moderation_review", id=id)
    return HttpResponseRedirect(f"{url}?recipient={page.pane.number}#compose-preview")


@require_safe
@mail_frame.framed
def frame(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The message itself, for a sandboxed frame."""
    campaign, _latest = _reviewed(request, id)
    response = campaign_preview.document(request, campaign)
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_POST
def decide(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Approve, reject, release the rest, or leave a note, as `do` says."""
    campaign, latest = _reviewed(request, id)
    do = request.POST.get("do", "")
    here = workspace_url(request, "moderation_review", id=id)
    try:
        said = _decided(request, campaign, do)
    except OwnWork:
        messages.error(request, _("You wrote, changed or submitted it, so somebody else has to approve it."))
    except NotAllowed:
        messages.error(request, _("Your role does not include this."))
    except ReviewStale as error:
        messages.warning(request, " ".join(error.problems))
    except TransitionRefused:
        now = queries.sending_for(request.member, id)
        word = now.get_status_display().lower() if now is not None else _("gone")
        messages.warning(
            request, _("Somebody else was quicker: the campaign is %(status)s now.") % {"status": word}
        )
    except CampaignInvalid as error:
        if error.fields:
            page = ReviewPage(request, campaign, latest, problems=error.fields)
            return render(request, "moderation/review.html", {"page": page}, status=422)
        messages.error(request, " ".join(error.problems))
    else:
        messages.success(request, said)
        here = here if do == "note" else workspace_url(request, "moderation")
    return HttpResponseRedirect(here)


def _decided(request: PageRequest, campaign: Campaign, do: str) -> str:
    """Do it, and return what is said afterwards."""
    by, posted, name = of_member(request.member), request.POST, {"name": campaign.name}
    digest, note = posted.get("digest", ""), posted.get("note", "")
    match do:
        case "approve":
            extent = posted.get("extent")
            percent = _number(posted.get("percent", "")) if extent == "part" else None
            people = _number(posted.get("people", "")) if extent == "people" else None
            approved = operations.approve(
                campaign=campaign,
                digest=digest,
                by=by,
                note=note,
                canary_percent=percent,
                canary_people=people,
            )
            return _said_of(approved) % name
        case "reject":
            operations.reject(campaign=campaign, reason=posted.get("reason", ""), by=by)
            return _("“%(name)s” is rejected.") % name
        case "release":
            operations.release(campaign=campaign, digest=digest, by=by, note=note)
            return _("The rest of “%(name)s” goes now.") % name
        case "note":
            operations.add_note(campaign=campaign, text=posted.get("text", ""), by=by)
            return _("The note is kept.")
    raise Http404


def _said_of(approved: Campaign) -> str:
    if approved.status == Status.BUILDING:
        return _("“%(name)s” is approved and has started.")
    if approved.status == Status.SCHEDULED:
        return _("“%(name)s” is approved and waits for its start time.")
    return _("“%(name)s” is approved.")


def _number(typed: str) -> int:
    """Return the number, 0 for what is none."""
    text = typed.strip().removesuffix("%").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _reviewed(request: PageRequest, id: UUID) -> tuple[Campaign, Review]:
    """Return the campaign and its latest submission; 404 for whoever may not see them, or without one."""
    campaign = queries.sending_for(request.member, id)
    if campaign is None or not moderation.may_see(request.member):
        raise Http404
    latest = moderation.latest_review(campaign)
    if latest is None:
        raise Http404
    return campaign, latest
