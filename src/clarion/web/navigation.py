"""The side navigation: one list. An entry whose page does not exist is not shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from clarion.web import rights

if TYPE_CHECKING:
    from clarion.workspaces.models import Membership

Count = Callable[["Membership"], int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the workspace by its URL name. `url`, `count` and `current` are filled in per request."""

    name: str
    icon: str
    label: str | Promise
    url: str = ""
    count: int = 0
    current: bool = False
    #: Shown only where the workspace has switched this on: the name of its field.
    switch: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under a heading; the first group has none."""

    label: str | Promise
    entries: tuple[Entry, ...]


NAVIGATION: tuple[Group, ...] = (
    Group(
        "",
        (
            Entry("dashboard", "layout-dashboard", _("Dashboard")),
            Entry("campaigns", "megaphone", _("Campaigns")),
            Entry("calendar", "calendar-days", _("Calendar")),
            Entry("statistics", "chart-column", _("Statistics")),
            Entry("moderation", "shield-check", _("Moderation")),
            Entry("send", "send", pgettext_lazy("page", "Send")),
            Entry("history", "history", pgettext_lazy("page", "History")),
            Entry("archive", "archive", pgettext_lazy("place", "Archive")),
        ),
    ),
    Group(
        _("Audience"),
        (
            Entry("contacts", "users", _("Contacts")),
            Entry("lists", "list", _("Lists")),
            Entry("segments", "funnel", _("Segments")),
            Entry("imports", "file-up", _("Imports")),
            Entry("sources", "file-spreadsheet", _("Live sources")),
            Entry("suppressions", "shield-off", _("Suppressions")),
        ),
    ),
    Group(
        _("Content"),
        (
            Entry("templates", "file-text", _("Templates")),
            Entry("media", "image", _("Media")),
        ),
    ),
    Group(
        _("Workspace"),
        (
            Entry("senders", "plug", _("Channels & senders")),
            Entry("balance", "wallet", _("Balance"), switch="has_balance"),
            Entry("outbox", "flask-conical", _("Sandbox outbox")),
            Entry("audit", "scroll-text", _("Audit log")),
            Entry("members", "user-plus", _("Members")),
            Entry("tokens", "key-round", _("Tokens")),
            Entry("webhooks", "webhook", _("Webhooks")),
            Entry("settings", "settings", _("Settings")),
        ),
    ),
)

_counts: dict[str, Count] = {}


def provide_count(name: str, count: Count) -> None:
    """Show what `count(member)` returns beside the entry `name`, when it is not 0.

    It is called on every page, so it must be one indexed query or cheaper.
    """
    _counts[name] = count


def built_groups(member: Membership, path: str) -> list[Group]:
    """The groups with their existing pages in the member's workspace; `path` is the page that is open."""
    slug = member.workspace.slug
    groups = []
    for group in NAVIGATION:
        entries = tuple(
            replace(entry, url=reverse(entry.name, kwargs={"workspace": slug}), count=_count(member, entry))
            for entry in group.entries
            if _exists(entry.name, settings.ROOT_URLCONF)
            and rights.is_there(entry.name, member.workspace)
            and rights.may_open(member, entry.name)
            and (not entry.switch or getattr(member.workspace, entry.switch))
        )
        if entries:
            groups.append(Group(group.label, entries))
    return _with_current(groups, path)


def drawn(groups: list[Group], sprite: str) -> SafeString:
    """The groups as HTML in the active language, with icons of that sprite. Alike ones are drawn once."""
    facts = tuple((e.name, e.url, e.count, e.current) for group in groups for e in group.entries)
    return _drawn(facts, get_language() or "", sprite)


@lru_cache(maxsize=2048)
def _drawn(facts: tuple[tuple[str, str, int, bool], ...], language: str, sprite: str) -> SafeString:
    shown = {name: (url, count, current) for name, url, count, current in facts}

    def filled(entry: Entry) -> Entry:
        url, count, current = shown[entry.name]
        return replace(entry, url=url, count=count, current=current)

    groups = [Group(g.label, tuple(filled(e) for e in g.entries if e.name in shown)) for g in NAVIGATION]
    return SafeString(
        render_to_string("_nav_groups.html", {"groups": [one for one in groups if one.entries]})
    )


def url_of(name: str, slug: str) -> str | None:
    """The page of that name in a workspace; None while it does not exist."""
    return reverse(name, kwargs={"workspace": slug}) if _exists(name, settings.ROOT_URLCONF) else None


def first_url(member: Membership) -> str | None:
    """The first page of the navigation that the member may open in their workspace; None while there is none."""
    groups = built_groups(member, "")
    return groups[0].entries[0].url if groups else None


def _count(member: Membership, entry: Entry) -> int:
    count = _counts.get(entry.name)
    return count(member) if count is not None else 0


@cache
def _exists(name: str, urlconf: str) -> bool:
    try:
        reverse(name, urlconf, kwargs={"workspace": "x"})
    except NoReverseMatch:
        return False
    return True


def _with_current(groups: list[Group], path: str) -> list[Group]:
    """Mark the entry whose URL is the longest beginning of `path`; the dashboard only when it is the path."""
    urls = [entry.url for group in groups for entry in group.entries]
    shortest = min(urls, key=len, default="")
    fitting = [url for url in urls if path == url or (url != shortest and path.startswith(url))]
    here = max(fitting, key=len, default="")
    return [
        replace(group, entries=tuple(replace(entry, current=entry.url == here) for entry in group.entries))
        for group in groups
    ]
