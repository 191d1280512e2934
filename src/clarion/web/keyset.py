"""Pages of long lists by key: `?after=` and `?before=` in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from django.utils.translation import gettext as _

from clarion.web.links import changed_query

if TYPE_CHECKING:
    from django.http import HttpRequest

    from clarion.audience.queries import Page


class Keys(TypedDict):
    """Where a page begins."""

    after: int | None
    before: int | None


#: Keys are 64-bit in the database; more digits are somebody playing.
_MOST = 2**63 - 1


def keys_of(request: HttpRequest) -> Keys:
    """`after` and `before` as the queries take them; what is no number is left out."""
    return {"after": _number(request.GET.get("after", "")), "before": _number(request.GET.get("before", ""))}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text[:20]) <= _MOST else None


def page_links(request: HttpRequest, page: Page[Any]) -> dict[str, str]:
    """`previous_url`, `next_url` and `pager_text` for the pager."""
    return {
        "previous_url": changed_query(request, before=page.newer, after="") if page.newer else "",
        "next_url": changed_query(request, after=page.older, before="") if page.older else "",
        "pager_text": _("Newest first"),
    }
