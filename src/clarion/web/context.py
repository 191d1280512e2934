"""What every page needs besides its own content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.formats import get_format
from django.utils.functional import cached_property
from django.utils.translation import get_language, get_language_bidi

from clarion.deliveries import attention, broken
from clarion.web import assets, navigation
from clarion.workspaces import queries
from clarion.workspaces.money import amounts
from clarion.workspaces.money.queries import low_account_of
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from clarion.deliveries.attention import Wanted
    from clarion.deliveries.broken import Broken
    from clarion.web.parts import Action
    from clarion.workspaces.models import Membership, Workspace

#: Chosen by the reader: "light" or "dark"; without the cookie the system decides.
THEME_COOKIE = "clarion_theme"
THEMES = ("light", "dark")
#: The session's key for the slug of the workspace that was opened last.
LAST_WORKSPACE = "last_workspace"
#: The session's key for the language of the page that was opened last in a workspace.
LANGUAGE = "language"


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
    def decimal_mark(self) -> str:
        """What stands before a number's decimals; scripts write numbers as the pages do."""
        return str(get_format("DECIMAL_SEPARATOR"))

    @cached_property
    def thousands_mark(self) -> str:
        """What stands between a number's groups of three."""
        return str(get_format("THOUSAND_SEPARATOR"))

    @cached_property
    def member(self) -> Membership | None:
        """The membership of the request's workspace; on pages outside of workspaces the one used last."""
        member: Membership | None = getattr(self._request, "member", None)
        if member is not None or not self._memberships:
            return member
        last = self._request.session.get(LAST_WORKSPACE)
        return next((one for one in self._memberships if one.workspace.slug == last), self._memberships[0])

    @cached_property
    def workspace(self) -> Workspace | None:
        return self.member.workspace if self.member is not None else None

    @cached_property
    def navigation(self) -> str:
        """The groups of links at the side, as HTML."""
        if self.member is None:
            return ""
        groups = navigation.built_groups(self.member, self._request.path)
        return navigation.drawn(groups, assets.asset_url("icons.svg"))

    @cached_property
    def search_url(self) -> str | None:
        """Where the search field in the top bar leads: the list of campaigns."""
        if self.workspace is None or not self.workspace.campaigns_enabled:
            return None
        return navigation.url_of("campaigns", self.workspace.slug)

    @cached_property
    def halt_url(self) -> str | None:
        """Where the workspace's kill switch is."""
        return navigation.url_of("halt", self.workspace.slug) if self.workspace is not None else None

    @cached_property
    def may_halt(self) -> bool:
        """Whether the person may use it."""
        return self.member is not None and self.member.may(Permission.MANAGE_SENDERS)

    @cached_property
    def low_balance(self) -> str:
        """How much is left, for whoever starts or pays campaigns, while that is less than they want to be told of."""
        may = self.member is not None and any(
            map(self.member.may, (Permission.MANAGE_MONEY, Permission.LAUNCH))
        )
        account = low_account_of(self.workspace) if self.workspace is not None and may else None
        return amounts.told(account.available, account.currency) if account is not None else ""

    @cached_property
    def without_workers(self) -> Wanted | None:
        """That no process sends while something waits for one, for system administrators; others are not asked for."""
        user = self._request.user
        if not user.is_authenticated or not user.is_superuser:
            return None
        return attention.without_workers()

    @cached_property
    def lost_workers(self) -> list[Wanted]:
        """The machines whose sending process is gone, for system administrators."""
        user = self._request.user
        return broken.lost_workers() if user.is_authenticated and user.is_superuser else []

    @cached_property
    def broken(self) -> Broken | None:
        """What broke in the workspace, for whoever administers it."""
        member: Membership | None = getattr(self._request, "member", None)
        return broken.broken_for(member) if member is not None else None

    @cached_property
    def balance_url(self) -> str | None:
        """Where the workspace's balance is."""
        return navigation.url_of("balance", self.workspace.slug) if self.workspace is not None else None

    @cached_property
    def workspaces(self) -> Sequence[Workspace]:
        """The workspaces the signed-in person may switch to."""
        return [membership.workspace for membership in self._memberships]

    @cached_property
    def switches(self) -> tuple[tuple[str, str], ...]:
        """The same by slug and name."""
        return tuple((one.slug, one.name) for one in self.workspaces)

    @cached_property
    def demo_removal(self) -> Action | None:
        """The button that removes the demo workspace, for whoever may."""
        from clarion.web.pages import demo

        return demo.removal(self._request)

    @cached_property
    def role(self) -> str:
        return str(self.member.get_role_display()) if self.member is not None else ""

    @cached_property
    def _memberships(self) -> list[Membership]:
        known: list[Membership] | None = getattr(self._request, "memberships", None)
        if known is not None:
            return known
        user = self._request.user
        return queries.memberships_for(user) if user.is_authenticated else []


def shell(request: HttpRequest) -> dict[str, object]:
    """Context processor: `shell`."""
    return {"shell": Shell(request)}
