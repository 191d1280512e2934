"""The wall between workspaces, and where a person was last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from clarion.workspaces import queries

if TYPE_CHECKING:
    from collections.abc import Callable

#: The session's key for the slug of the workspace that was opened last.
LAST_WORKSPACE = "last_workspace"


class WorkspaceMiddleware:
    """Sets `request.workspace` and `request.member` where the URL has the kwarg `workspace`.

    Whoever is not signed in is sent to sign in; whoever is no member gets a 404, as if it did not exist.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: list[object],
        kwargs: dict[str, object],
    ) -> HttpResponse | None:
        slug = kwargs.get("workspace")
        if not isinstance(slug, str):
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        member = queries.membership_for(request.user, slug)
        if member is None:
            raise Http404
        request.member = member  # type: ignore[attr-defined]
        request.workspace = member.workspace  # type: ignore[attr-defined]
        if request.session.get(LAST_WORKSPACE) != slug:
            request.session[LAST_WORKSPACE] = slug
        return None
