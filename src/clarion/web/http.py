"""The request as pages see it, for type checkers; at run time it is Django's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from clarion.workspaces.models import Membership, User, Workspace


class PersonRequest(HttpRequest):
    """A signed-in request anywhere; what `login_required` lets through."""

    user: User
    htmx: HtmxDetails


class PageRequest(PersonRequest):
    """A signed-in request inside a workspace.

    `workspace` and `member` are set by `clarion.web.middleware.WorkspaceMiddleware` on every URL that
    carries the kwarg `workspace`; whoever is not a member got a 404 before the view ran.
    """

    workspace: Workspace
    member: Membership
