"""What every page needs besides its own content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.functional import cached_property
from django.utils.translation import get_language, get_language_bidi

from clarion.web import navigation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from clarion.workspaces.models import Workspace

#: Chosen by the reader: "light" or "dark"; without the cookie the system decides.
THEME_COOKIE = "clarion_theme"
THEMES = ("light", "dark")


class Shell:
    """The frame around a page. Everything is worked out at first use, so a fragment costs nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def theme(self) -> str:
        """ "light", "dark" or "" for the system's."""
        chosen = self._request.COOKIES.get(THEME_COOKIE, "")
        return chosen if chosen in THEMES else ""

    @cached_property
    def language(self) -> str:
        return get_language() or settings.LANGUAGE_CODE

    @cached_property
    def direction(self) -> str:
        return "rtl" if get_language_bidi() else "ltr"

    @cached_property
    def workspace(self) -> Workspace | None:
        return getattr(self._request, "workspace", None)

    @cached_property
    def groups(self) -> Sequence[navigation.Group]:
        return navigation.built_groups(self._request) if self.workspace is not None else []

    @cached_property
    def workspaces(self) -> Sequence[Workspace]:
        """The workspaces the signed-in person may switch to."""
        from clarion.workspaces import queries

        if not self._request.user.is_authenticated:
            return []
        return [membership.workspace for membership in queries.memberships_for(self._request.user)]

    @cached_property
    def role(self) -> str:
        member = getattr(self._request, "member", None)
        return str(member.get_role_display()) if member is not None else ""


def shell(request: HttpRequest) -> dict[str, object]:
    """Context processor: `shell`."""
    return {"shell": Shell(request)}
