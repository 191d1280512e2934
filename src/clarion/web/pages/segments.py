"""Segments: what there are, and one of them with its builder, its count and who is in it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.audience import attributes, operations, queries, segments
from clarion.audience.errors import SegmentInUse, SegmentNameTaken
from clarion.audience.models import Segment
from clarion.audience.queries import segments as counting
from clarion.web import segment_builder, segment_once
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Column, Confirm
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest
    from clarion.web.segment_builder import Box

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Segments shown.
SHOWN = 500
COLUMNS = [Column(label=gettext_lazy("Segment")), Column(label=gettext_lazy("Changed"))]


class NameForm(forms.Form):
    """A segment's name."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)


@require_safe
def segment_list(request: PageRequest, workspace: str) -> HttpResponse:
    """All segments, each with its rule in words."""
    rows = [
        (one, counting.sentence_of(request.workspace, segments.parse(one.rule)))
        for one in queries.segments_for(request.member).select_related("created_by")[:SHOWN]
    ]
    context = {
        "rows": rows,
        "noun": ngettext("segment", "segments", len(rows)),
        "columns": COLUMNS,
        "may_manage": request.member.may(Permission.MANAGE_AUDIENCE),
    }
    return render(request, "segments/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def segment_new(request: PageRequest, workspace: str) -> HttpResponse:
    """The builder of a segment that is not kept yet."""
    return _builder(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def segment_detail(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """A segment; who may change it has the builder."""
    segment = _segment(request, id)
    if request.htmx and request.GET.get("part") == "people":
        node = segments.parse(segment.rule)
        told = {"segment": segment, "may_manage": request.member.may(Permission.MANAGE_AUDIENCE)}
        return render(request, "segments/_builder.html#people", told | _counted(request, node, is_kept=True))
    if request.htmx and request.GET.get("part") == "exact":
        return _exact(request, segment.rule)
    return _builder(request, segment)


@require_POST
def segment_delete(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Delete the segment, once that was confirmed."""
    segment = _segment(request, id)
    back = workspace_url(request, "segment", id=segment.public_id)
    if not is_confirmed(request):
        return confirm_page(request, _question(), back=back)
    try:
        operations.delete_segment(by=of_member(request.member), segment=segment)
    except SegmentInUse as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(back)
    messages.success(request, _("The segment is deleted."))
    return HttpResponseRedirect(workspace_url(request, "segments"))


def _builder(request: PageRequest, segment: Segment | None) -> HttpResponse:
    """Draw the builder, do what one of its buttons says, or keep the rule."""
    name = NameForm(initial={"name": segment.name if segment else ""})
    campaign = segment_once.campaign_of(request) if segment is None else None
    root = segment_builder.of_rule(segment.rule) if segment else segment_builder.blank()
    lists = list(queries.lists_for(request.member))
    campaigns = _campaigns(request, segment)
    defined = attributes.defined(request.workspace)
    if request.method == "POST":
        what = request.POST.get("do", "")
        root = segment_builder.of_form(request.POST)
        segment_builder.act(root, what)
        if what == "exact" and request.htmx:
            segment_builder.number(root, lists, defined=defined, campaigns=campaigns)
            return _exact(request, root.to_json())
        if what == "once" and campaign is not None:
            url = segment_once.use(request, campaign, root)
            if url:
                return (
                    HttpResponse(headers={"HX-Redirect": url}) if request.htmx else HttpResponseRedirect(url)
                )
        elif what == "save":
            name = NameForm(request.POST)
            segment_builder.number(root, lists, defined=defined, campaigns=campaigns)
            kept = _keep(request, segment, name, root)
            if kept is not None:
                messages.success(request, _("The segment is saved."))
                url = workspace_url(request, "segment", id=kept.public_id)
                return (
                    HttpResponse(headers={"HX-Redirect": url})
                    if request.htmx
                    else HttpResponseRedirect(f"{url}?count=1")  # without scripts nothing counts later
                )
        else:
            name = NameForm(initial={"name": request.POST.get("name", "")})
    context = {
        "segment": segment,
        "form": name,
        "campaign": campaign,
        "may_manage": request.member.may(Permission.MANAGE_AUDIENCE),
        "delete": _delete_action(request, segment) if segment else None,
        **_asked_about(request, segment),
        **_answered(request, root, lists, defined, campaigns, is_told=request.method == "POST"),
    }
    return render(request, "segments/_builder.html" if request.htmx else "segments/detail.html", context)


def _keep(request: PageRequest, segment: Segment | None, form: NameForm, root: Box) -> Segment | None:
    """Make or change the segment; None when something is in the way, which the form then says."""
    if not form.is_valid():
        return None
    by, values = of_member(request.member), {"name": form.cleaned_data["name"], "rule": root.to_json()}
    try:
        if segment is None:
            return operations.create_segment(by=by, **values)
        return operations.update_segment(by=by, segment=segment, **values)
    except SegmentNameTaken as refusal:
        form.add_error("name", str(refusal))
    except SegmentInUse as refusal:
        form.add_error(None, str(refusal))
    except segments.RuleInvalid:
        form.add_error(None, _("Some conditions are not complete."))
    return None


def _asked_about(request: PageRequest, segment: Segment | None) -> dict[str, Any]:
    """Return why somebody (`?who=`) is in the saved segment or not."""
    who = request.GET.get("who", "").strip()[:320]
    if segment is None or not who:
        return {"who": ""}
    if not request.member.may(Permission.VIEW_PII) and not _ID.fullmatch(who):
        return {"who": who, "why": None}  # nobody finds out by this whose address is a contact's
    return {"who": who, "why": counting.explained(request.workspace, segments.parse(segment.rule), who)}


def _campaigns(request: PageRequest, segment: Segment | None) -> list[tuple[str, str]]:
    """Return the campaigns that the builder offers: the latest, and those that the rule names."""
    found = dict(counting.campaigns_to_ask_about(request.member))
    if segment is not None:
        found |= counting.names_of_campaigns(request.workspace, segments.parse(segment.rule))
    return list(found.items())


def _answered(
    request: PageRequest,
    root: Box,
    lists: Any,
    defined: Any,
    campaigns: list[tuple[str, str]],
    *,
    is_told: bool,
) -> dict[str, Any]:
    """Return the rows to draw, the rule in words, how many it fits, and the first of them."""
    segment_builder.number(root, lists, defined=defined, campaigns=campaigns)
    try:
        node = segments.parse(root.to_json())
    except segments.RuleInvalid as refusal:
        problems = refusal.problems if is_told else []
        outer = [one.sentence for one in problems if not one.path]
        return {
            "root": segment_builder.number(root, lists, problems, defined=defined, campaigns=campaigns),
            "problems": outer,
            "count": None,
        }
    sentence = counting.sentence_of(request.workspace, node)
    if request.method != "POST" and "count" not in request.GET:
        # The page is there before its people are counted, which then takes up to a second.
        return {"root": root, "sentence": sentence, "is_counting": True}
    return {"root": root} | _counted(request, node)


def _counted(request: PageRequest, node: segments.Node, *, is_kept: bool = False) -> dict[str, Any]:
    """Return the rule in words, how many it fits, the first of them, and what asks for what takes longer.

    `is_kept` is of a segment as it is kept, which needs no form.
    """
    began = time.monotonic()
    count = counting.count(request.workspace, node)
    left = counting.COUNT_MS - round(1000 * (time.monotonic() - began))
    # Without scripts nothing comes later.
    patience = max(counting.SOON_MS, left) if request.htmx else counting.MEMBERS_MS
    people = counting.members(request.workspace, node, limit=10, milliseconds=patience)
    told = {"sentence": counting.sentence_of(request.workspace, node), "count": count, "people": people}
    if not count.is_exact or people is None:
        told |= {
            "exact_url": f"{request.path}?part=exact" if is_kept else request.get_full_path(),
            "is_kept": is_kept,
        }
    return told


def _exact(request: PageRequest, rule: Any) -> HttpResponse:
    """Return the number behind an estimate, estimated again where even that takes too long, and the people."""
    try:
        node = segments.parse(rule)
    except segments.RuleInvalid:
        return HttpResponse(status=204)  # it is being changed
    count = counting.count(request.workspace, node, milliseconds=counting.PATIENCE_MS)
    context = {
        "sentence": counting.sentence_of(request.workspace, node),
        "count": count,
        "people": counting.members(request.workspace, node, limit=10),
        "may_manage": request.member.may(Permission.MANAGE_AUDIENCE),
    }
    return render(request, "segments/_builder.html#people", context)


def _delete_action(request: PageRequest, segment: Segment) -> Action:
    return Action(
        label=_("Delete segment"),
        url=workspace_url(request, "segment_delete", id=segment.public_id),
        icon="trash-2",
        method="post",
        style="danger",
        confirm=_question(),
    )


def _question() -> Confirm:
    return Confirm(
        title=_("Delete this segment?"), text=_("Its contacts stay."), facts=[], label=_("Delete segment")
    )


def _segment(request: PageRequest, id: UUID) -> Segment:
    segment = queries.segment_for(request.member, id)
    if segment is None:
        raise Http404
    return segment
