"""Composing a campaign: one page of five sections, saved as one writes, that works without scripts too."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.campaigns import offers, operations, preflight, queries
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.web import (
    campaign_cascade,
    campaign_compose,
    campaign_message,
    campaign_preview,
    hours_rows,
    looks,
    mail_frame,
    timing_form,
)
from clarion.web.campaign_form import CampaignForm, save
from clarion.web.campaign_new import NewCampaignForm
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.pages.campaign_acting import start_question
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest
    from clarion.web.parts import Confirm


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PageRequest, workspace: str) -> HttpResponse:
    """Ask for the name; the draft then lives on the page where it is composed."""
    if not request.member.may(Permission.EDIT):
        raise Http404
    form = NewCampaignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            campaign = operations.create_campaign(
                name=form.cleaned_data["name"], by=of_member(request.member)
            )
        except CampaignInvalid as error:
            form.add_error("name", " ".join(error.problems))
        else:
            return HttpResponseRedirect(_edit_url(request, campaign) + "#audience")
    return render(request, "campaigns/new.html", {"form": form, "steps": campaign_compose.first_steps()})


@require_http_methods(["GET", "HEAD", "POST"])
@looks.with_pictures
def edit(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The compose page. A post saves every field that is right; `do` says what else was asked for."""
    campaign = _campaign(request, id)
    if campaign.status not in offers.TIMING_EDITABLE or campaign.archived_at is not None:
        messages.info(
            request,
            _("A campaign that is %(status)s cannot be changed.")
            % {"status": campaign.get_status_display().lower()},
        )
        return HttpResponseRedirect(_detail_url(request, campaign))
    if campaign.status not in (Status.DRAFT, Status.PAUSED):
        return render(request, "campaigns/reopen.html", {"campaign": campaign})
    timing = tuple(timing_form.PARTS)
    whole = ("basics", "audience", "cascade", "message", "tracking", *timing)
    parts = timing if campaign.status == Status.PAUSED else whole
    position = campaign_cascade.position_in(request)
    if request.method != "POST":
        language = request.GET.get("language", "")
        form = CampaignForm(member=request.member, campaign=campaign, position=position, language=language)
        return render(request, "campaigns/edit.html", campaign_compose.context(request, campaign, form))
    changed_rows = hours_rows.changed(request.POST)
    data = _with_kept(changed_rows or request.POST, campaign)
    form = CampaignForm(data, request.FILES, member=request.member, campaign=campaign, position=position)
    try:
        campaign = save(form, only=parts)
    except TransitionRefused:
        messages.warning(request, _("The campaign is on its way now; nothing was changed."))
        return _go(request, _detail_url(request, campaign))
    if request.POST.get("autosave"):
        return _autosaved(request, campaign, form)
    if form.errors or changed_rows is not None:
        context = campaign_compose.context(request, campaign, form)
        return render(request, "campaigns/edit.html", context, status=422 if form.errors else 200)
    return _after_saving(request, campaign)


def _with_kept(posted: QueryDict, campaign: Campaign) -> QueryDict:
    """Return what was posted; a paused campaign's form holds its timing only, so the name comes from the row."""
    if campaign.status != Status.PAUSED:
        return posted
    data = posted.copy()
    data["name"] = campaign.name
    return data


def _autosaved(request: PageRequest, campaign: Campaign, form: CampaignForm) -> HttpResponse:
    """Answer with the parts of the page that depend on what was saved."""
    fresh = CampaignForm(
        member=request.member, campaign=campaign, position=form.position, language=form.tongue
    )
    if form.offered and "file" in form.errors:
        fresh.offer_columns(form.offered)
    context = campaign_compose.context(request, campaign, fresh)
    problems = {name: [str(sentence) for sentence in found] for name, found in form.errors.items()}
    problems |= form.rows.errors if "windows" in problems else {}
    # Fields under somebody's hands are left alone; another channel has others.
    context |= {
        "problems": problems,
        "bad_lines": form.bad_lines(),
        "has_other_extras": form.extras_of != fresh.extras_of,
        "has_other_look": form.step_channel != fresh.step_channel,
    }
    return render(request, "campaigns/edit.html#fresh", context)


def _after_saving(request: PageRequest, campaign: Campaign) -> HttpResponse:
    match request.POST.get("do", ""):
        case "start" | "schedule":
            return _launch(request, campaign)
        case "submit":
            return _submit(request, campaign)
        case "leave":
            messages.success(request, _("“%(name)s” is saved.") % {"name": campaign.name})
            return HttpResponseRedirect(_detail_url(request, campaign))
        case do if do.startswith("channel-"):
            return HttpResponseRedirect(
                f"{_edit_url(request, campaign)}{campaign_cascade.change(request, campaign, do)}"
            )
        case do if do.startswith(("language-", "message-")):
            question = _copy_question(request, campaign) if do == "message-copy" else None
            if question is not None and not is_confirmed(request):
                return confirm_page(request, question, back=f"{_edit_url(request, campaign)}#message")
            return HttpResponseRedirect(
                f"{_edit_url(request, campaign)}{campaign_message.change(request, campaign, do)}"
            )
        case do if do in ("audience", "message", "timing", "review"):
            return HttpResponseRedirect(
                f"{_edit_url(request, campaign)}{campaign_cascade.shown(request)}#{do}"
            )
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(f"{_edit_url(request, campaign)}{campaign_cascade.shown(request)}")


def _copy_question(request: PageRequest, campaign: Campaign) -> Confirm | None:
    return campaign_message.copy_question(campaign_cascade.step_shown(request, campaign))


def _launch(request: PageRequest, campaign: Campaign) -> HttpResponse:
    """Start or schedule what was just saved; the person is asked once, with the numbers."""
    back = f"{_edit_url(request, campaign)}#review"
    if not request.member.may(Permission.LAUNCH):
        messages.error(request, _("Your role does not include starting campaigns."))
        return HttpResponseRedirect(back)
    examined = preflight.examine(campaign)
    is_scheduled = campaign.launch not in (Launch.NOW, Launch.MANUAL)
    question = (
        campaign_compose.schedule_question(campaign, examined)
        if is_scheduled
        else start_question(campaign, examined)
    )
    if question is not None and not is_confirmed(request):
        return confirm_page(request, question, back=back)
    try:
        if is_scheduled:
            operations.launch(campaign=campaign, by=of_member(request.member))
        else:
            operations.start(campaign=campaign, by=of_member(request.member))
    except CampaignInvalid as error:
        for sentence in error.problems:
            messages.error(request, sentence)
        return HttpResponseRedirect(back)
    except (TransitionRefused, NotAllowed):
        messages.warning(request, _("Somebody else was quicker: the campaign is no draft any more."))
        return HttpResponseRedirect(_detail_url(request, campaign))
    said = _("“%(name)s” is scheduled.") if is_scheduled else _("“%(name)s” has started.")
    messages.success(request, said % {"name": campaign.name})
    return HttpResponseRedirect(_detail_url(request, campaign))


def _submit(request: PageRequest, campaign: Campaign) -> HttpResponse:
    """Hand what was just saved to the moderators."""
    try:
        note = request.POST.get("review_note", "")
        operations.submit(campaign=campaign, by=of_member(request.member), note=note)
    except CampaignInvalid as error:
        for sentence in error.problems:
            messages.error(request, sentence)
        return HttpResponseRedirect(f"{_edit_url(request, campaign)}#review")
    except TransitionRefused:
        messages.warning(request, _("Somebody else was quicker: the campaign is no draft any more."))
    else:
        messages.success(
            request, _("“%(name)s” is submitted. It waits in Moderation.") % {"name": campaign.name}
        )
    return HttpResponseRedirect(_detail_url(request, campaign))


@require_safe
def preview_pane(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """What one recipient will get: the head and the frame that shows the message."""
    campaign = _campaign(request, id)
    pane = campaign_preview.pane(request, campaign)
    if request.htmx:
        return render(request, "campaigns/edit.html#preview", {"campaign": campaign, "pane": pane})
    return HttpResponseRedirect(f"{_edit_url(request, campaign)}?recipient={pane.number}#preview")


@require_safe
@mail_frame.framed
def preview_frame(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The message itself, for a sandboxed frame: no script runs, no form can be sent."""
    campaign = _campaign(request, id)
    response = campaign_preview.document(request, campaign)
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_POST
def send_test(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Send the message to named addresses, filled in as for the recipient that is shown."""
    campaign = _campaign(request, id)
    for level, sentence in campaign_preview.send_tests(request, campaign):
        messages.add_message(request, level, sentence)
    return HttpResponseRedirect(f"{_edit_url(request, campaign)}{campaign_cascade.shown(request)}#test")


@require_safe
def estimate(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Who will get it, asked for again while an uploaded file is being read."""
    campaign = _campaign(request, id)
    position = campaign_cascade.position_in(request)
    form = CampaignForm(member=request.member, campaign=campaign, position=position)
    return render(request, "campaigns/edit.html#fresh", campaign_compose.context(request, campaign, form))


def _campaign(request: PageRequest, id: UUID) -> Campaign:
    campaign = queries.campaign_for(request.member, id)
    if campaign is None or not request.member.may(Permission.EDIT):
        raise Http404
    return campaign


def _edit_url(request: PageRequest, campaign: Campaign) -> str:
    return workspace_url(request, "campaigns:edit", id=campaign.public_id)


def _detail_url(request: PageRequest, campaign: Campaign) -> str:
    return workspace_url(request, "campaigns:detail", id=campaign.public_id)


def _go(request: PageRequest, url: str) -> HttpResponse:
    """Lead on, also from an autosave, whose answer no browser follows."""
    if request.POST.get("autosave"):
        return HttpResponse(status=409, headers={"Location": url})
    return HttpResponseRedirect(url)
