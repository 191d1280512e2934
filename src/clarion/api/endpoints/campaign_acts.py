"""What is done to a campaign: every action of the transition table, and what else can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.endpoints.campaigns import told
from clarion.api.frame import actor
from clarion.api.shapes import campaigns as shapes
from clarion.api.shapes.common import INT, Input, words
from clarion.campaigns import operations
from clarion.campaigns.errors import AwaitsRelease, TransitionRefused
from clarion.campaigns.models import CANARY_MOST, Campaign
from clarion.deliveries import refreshing, retrying, unknowns
from clarion.deliveries.models import Refresh
from clarion.deliveries.refreshes import operations as refresh_jobs
from clarion.deliveries.refreshes import queries as refreshes
from clarion.deliveries.refreshes.models import RefreshStatus
from clarion.deliveries.unknowns import Choice
from clarion.workspaces.actors import Actor

router = Router()


class ActIn(Input):
    """Why, and what some actions need."""

    reason: str = Field("", max_length=500, description="For the audit trail; `reject` needs one.")
    digest: str = Field("", max_length=100, description="Of `approve` and `release`: what was looked at.")
    canary_percent: int | None = Field(
        None, ge=1, le=99, description="Of `approve`: only so many per cent at first."
    )
    canary_people: int | None = Field(
        None, ge=1, le=CANARY_MOST,
        description="Of `approve`: only so many people at first; of a triggered campaign the only way to say it.",
    )  # fmt: skip
    starts_at: datetime | None = Field(
        None, description="Of `schedule`: another time than the campaign's own."
    )
    zone: str = Field("", max_length=64, description="Of `schedule`: the zone of that time.")


def _simple(operation: Callable[..., Campaign]) -> Callable[[Campaign, Actor, ActIn], Campaign]:
    return lambda campaign, by, said: operation(campaign=campaign, by=by, reason=said.reason)


def _noted(operation: Callable[..., Campaign]) -> Callable[[Campaign, Actor, ActIn], Campaign]:
    return lambda campaign, by, said: operation(campaign=campaign, by=by, note=said.reason)


def _plain(operation: Callable[..., Campaign]) -> Callable[[Campaign, Actor, ActIn], Campaign]:
    return lambda campaign, by, _said: operation(campaign=campaign, by=by)


def _approve(campaign: Campaign, by: Actor, said: ActIn) -> Campaign:
    _require_digest(said)
    return operations.approve(
        campaign=campaign, digest=said.digest, by=by, note=said.reason,
        canary_percent=said.canary_percent, canary_people=said.canary_people,
    )  # fmt: skip


def _release(campaign: Campaign, by: Actor, said: ActIn) -> Campaign:
    _require_digest(said)
    return operations.release(campaign=campaign, digest=said.digest, by=by, note=said.reason)


def _require_digest(said: ActIn) -> None:
    if not said.digest:
        text = "Send the `digest` of the campaign that was looked at."
        raise problems.own("invalid", errors=[{"field": "digest", "detail": text}])


def _schedule(campaign: Campaign, by: Actor, said: ActIn) -> Campaign:
    if said.starts_at is None:
        return operations.schedule_as_said(campaign=campaign, by=by, reason=said.reason)
    zone = said.zone or campaign.zone
    return operations.schedule(
        campaign=campaign, starts_at=said.starts_at, zone=zone, by=by, reason=said.reason
    )


def _retry(campaign: Campaign, by: Actor, said: ActIn) -> Campaign:
    retrying.retry_failed(campaign=campaign, by=by, reason=said.reason)
    return campaign


DOING: dict[str, Callable[[Campaign, Actor, ActIn], Campaign]] = {
    "submit": _noted(operations.submit),
    "approve": _approve,
    "reject": _simple(operations.reject),
    "withdraw": _noted(operations.withdraw),
    "release": _release,
    "schedule": _schedule,
    "start": _simple(operations.start),
    "launch": _simple(operations.launch),
    "pause": _simple(operations.pause),
    "hold": _simple(operations.hold),
    "continue": _simple(operations.continue_),
    "stop": _simple(operations.stop),
    "cancel": _simple(operations.cancel),
    "edit": _simple(operations.reopen),
    "retry": _retry,
    "duplicate": _plain(operations.duplicate),
    "archive": _plain(operations.archive),
    "restore": _plain(operations.restore),
}
Deed: Any = words(tuple(DOING))


@router.post(
    "/campaigns/{uuid:id}/actions/{action}",
    response={200: shapes.CampaignOut, 201: shapes.CampaignOut},
    summary="Act on a campaign",
)
def act_on_campaign(request: HttpRequest, id: UUID, action: Deed, said: ActIn | None = None) -> Any:
    """Do what the campaign's state and the member's role allow; `duplicate` answers 201 with the copy.

    `start` starts now, `launch` goes by what the campaign says of its timing. What the state does not allow is
    refused with 409 `transition_refused`, and the answer names the state and what could be done instead.
    """
    campaign = finding.campaign(request, id)
    try:
        result = DOING[action](campaign, actor(request), said or ActIn.model_validate({}))
    except AwaitsRelease:
        raise
    except TransitionRefused as refusal:
        raise _refused(request, campaign, refusal) from None
    return Status(201 if action == "duplicate" else 200, told(request, result))


def _refused(request: Any, campaign: Campaign, refusal: TransitionRefused) -> problems.Problem:
    now = told(request, campaign)
    problem = problems.of_error(refusal)
    assert problem is not None  # noqa: S101 - it has a status
    more = {"campaign_status": now["status"], "actions": now["actions"]}
    return problems.Problem(problem.status, problem.code, problem.detail, more=more)


class SpeedIn(Input):
    """How fast; null or 0 for no limit of the campaign's own."""

    rate_limit: float | None = Field(gt=0, le=1_000_000, allow_inf_nan=False, examples=[50])
    delay_min: float = Field(0, ge=0, le=3600, allow_inf_nan=False)
    delay_max: float = Field(0, ge=0, le=3600, allow_inf_nan=False)


@router.put("/campaigns/{uuid:id}/speed", response=shapes.CampaignOut, summary="Change the speed")
def change_speed(request: HttpRequest, id: UUID, said: SpeedIn) -> Any:
    """Change how fast a campaign on its way sends; it holds within a second."""
    campaign = finding.campaign(request, id)
    operations.change_speed(campaign=campaign, by=actor(request), **said.dict())
    return told(request, campaign)


class NoteIn(Input):
    """What the others should know."""

    text: str = Field(min_length=1, max_length=2_000)


@router.post("/campaigns/{uuid:id}/notes", response={204: None}, summary="Add a note")
def add_note(request: HttpRequest, id: UUID, said: NoteIn) -> Any:
    """Add a note to the campaign's trail."""
    operations.add_note(campaign=finding.campaign(request, id), text=said.text, by=actor(request))
    return Status(204, None)


class RefreshOut(Schema):
    """What the audience says now against what it said before; `before` is null when nobody has counted yet."""

    before: int | None
    now: int
    added: int
    removed: int
    changed: int


class RefreshingOut(Schema):
    """A comparison of very many people, which a background job does."""

    status: words(tuple(RefreshStatus.values))  # type: ignore[valid-type]
    is_applying: bool
    asked_at: datetime
    ended_at: datetime | None
    failure: str = Field(description="Why it could not be done; empty unless it has failed.")
    result: RefreshOut | None = Field(description="When it is done.")


@router.post(
    "/campaigns/{uuid:id}/refresh",
    response={200: RefreshOut, 202: RefreshingOut},
    summary="Refresh the audience",
)
def refresh(request: HttpRequest, id: UUID, dry_run: bool = False) -> Any:
    """Read the source of a draft or a paused campaign again and apply what changed; `dry_run` only tells.

    Very many people are compared in the background: the answer is 202 then, and `GET` tells what came of it.
    """
    campaign = finding.campaign(request, id)
    if refreshes.is_large(campaign):
        asked = refresh_jobs.ask(campaign=campaign, is_applying=not dry_run, by=actor(request))
        return Status(202, _refreshing(asked))
    do = refreshing.difference if dry_run else refreshing.refresh
    return Status(200, _refreshed(do(campaign=campaign, by=actor(request))))


@router.get("/campaigns/{uuid:id}/refresh", response=RefreshingOut, summary="Ask for the last refresh")
def refresh_state(request: HttpRequest, id: UUID) -> Any:
    """Tell of the last comparison that a background job did, or does; 404 when there was none."""
    found = refreshes.latest(finding.campaign(request, id))
    if found is None:
        raise problems.own("not_found")
    return _refreshing(found)


def _refreshed(found: refreshing.Difference) -> dict[str, Any]:
    return {name: getattr(found, name) for name in RefreshOut.model_fields}


def _refreshing(row: Refresh) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("status", "is_applying", "asked_at", "ended_at", "failure")}
    return told | {"result": _refreshed(row.difference) if row.difference else None}


Outcome: Any = words(tuple(Choice.values))


class SettleIn(Input):
    """What became of messages of which nobody knows."""

    choice: Outcome
    recipients: list[int] | None = Field(
        None, max_length=10_000, description="Their numbers; all without it."
    )


class SettleOut(Schema):
    """How many messages that were."""

    settled: int


@router.post("/campaigns/{uuid:id}/unknowns", response=SettleOut, summary="Settle unknown messages")
def settle(request: HttpRequest, id: UUID, said: SettleIn) -> Any:
    """Say of the latest run's unknown messages that they were sent, or have them sent again."""
    ids = said.recipients
    if ids is not None and any(not 0 < one <= INT for one in ids):
        raise problems.own("invalid", errors=[{"field": "recipients", "detail": "There is no such number."}])
    count = unknowns.settle_unknown(
        finding.run(request, id), by=actor(request), choice=Choice(said.choice), ids=ids
    )
    return {"settled": count}
