"""What is to come: the calendar, and what waits for a moderator."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from clarion.api import problems
from clarion.campaigns import moderation, review
from clarion.deliveries import calendar

router = Router()

#: Days that are told at once.
MOST_DAYS = 400


class DateOut(Schema):
    """A campaign on a day, or on several."""

    campaign: UUID
    name: str
    status: str
    channels: list[str]
    begins_at: datetime
    ends_at: datetime | None = Field(description="Of what lasts several days.")
    count: int = Field(description="How many times on this day.")
    run: int | None
    coming: bool


class Span(Schema):
    """Which days, by the workspace's calendar, the last one too."""

    first: date = Field(examples=["2030-03-01"])
    last: date = Field(examples=["2030-03-31"])


@router.get("/calendar", response=list[DateOut], summary="Show the calendar")
def show_calendar(request: Any, wanted: Query[Span]) -> Any:
    """What begins or lasts on the days, in order of time; drafts are left out, recurring campaigns on each date."""
    is_span = wanted.first <= wanted.last and (wanted.last - wanted.first).days <= MOST_DAYS
    if not is_span or not 1970 <= wanted.first.year <= wanted.last.year < 9999:
        text = f"Name days in order, at most {MOST_DAYS}."
        raise problems.own("invalid", errors=[{"field": "last", "detail": text}])
    zone = request.member.workspace.zone
    return [
        {
            "campaign": one.campaign.public_id, "name": one.campaign.name, "status": one.status.lower(),
            "channels": list(one.channels), "begins_at": one.begins_at, "ends_at": one.ends_at, "count": one.count,
            "run": one.run_number, "coming": one.is_coming,
        }
        for one in calendar.entries(request.member, wanted.first, wanted.last, zone)
    ]  # fmt: skip


class SubmissionOut(Schema):
    """A campaign that waits for a moderator: `approve` and `reject` it, or `release` the rest of it."""

    campaign: UUID
    name: str
    one_off: bool = Field(description="Whether it is one, and found under `/one-offs`.")
    waits_for: str = Field(description="`approval`, or `release` of what follows a first part.")
    submitted_at: datetime | None
    submitted_by: str
    digest: str = Field(description="Stands for what it says now; `approve` and `release` ask for it.")


@router.get("/moderation", response=list[SubmissionOut], summary="List what waits for a moderator")
def list_submissions(request: Any) -> Any:
    """Submissions that nobody has decided on, the oldest first, and first parts that are out."""
    if not moderation.may_see(request.member):
        raise problems.own("not_allowed")
    waiting = [
        _submission(one.campaign, "approval", one)
        for one in moderation.submitted_for(request.member)[: moderation.SHOWN]
    ]
    held = [
        _submission(one, "release", moderation.latest_review(one))
        for one in moderation.held_for(request.member)[: moderation.SHOWN]
    ]
    return waiting + held


def _submission(campaign: Any, waits_for: str, found: Any) -> dict[str, Any]:
    return {
        "campaign": campaign.public_id, "name": campaign.name, "one_off": campaign.is_one_off,
        "waits_for": waits_for,
        "submitted_at": found.submitted_at if found else None,
        "submitted_by": str(found.submitted_by) if found and found.submitted_by else "",
        "digest": review.digest_of(campaign),
    }  # fmt: skip
