"""The dashboard: what is being sent now, what comes today, and what needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clarion.deliveries import listing, overview
from clarion.deliveries.attention import attention
from clarion.web import dashboard_attention
from clarion.web.campaign_rows import scope_of
from clarion.web.links import workspace_url
from clarion.web.live import Scope, live_response
from clarion.web.pages.campaigns import figure_values, row_context, shared_figures, shared_sparks
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest


@require_safe
def dashboard(request: PageRequest, workspace: str) -> HttpResponse:
    """The page, or only the panel of live campaigns when what is in it has changed."""
    rows = listing.active_rows(request.member)
    context: dict[str, Any] = {
        "rows": [row_context(request, row) for row in rows],
        "panel_version": panel_version(rows),
    }
    if request.htmx and request.htmx.target == "live-panel":
        return render(request, "dashboard.html#panel", context)
    wanted = attention(request.member)
    context |= {
        "attention": dashboard_attention.shown(request, wanted),
        "attention_version": dashboard_attention.version(wanted),
    }
    if request.htmx and request.htmx.target == "attention":
        return render(request, "dashboard.html#attention", context)
    figures = overview.figures(request.member)
    planned = overview.planned_today(request.member)
    context |= {
        "figures": figure_values(figures),
        "sparks": shared_sparks(request),
        "planned": planned,
        "next_planned": None if planned else overview.planned_later(request.member),
        "first_steps": [] if request.workspace.is_demo else first_steps(request),
        "may_create": request.member.may(Permission.EDIT),
    }
    return render(request, "dashboard.html", context)


@require_safe
def live(request: PageRequest, workspace: str) -> HttpResponse:
    """The numbers of the campaigns at work, the key figures, and whether another campaign has joined or left."""
    rows = listing.active_rows(request.member)
    figures = shared_figures(request)
    versions = {
        "panel": panel_version(rows),
        "attention": dashboard_attention.version(attention(request.member)),
    }
    return live_response(
        request,
        Scope(values=figure_values(figures), versions=versions),
        final=False,
        scopes={str(row.campaign.public_id): scope_of(row) for row in rows},
    )


def panel_version(rows: list[listing.Row]) -> str:
    """Return what differs when the panel must be drawn anew."""
    return ",".join(f"{row.campaign.pk}{row.campaign.status[:2]}" for row in rows) or "none"


def first_steps(request: PageRequest) -> list[dict[str, Any]]:
    """Return what a new workspace does first, each with whether it is done and where; nothing once all is done."""
    steps = overview.first_steps(request.member)
    if steps.is_done:
        return []
    found = [
        (
            _("Connect a sender"),
            _("The mail account that your messages go through."),
            steps.has_sender,
            _page(request, "sender_new"),
            Permission.MANAGE_SENDERS,
        ),
        (
            _("Bring in your contacts"),
            _("Import a CSV file, or upload one with the campaign itself."),
            steps.has_contacts,
            _page(request, "import_new"),
            Permission.MANAGE_AUDIENCE,
        ),
        (
            _("Write the first campaign"),
            _("Choose who gets it, write it, look at it as a recipient, and send."),
            steps.has_campaign,
            _page(request, "campaigns:new"),
            Permission.EDIT,
        ),
    ]
    return [
        {
            "title": title,
            "text": text,
            "is_done": is_done,
            "url": url if request.member.may(permission) else "",
        }
        for title, text, is_done, url, permission in found
    ]


def _page(request: PageRequest, name: str, *args: object) -> str:
    """Return the page's address; empty when there is no such page."""
    try:
        return workspace_url(request, name, *args)
    except NoReverseMatch:
        return ""
