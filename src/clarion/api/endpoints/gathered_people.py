"""What is done with the people of a run whom a filter leaves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.frame import actor
from clarion.api.shapes.common import INT, Input
from clarion.api.shapes.people import Conditions
from clarion.deliveries import gathering, retrying

router = Router()


class PeopleIn(Conditions, Input):
    """Which people of a run; all that is said has to hold."""

    run: int | None = Field(None, ge=1, le=INT, description="A run's number; the latest without one.")


class PeopleListIn(PeopleIn):
    """Which people, and what their list is called."""

    name: str = Field(min_length=1, max_length=120)


class PeopleListOut(Schema):
    """The list. With `is_later` it is being filled; else `count` people are on it."""

    id: UUID
    name: str
    count: int
    is_later: bool


class SuppressedOut(Schema):
    """How many addresses were not suppressed before; with `is_later` it is being done."""

    count: int
    is_later: bool


class RetriedOut(Schema):
    """How many messages are sent again, and how many were left out because they are suppressed."""

    again: int
    suppressed: int


@router.post(
    "/campaigns/{uuid:id}/people/list", response={201: PeopleListOut}, summary="Make a list of a run's people"
)
def list_people_of_run(request: HttpRequest, id: UUID, said: PeopleListIn) -> Any:
    """Make a list of those who fit. Who came from a file and is no contact yet becomes one."""
    run = finding.run(request, id, said.run)
    name = said.name.strip()
    if not name:
        raise problems.own("invalid", errors=[{"field": "name", "detail": "Give the list a name."}])
    made, done = gathering.list_people(run=run, wanted=said.meant(), name=name, by=actor(request))
    told = {"id": made.public_id, "name": made.name, "count": done.count, "is_later": done.is_later}
    return Status(201, told)


@router.post(
    "/campaigns/{uuid:id}/people/suppress", response=SuppressedOut, summary="Suppress a run's people"
)
def suppress_people_of_run(request: HttpRequest, id: UUID, said: PeopleIn) -> Any:
    """Suppress the addresses of those who fit, on the channels of the run."""
    run = finding.run(request, id, said.run)
    done = gathering.suppress_people(run=run, wanted=said.meant(), by=actor(request))
    return {"count": done.count, "is_later": done.is_later}


@router.post(
    "/campaigns/{uuid:id}/people/retry", response=RetriedOut, summary="Retry what failed for some people"
)
def retry_people_of_run(request: HttpRequest, id: UUID, said: PeopleIn) -> Any:
    """Send again what failed in the latest run for those who fit."""
    run = finding.run(request, id)
    people = gathering.failed_people(run, said.meant(), by=actor(request))
    done = retrying.retry_failed(campaign=run.campaign, by=actor(request), people=people)
    return {"again": done.again, "suppressed": done.suppressed}
