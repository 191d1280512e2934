"""The start page, which only leads on, and the choice of the theme."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clarion.web.context import THEME_COOKIE, THEMES
from clarion.web.links import safe_next
from clarion.web.middleware import LAST_WORKSPACE
from clarion.workspaces import queries

_YEAR = 365 * 24 * 3600


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """To the workspace that was opened last, else to the first; a person without one is told so."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(reverse("account_login"))
    slugs = [membership.workspace.slug for membership in queries.memberships_for(request.user)]
    if not slugs:
        return render(request, "account/no_workspace.html")
    last = request.session.get(LAST_WORKSPACE)
    slug = last if last in slugs else slugs[0]
    return HttpResponseRedirect(reverse("dashboard", kwargs={"workspace": slug}))


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember `theme` (light, dark, or auto for the system's) in a cookie and go back."""
    chosen = request.POST.get("theme", "")
    if chosen not in (*THEMES, "auto"):
        return HttpResponseBadRequest()
    response = HttpResponseRedirect(safe_next(request, default="/"))
    if chosen == "auto":
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    else:
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=_YEAR, samesite="Lax", secure=request.is_secure(), httponly=True
        )
    return response
