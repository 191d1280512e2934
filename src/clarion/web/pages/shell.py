"""The start page, which only leads on, and the choice of the theme."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clarion.web import navigation
from clarion.web.context import LAST_WORKSPACE, THEME_COOKIE, THEMES
from clarion.web.cookies import remember
from clarion.web.links import safe_next
from clarion.workspaces import operations, queries


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """To the workspace that was opened last, else to the first; a person without one is told so."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(reverse("account_login"))
    memberships = {one.workspace.slug: one for one in queries.memberships_for(request.user)}
    if not memberships:
        if request.user.is_superuser:
            return HttpResponseRedirect(reverse("system_workspaces"))
        return render(request, "account/no_workspace.html")
    last = str(request.session.get(LAST_WORKSPACE, ""))
    member = memberships.get(last) or next(iter(memberships.values()))
    return HttpResponseRedirect(navigation.first_url(member) or reverse("profile"))


@login_not_required
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remember `theme` (light, dark, or auto for the system's) in a cookie and go back."""
    chosen = request.POST.get("theme", "")
    if chosen not in (*THEMES, "auto"):
        return HttpResponseBadRequest()
    theme = "" if chosen == "auto" else chosen
    if request.user.is_authenticated:
        operations.update_profile(user=request.user, theme=theme)
    response = HttpResponseRedirect(safe_next(request, default="/"))
    remember(response, THEME_COOKIE, theme, secure=request.is_secure())
    return response
