"""Reading endpoints and what they were told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from clarion.webhooks.models import Addresses, Batch, BatchStatus, Endpoint, EndpointStatus
from clarion.workspaces.models import Membership, PiiPolicy, Workspace
from clarion.workspaces.permissions import Permission

#: Requests on a page of the log.
PAGE = 50


def endpoints_for(member: Membership) -> list[Endpoint]:
    """Return the workspace's endpoints, the oldest first, with `waiting` and `failed`; none without the permission."""
    if not member.may(Permission.MANAGE_MEMBERS):
        return []
    return endpoints_of(member.workspace)


def endpoint_for(member: Membership, public_id: UUID) -> Endpoint | None:
    """Return one of those that `endpoints_for` returns."""
    return next((one for one in endpoints_for(member) if one.public_id == public_id), None)


def endpoints_of(workspace: Workspace) -> list[Endpoint]:
    """Return the workspace's endpoints for whoever holds the database."""
    waiting = Count("batches", filter=Q(batches__status=BatchStatus.WAITING, batches__is_test=False))
    failed = Count("batches", filter=Q(batches__status=BatchStatus.FAILED, batches__is_test=False))
    found = Endpoint.objects.filter(workspace=workspace).annotate(waiting=waiting, failed=failed)
    return list(found.select_related("workspace", "vouched_by__user", "created_by").order_by("pk"))


def disabled_in(workspace: Workspace, limit: int) -> list[Endpoint]:
    """Return the endpoints that the program disabled, the latest first."""
    found = Endpoint.objects.filter(workspace=workspace, status=EndpointStatus.DISABLED)
    return list(found.order_by("-status_changed_at")[:limit])


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Requests, newest first; `older` and `newer` are numbers to go on from, None where nothing follows."""

    rows: Sequence[Batch]
    older: int | None = None
    newer: int | None = None


def log_page(endpoint: Endpoint, *, status: str = "", after: int | None = None, limit: int = PAGE) -> Page:
    """Return what the endpoint was told, below number `after`, without the events themselves.

    Whoever asks has the endpoint by `endpoint_for`.
    """
    found = Batch.objects.filter(endpoint=endpoint).defer("body").order_by("-id")
    if status:
        found = found.filter(status=status)
    if after is not None:
        found = found.filter(id__lt=after)
    rows = list(found[: limit + 1])
    more = len(rows) > limit
    return Page(rows=rows[:limit], older=rows[limit - 1].pk if more else None)


def batch_of(endpoint: Endpoint, public_id: UUID) -> Batch | None:
    """Return one request to the endpoint."""
    return Batch.objects.filter(endpoint=endpoint, public_id=public_id).first()


def events_of(batch: Batch, limit: int = 500) -> list[dict[str, Any]]:
    """Return a request's events as they were told, but for addresses and texts."""
    found: list[dict[str, Any]] = orjson.loads(f"[{batch.body}]")[:limit]
    return [one | {"data": shown(one["data"])} for one in found]


def shown(data: dict[str, Any]) -> dict[str, Any]:
    """Return an event's data without what is kept for endpoints that are told addresses."""
    return {name: value for name, value in data.items() if not name.startswith("_")}


def sees_addresses(endpoint: Endpoint) -> bool:
    """Whether the endpoint is told addresses now: whoever vouched for it may still see them."""
    if endpoint.workspace.pii_policy != PiiPolicy.SHOWN or endpoint.addresses == Addresses.NONE:
        return False
    if endpoint.addresses == Addresses.OPERATOR:
        return True
    member = endpoint.vouched_by
    return (
        member is not None
        and member.suspended_at is None
        and member.user.is_active
        and member.may(Permission.VIEW_PII)
    )


def problem_in_words(problem: str) -> str:
    """Return why a request did not go well, for people; empty for one that did."""
    match problem:
        case "":
            return ""
        case "status":
            return _("The receiver answered with an error.")
        case "redirect":
            return _("The receiver leads elsewhere, which is not followed.")
        case "address":
            return _(
                "The address leads into a private network, which is not allowed. An administrator may allow it with "
                "CLARION_FETCH_ALLOW."
            )
        case "dns":
            return _("There is no server of that name.")
        case "tls":
            return _("The server’s certificate is not valid.")
        case "time":
            return _("The receiver took too long to answer.")
        case "secret":
            return _("The secret cannot be opened any more: make a new one.")
        case "url":
            return _("This address is not called.")
    return _("The receiver cannot be reached, or broke off.")
