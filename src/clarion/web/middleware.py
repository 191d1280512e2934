"""The wall between workspaces, the reader's own language, theme and time zone, and where a person was last."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRedirect

from clarion.web import languages, navigation, rights
from clarion.web.context import LANGUAGE, LAST_WORKSPACE, THEME_COOKIE, THEMES
from clarion.web.cookies import remember
from clarion.workspaces import operations, queries
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_htmx.middleware import HtmxDetails

    from clarion.workspaces.models import Membership, User


#: The session's key for the workspaces of others that a system administrator looked at, each with the day.
LOOKED = "looked_at"


class PreferencesMiddleware:
    """Gives a browser the cookies of the signed-in person's language and theme where it has none yet.

    The cookies are what pages go by, so a page that needs no user asks the database for nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        user = _loaded_user(request)
        if user is not None:
            if user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
                remember(response, settings.LANGUAGE_COOKIE_NAME, user.language, secure=request.is_secure())
            if user.theme in THEMES and THEME_COOKIE not in request.COOKIES:
                remember(response, THEME_COOKIE, user.theme, secure=request.is_secure())
        return response


class WorkspaceMiddleware:
    """Sets `request.workspace`, `request.member` and `request.memberships` where the URL has the kwarg `workspace`.

    Whoever is not signed in is sent to sign in; whoever is no member gets a 404, as if it did not exist, and so does
    everybody where campaigns are off and the address is of campaigns; whom the role keeps out gets a 403.
    Times are shown in the person's own zone, else in the workspace's, and texts in the person's own language, else in
    the workspace's where the program speaks it, else in the browser's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: list[object],
        kwargs: dict[str, object],
    ) -> HttpResponse | None:
        slug = kwargs.get("workspace")
        if not isinstance(slug, str):
            _speak_as_before(request)
            return None
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        memberships = queries.memberships_for(request.user)
        member = next((one for one in memberships if one.workspace.slug == slug), None)
        member = member or queries.observer_for(request.user, slug)
        name = request.resolver_match.view_name if request.resolver_match is not None else ""
        if member is None:
            raise Http404
        if not rights.is_there(name, member.workspace):
            return _instead_of(name, member)
        request.memberships = memberships  # type: ignore[attr-defined]
        request.member = member  # type: ignore[attr-defined]
        request.workspace = member.workspace  # type: ignore[attr-defined]
        if rights.is_refused(request, member, name, kwargs):
            raise PermissionDenied
        if member.is_observer:
            _note_look(request, member)
        timezone.activate(zone_named(member.user.zone or member.workspace.zone))
        _speak(request, member)
        if request.session.get(LAST_WORKSPACE) != slug:
            request.session[LAST_WORKSPACE] = slug
        return None


def _note_look(request: HttpRequest, member: Membership) -> None:
    """Leave a trail of a system administrator who looks at a workspace of others, once a day in each."""
    today = timezone.now().date().isoformat()
    looked = request.session.get(LOOKED, {})
    slug = member.workspace.slug
    if looked.get(slug) != today:
        operations.record_look(by=of_member(member))
        request.session[LOOKED] = {name: day for name, day in looked.items() if day == today} | {slug: today}


def _instead_of(name: str, member: Membership) -> HttpResponse:
    """Lead from a workspace's first page to one that it has; of other pages say that there are none."""
    first = navigation.first_url(member) if name == "dashboard" else None
    if first is None:
        raise Http404
    return HttpResponseRedirect(first)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Ask to sign in and come back; a fragment takes its whole page there instead of showing it inside."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if not htmx:
        return redirect_to_login(request.get_full_path())
    return HttpResponseClientRedirect(redirect_to_login(htmx.current_url_abs_path or "/")["Location"])


def zone_named(name: str) -> ZoneInfo:
    """The zone of that name; UTC for one this machine does not know, so that a page still shows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _speak(request: HttpRequest, member: Membership) -> None:
    """Answer in the member's language, and remember it for their pages outside of workspaces."""
    language = languages.spoken(member.user.language) or languages.spoken(member.workspace.locale)
    if language:
        translation.activate(language)
    if request.session.get(LANGUAGE, "") != language:
        request.session[LANGUAGE] = language


def _speak_as_before(request: HttpRequest) -> None:
    """Answer pages of one's own, such as the profile, in the language of the workspace that was opened last."""
    name = request.resolver_match.view_name if request.resolver_match is not None else ""
    is_own = name in ("home", "profile") or name.startswith(("account_", "mfa_", "usersessions_"))
    if is_own and settings.SESSION_COOKIE_NAME in request.COOKIES:
        language = languages.spoken(request.session.get(LANGUAGE, ""))
        if language:
            translation.activate(language)


def _loaded_user(request: HttpRequest) -> User | None:
    """The signed-in user, if the request has looked for one: asking costs no query."""
    cached = getattr(request, "_cached_user", None)
    user = getattr(request, "user", None)
    if user is not None and not isinstance(user, SimpleLazyObject):
        cached = user
    return cached if cached is not None and cached.is_authenticated else None
