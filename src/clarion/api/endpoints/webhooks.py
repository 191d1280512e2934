"""Webhooks: addresses that are told what happens, and what they were told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.frame import actor
from clarion.api.shapes.common import BIG, Input, Page, cursor_of, key_of, lower, words
from clarion.webhooks import operations, queries
from clarion.webhooks.models import Addresses, Batch, BatchStatus, Endpoint, EndpointStatus, Kind
from clarion.workspaces.permissions import Permission

router = Router()

KindWord: Any = words(tuple(Kind.values))
StateWord: Any = words(lower(EndpointStatus.values))
RequestWord: Any = words(lower(BatchStatus.values))
_URL = "https://shop.example/clarion"


class WebhookOut(Schema):
    """An address that is told what happens."""

    id: UUID
    url: str = Field(examples=[_URL])
    description: str
    events: list[KindWord]
    with_addresses: bool = Field(description="Whether it is told addresses and the texts of answers, now.")
    status: StateWord = Field(description="Disabled: by the program, because it failed for too long.")
    reason: str = Field(description="Why it was disabled.")
    failures: int = Field(description="Requests that failed since the last one that went well.")
    failing_since: datetime | None
    next_at: datetime | None
    told_at: datetime | None = Field(description="When a request went well last.")
    created_at: datetime
    waiting: int = Field(description="Requests that wait.")
    failed: int = Field(description="Requests that failed for good.")


class WebhookMade(WebhookOut):
    """A new one, with its secret."""

    secret: str = Field(
        description="Signs every request. Shown only now: empty when this is asked again with the same key.",
        examples=["whsec_…"],
    )


class SecretOut(Schema):
    """A secret, which is shown only now."""

    secret: str = Field(examples=["whsec_…"])


class WebhookIn(Input):
    """What is told to whom."""

    url: str = Field(max_length=2000, examples=[_URL])
    events: list[KindWord] = Field(min_length=1, max_length=20, examples=[["campaign", "run"]])
    description: str = Field("", max_length=200)
    with_addresses: bool = Field(False, description="Needs the permission view_pii.")


class WebhookPatch(Input):
    """What is changed."""

    url: str | None = Field(None, max_length=2000)
    events: list[KindWord] | None = Field(None, min_length=1, max_length=20)
    description: str | None = Field(None, max_length=200)
    with_addresses: bool | None = None
    status: words(("on", "off")) | None = None  # type: ignore[valid-type]


class TryOut(Schema):
    """A try of a request."""

    at: datetime
    status: int | None = Field(description="The receiver's answer, if there was one.")
    problem: str = Field(description="Empty when it went well.")
    detail: str
    ms: int


class RequestOut(Schema):
    """A request: some events that are, or were, told together."""

    id: UUID = Field(description="The header webhook-id.")
    status: RequestWord
    events: int
    types: list[str]
    is_test: bool
    attempts: int
    created_at: datetime
    next_at: datetime | None
    done_at: datetime | None
    tries: list[TryOut]


class ReplayedOut(Schema):
    """How many requests are told again."""

    requests: int


class Wanted(Cursor):
    """Which of them."""

    status: RequestWord | None = None


def _found(request: HttpRequest, id: UUID) -> Endpoint:
    """Return the member's endpoint. Raises `not_found`, and `not_allowed` without the permission."""
    _require(request)
    found = queries.endpoint_for(request.member, id)  # type: ignore[attr-defined]
    if found is None:
        raise problems.own("not_found")
    return found


def _require(request: HttpRequest) -> None:
    actor(request).require(Permission.MANAGE_MEMBERS)


def _webhook(one: Endpoint) -> dict[str, Any]:
    return {
        "id": one.public_id, "url": one.url, "description": one.description, "events": one.kinds,
        "with_addresses": queries.sees_addresses(one), "status": one.status.lower(), "reason": one.status_reason,
        "failures": one.failures, "failing_since": one.failing_since, "next_at": one.next_at,
        "told_at": one.told_at, "created_at": one.created_at, "waiting": getattr(one, "waiting", 0),
        "failed": getattr(one, "failed", 0),
    }  # fmt: skip


def _request(one: Batch) -> dict[str, Any]:
    return {
        "id": one.public_id, "status": one.status.lower(), "events": one.count, "types": one.types,
        "is_test": one.is_test, "attempts": one.attempts, "created_at": one.created_at, "next_at": one.next_at,
        "done_at": one.done_at, "tries": one.tries,
    }  # fmt: skip


@router.get("/webhooks", response=Page[WebhookOut], summary="List webhooks")
def list_webhooks(request: HttpRequest) -> Any:
    """The workspace's webhooks, all of them, the oldest first."""
    _require(request)
    found = queries.endpoints_for(request.member)  # type: ignore[attr-defined]
    return {"items": [_webhook(one) for one in found], "next": None}


@router.post("/webhooks", response={201: WebhookMade}, summary="Make a webhook")
def create_webhook(request: HttpRequest, said: WebhookIn) -> Any:
    """Have an address told what happens from now on."""
    made, secret = operations.create_endpoint(
        by=actor(request), url=said.url, kinds=said.events, description=said.description,
        with_addresses=said.with_addresses,
    )  # fmt: skip
    request.told_once = secret  # type: ignore[attr-defined]
    return Status(201, _webhook(made) | {"secret": secret})


@router.get("/webhooks/{uuid:id}", response=WebhookOut, summary="Show a webhook")
def show_webhook(request: HttpRequest, id: UUID) -> Any:
    """A webhook and how it goes."""
    return _webhook(_found(request, id))


@router.patch("/webhooks/{uuid:id}", response=WebhookOut, summary="Change a webhook")
def change_webhook(request: HttpRequest, id: UUID, said: WebhookPatch) -> Any:
    """Change what is named; `status` switches it on or off."""
    found, by = _found(request, id), actor(request)
    keeps = found.addresses != Addresses.NONE
    operations.change_endpoint(
        by=by, endpoint=found, url=found.url if said.url is None else said.url,
        kinds=found.kinds if said.events is None else said.events,
        description=found.description if said.description is None else said.description,
        with_addresses=keeps if said.with_addresses is None else said.with_addresses,
    )  # fmt: skip
    if said.status is not None:
        switch = operations.switch_on if said.status == "on" else operations.switch_off
        switch(by=by, endpoint=found)
    return _webhook(_found(request, id))


@router.delete("/webhooks/{uuid:id}", response={204: None}, summary="Remove a webhook")
def remove_webhook(request: HttpRequest, id: UUID) -> Any:
    """Remove it with its log."""
    operations.remove_endpoint(by=actor(request), endpoint=_found(request, id))
    return Status(204, None)


@router.post("/webhooks/{uuid:id}/secret", response=SecretOut, summary="Replace a webhook's secret")
def rotate_webhook_secret(request: HttpRequest, id: UUID) -> Any:
    """Make a new secret. The one before signs beside it for a day."""
    secret = operations.rotate_secret(by=actor(request), endpoint=_found(request, id))
    request.told_once = secret  # type: ignore[attr-defined]
    return {"secret": secret}


@router.post("/webhooks/{uuid:id}/test", response=TryOut, summary="Send a test event")
def test_webhook(request: HttpRequest, id: UUID) -> Any:
    """Post one event now, and tell what came of it."""
    from clarion.webhooks.sending import post_now

    batch = operations.queue_test(by=actor(request), endpoint=_found(request, id))
    sent = operations.test_request(batch)
    operations.settle(sent, post_now(sent, settings.CLARION_FETCH_ALLOW))
    batch.refresh_from_db()
    return batch.tries[-1]


@router.get("/webhooks/{uuid:id}/requests", response=Page[RequestOut], summary="List requests to a webhook")
def list_webhook_requests(request: HttpRequest, id: UUID, wanted: Query[Wanted]) -> Any:
    """What it was told in the last days, the newest first."""
    key = key_of(wanted.cursor, int)
    page = queries.log_page(
        _found(request, id), status=(wanted.status or "").upper(), limit=wanted.limit,
        after=min(key[0], BIG) if key else None,
    )  # fmt: skip
    return {
        "items": [_request(one) for one in page.rows],
        "next": cursor_of(page.older) if page.older is not None else None,
    }


@router.post("/webhooks/{uuid:id}/replay", response=ReplayedOut, summary="Tell again all that failed")
def replay_failed_requests(request: HttpRequest, id: UUID, since: datetime | None = None) -> Any:
    """Tell again all that failed for good, or that of requests made since a moment; with the same ids."""
    if since is not None and since.tzinfo is None:
        raise problems.own("invalid", errors=[{"field": "since", "detail": "Say the zone, too."}])
    count = operations.replay_failed(by=actor(request), endpoint=_found(request, id), since=since)
    return {"requests": count}


@router.post(
    "/webhooks/{uuid:id}/requests/{uuid:request_id}/replay",
    response=ReplayedOut,
    summary="Tell one request again",
)
def replay_request(request: HttpRequest, id: UUID, request_id: UUID) -> Any:
    """Tell one request's events again, with the same ids. None that waits already, and no test."""
    batch = queries.batch_of(_found(request, id), request_id)
    if batch is None:
        raise problems.own("not_found")
    return {"requests": int(operations.replay(by=actor(request), batch=batch))}
