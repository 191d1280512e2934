"""The filters of the campaign list: from the query string and back, as the rail and the chips show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clarion.campaigns.models import Launch
from clarion.campaigns.states import Status
from clarion.channels.registry import CHANNELS
from clarion.deliveries import listing
from clarion.deliveries.listing import PERIODS, SORTS, Filters, Page
from clarion.web import statuses, typed
from clarion.web.parts import Chip, FilterGroup, Option

if TYPE_CHECKING:
    from django.http import HttpRequest, QueryDict

    from clarion.workspaces.models import Membership

#: Longer words than a name has are cut.
_WORDS_LENGTH = 160

PERIOD_LABELS: dict[str, str | Promise] = {
    "": _("All time"),
    "1h": _("Last hour"),
    "24h": _("Last 24 hours"),
    "7d": _("Last 7 days"),
    "30d": _("Last 30 days"),
}
#: Names that can have several values in the query string.
_SEVERAL = ("status", "channel", "launch", "tag", "workspace")
_TAG_LENGTH = 40
_MOST_TAGS = 10


def read(query: QueryDict, *, is_archived: bool) -> Filters:
    """Return the filters that the query string asks for; what makes no sense is as if it were not there."""
    sort = query.get("sort", "")
    page = query.get("page", "")
    return Filters(
        words=typed.words(query, "q", _WORDS_LENGTH),
        period=query.get("period", "") if query.get("period") in PERIODS else "",
        statuses=frozenset(query.getlist("status")) & frozenset(Status.values),
        channels=frozenset(query.getlist("channel")) & frozenset(CHANNELS),
        launches=frozenset(query.getlist("launch")) & frozenset(Launch.values),
        tags=_tags(query),
        sort=sort if sort.removeprefix("-") in SORTS else "-created",
        is_archived=is_archived,
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def _tags(query: QueryDict) -> tuple[str, ...]:
    given = (typed.plain(tag, _TAG_LENGTH) for tag in query.getlist("tag")[:_MOST_TAGS])
    return tuple(dict.fromkeys(tag for tag in given if tag))


def groups(filters: Filters, page: Page, member: Membership | None) -> list[FilterGroup]:
    """Return the rail's groups, with how many campaigns each status has under the other filters.

    Without a member they are those of all workspaces.
    """
    tags = list(dict.fromkeys([*(listing.tags_of(member) if member else ()), *filters.tags]))
    found = [
        FilterGroup(
            name="period",
            label=_("Period"),
            kind="radio",
            options=[
                Option(value=value, label=label, checked=filters.period == value)
                for value, label in PERIOD_LABELS.items()
            ],
        ),
        FilterGroup(
            name="status",
            label=_("Status"),
            options=[
                Option(
                    value=status.value,
                    label=status.label,
                    count=page.by_status.get(status.value, 0),
                    checked=status.value in filters.statuses,
                    tone=statuses.look(status.value.lower()).tone,
                )
                for status in Status
                if status != Status.IN_REVIEW
                or filters.is_archived
                or member is None
                or not member.workspace.moderation
            ],
        ),
        FilterGroup(
            name="channel",
            label=_("Channel"),
            options=[
                Option(value=name, label=statuses.channel_look(name).label, checked=name in filters.channels)
                for name in CHANNELS
            ],
        ),
        FilterGroup(
            name="launch",
            label=_("Launch type"),
            options=[
                Option(value=launch.value, label=launch.label, checked=launch.value in filters.launches)
                for launch in Launch
            ],
        ),
    ]
    if tags:
        options = [Option(value=tag, label=tag, checked=tag in filters.tags) for tag in tags]
        found.append(FilterGroup(name="tag", label=_("Tag"), options=options))
    return found


def chips(request: HttpRequest, filters: Filters) -> list[Chip]:
    """Return a chip for each filter that is on."""
    found: list[tuple[str, str, str | Promise]] = []
    if filters.is_searching:
        found.append(("q", filters.words, f"“{filters.words}”"))
    if filters.period:
        found.append(("period", filters.period, PERIOD_LABELS[filters.period]))
    found += [("status", status.value, status.label) for status in Status if status.value in filters.statuses]
    found += [
        ("channel", name, statuses.channel_look(name).label) for name in CHANNELS if name in filters.channels
    ]
    found += [("launch", launch.value, launch.label) for launch in Launch if launch.value in filters.launches]
    found += [("tag", tag, tag) for tag in filters.tags]
    return [
        Chip(label=label, url=without(request, name, value), name=name, value=value)
        for name, value, label in found
    ]


def without(request: HttpRequest, name: str, value: str) -> str:
    """Return the page's address without one of its filters."""
    query = request.GET.copy()
    query.setlist(name, [one for one in query.getlist(name) if name in _SEVERAL and one != value])
    query.pop("page", None)
    encoded = query.urlencode()
    return f"?{encoded}" if encoded else request.path
