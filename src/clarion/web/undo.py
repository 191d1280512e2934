"""Taking back what was just put into the archive: the toast that tells of it has a button for that."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from clarion.campaigns.models import Campaign

_KEY = "archived_last"
#: What a message is tagged with so that its toast offers to take it back.
TAG = "undo"


def offer(request: HttpRequest, campaigns: Sequence[Campaign]) -> None:
    """Remember what was archived by this request; `tag` and the next `take` give it back."""
    request.session[_KEY] = [str(campaign.public_id) for campaign in campaigns]
    request.undo_offered = bool(campaigns)  # type: ignore[attr-defined]


def tag(request: HttpRequest) -> str:
    """Return the tag for a message about what this request archived; empty when it archived nothing."""
    return TAG if getattr(request, "undo_offered", False) else ""


def take(request: HttpRequest) -> list[UUID]:
    """Return the ids of what was archived last, once."""
    return [UUID(text) for text in request.session.pop(_KEY, [])]
