"""People pushed into a triggered campaign, each once by the caller's key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from clarion.api import problems
from clarion.api.frame import actor
from clarion.api.shapes.common import Input
from clarion.deliveries import pushing

router = Router()


class PersonIn(Input):
    """Somebody to write to."""

    key: str = Field(
        min_length=1, max_length=pushing.KEY_LENGTH, examples=["order-4711"],
        description="The caller's own: it is taken once in a run, however often it is sent.",
    )  # fmt: skip
    address: str = Field("", max_length=pushing.ADDRESS_LENGTH, examples=["ana@shop.example"])
    variables: dict[str, Any] = Field(default_factory=dict, examples=[{"first_name": "Ana"}])


class PushIn(Input):
    """The people of one call."""

    people: list[PersonIn] = Field(min_length=1, max_length=pushing.PUSH_MAX)


class PushedOne(Schema):
    """What became of one key."""

    key: str
    recipient: int
    new: bool = Field(description="Whether it was this call that brought it.")
    skip: str | None = Field(description="Why the person gets nothing; null when they do.")


class PushedOut(Schema):
    """What became of each, in their order."""

    people: list[PushedOne]


@router.post(
    "/campaigns/{uuid:id}/people", response={202: PushedOut}, summary="Push people into a triggered campaign"
)
def push(request: HttpRequest, id: UUID, said: PushIn) -> Any:
    """Add up to 1,000 people to the run of a triggered campaign that is on its way; who gets it is sent to at once.

    Sending a key again changes nothing, so a call that got no answer may simply be repeated. People in calls of a
    hundred cost a tenth of what they cost one by one.
    """
    try:
        found = pushing.push_to(public_id=id, people=people_of(said), by=actor(request))
    except ValueError as refusal:
        raise problems.own("invalid", str(refusal)) from None
    if found is None:
        raise problems.own("not_found")
    # Not through the schema, which would take longer than the push.
    return HttpResponse(written(found), status=202, content_type="application/json")


def people_of(said: PushIn) -> list[pushing.Person]:
    """Return the people of a call. Raises ValueError with a sentence."""
    return [
        pushing.person({"key": one.key, "address": one.address, "variables": one.variables})
        for one in said.people
    ]


def written(found: Sequence[pushing.Pushed]) -> bytes:
    """Return what became of the people of a call as the answer's body."""
    rows = [
        {
            "key": one.key, "recipient": one.recipient_id, "new": one.is_new,
            "skip": one.skip.name.lower() if one.skip is not None else None,
        }
        for one in found
    ]  # fmt: skip
    return orjson.dumps({"people": rows})
