"""One-offs: a message to one person without a campaign; sent, listed, shown, acted on."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import campaign_acts, finding
from clarion.api.endpoints.campaign_within import PersonWhole, whole_person
from clarion.api.frame import actor
from clarion.api.shapes import common
from clarion.api.shapes.common import (
    BIG,
    MOST_ROWS,
    PAGE,
    ChannelWord,
    Input,
    Page,
    cursor_of,
    key_of,
    words,
)
from clarion.audience import queries as audience
from clarion.campaigns import offers, operations, review
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.content import queries as content
from clarion.deliveries import details, one_offs, queries, unknowns
from clarion.deliveries.unknowns import Choice
from clarion.senders import queries as senders

router = Router()

State: Any = words(one_offs.STATES)
#: What can be done to a one-off, by the names of a campaign's actions.
Deed: Any = words(
    tuple(name for name in campaign_acts.DOING if name in {one.value for one in offers.ONE_OFF_ACTIONS})
)


class ToIn(Input):
    """One person: a contact, or an address with what the message uses of its person."""

    contact: UUID | None = None
    address: str = Field("", max_length=900, examples=["ada@shop.example"])
    values: dict[str, str] = Field(default_factory=dict, max_length=100)


class OneOffIn(Input):
    """What is sent to whom by which sender: a template, or a body as a template's source has it."""

    sender: UUID
    to: ToIn
    template: UUID | None = None
    version: int | None = Field(
        None, ge=1, le=common.INT, description="Of the template; without it the latest."
    )
    body: dict[str, Any] | None = Field(None, examples=[{"mode": "text", "source": "It is on its way."}])
    starts_at: datetime | None = Field(None, description="Without it at once.")
    zone: str = Field("", max_length=64, description="In which its day and hours are meant.")


class OneOffRow(Schema):
    """A one-off of the history."""

    id: UUID
    state: State
    status: str
    reason: str
    channel: str
    sender: str
    to: str
    author: str | None
    created_at: datetime
    starts_at: datetime | None
    finished_at: datetime | None


class OneOffOut(OneOffRow):
    """A one-off with all that is known of its message; null for who may not see personal data."""

    zone: str
    missed_at: datetime | None
    template: UUID | None
    version: int | None
    body: dict[str, Any] | None
    digest: str = Field(description="Stands for what it says; `approve` asks for it.")
    actions: list[str] = Field(description="What the token may do to it now.")
    delivery: PersonWhole | None = Field(description="Its message, once it was put together.")


class OneOffsWanted(Schema):
    """The filters of the history."""

    channel: ChannelWord | None = None
    state: State | None = None
    q: str = Field("", max_length=900, description="The beginning of an id or of an address, or all of it.")
    limit: int = Field(PAGE, ge=1, le=MOST_ROWS)
    cursor: str = Field("", max_length=500)


@router.get("/one-offs", response=Page[OneOffRow], summary="List one-offs")
def list_one_offs(request: Any, wanted: Query[OneOffsWanted]) -> Any:
    """The one-offs that fit, the newest first."""
    key = key_of(wanted.cursor, int)
    member = request.member
    page, rows = one_offs.one_offs_page(
        member,
        wanted=one_offs.Wanted(
            search=wanted.q.strip(), is_whole=not common.sees_people(member), channel=wanted.channel or "",
            state=wanted.state or "",
        ),
        after=min(key[0], BIG) if key else None, limit=wanted.limit,
    )  # fmt: skip
    return {
        "items": [_row(request, one) for one in rows],
        "next": cursor_of(page.older) if page.older is not None else None,
    }


@router.post("/one-offs", response={201: OneOffOut}, summary="Send a one-off")
def send_one_off(request: HttpRequest, said: OneOffIn) -> Any:
    """Send a message to one person, now or at `starts_at`, and answer with what was made.

    Needs `launch` too, unless the workspace moderates: then it waits for a moderator, and goes by itself after.
    """
    member = request.member  # type: ignore[attr-defined]
    if (said.to.contact is None) != bool(said.to.address.strip()):
        text = "Name either a contact or an address."
        raise problems.own("invalid", errors=[{"field": "to", "detail": text}])
    contact = None
    if said.to.contact is not None:
        contact = finding.named("to.contact", audience.contact_for(member, said.to.contact))
    version = None
    if said.template is not None:
        template = finding.named("template", content.template_for(member, said.template))
        version = content.latest_version(template)
        if said.version is not None:
            version = finding.named("version", content.version_of(template, said.version))
    made = operations.send_one_off(
        sender=finding.named("sender", senders.sender_for(member, said.sender)),
        to=operations.Addressee(contact=contact, address=said.to.address, values=said.to.values),
        said=operations.Said(template_version=version, body=said.body or {}),
        starts_at=said.starts_at, zone=said.zone, by=actor(request),
    )  # fmt: skip
    return Status(201, _told(request, made.public_id))


@router.get("/one-offs/{uuid:id}", response=OneOffOut, summary="Show a one-off")
def show_one_off(request: HttpRequest, id: UUID) -> Any:
    """What it says, every attempt and receipt of its message, and what may be done to it now."""
    return _told(request, id)


@router.delete("/one-offs/{uuid:id}", response={204: None}, summary="Delete a one-off")
def delete_one_off(request: HttpRequest, id: UUID) -> Any:
    """Delete what was never sent: a draft, or one that was cancelled before its time."""
    operations.delete(campaign=finding.one_off(request, id), by=actor(request))
    return Status(204, None)


@router.post("/one-offs/{uuid:id}/actions/{action}", response=OneOffOut, summary="Act on a one-off")
def act_on_one_off(
    request: HttpRequest, id: UUID, action: Deed, said: campaign_acts.ActIn | None = None
) -> Any:
    """Do what its state and the member's role allow, such as `cancel` before its time.

    What the state does not allow is refused with 409 `transition_refused`, and the answer names the state and what
    could be done instead.
    """
    found = finding.one_off(request, id)
    body = said or campaign_acts.ActIn.model_validate({})
    try:
        campaign_acts.DOING[action](found, actor(request), body)
    except TransitionRefused as refusal:
        now = _told(request, id)
        problem = problems.of_error(refusal)
        assert problem is not None  # noqa: S101 - it has a status
        more = {"campaign_status": now["status"], "actions": now["actions"]}
        raise problems.Problem(problem.status, problem.code, problem.detail, more=more) from None
    return _told(request, id)


class OneOffSettleIn(Input):
    """What became of a message of which nobody knows."""

    choice: campaign_acts.Outcome


@router.post("/one-offs/{uuid:id}/unknown", response=OneOffOut, summary="Settle an unknown one-off")
def settle_one_off(request: HttpRequest, id: UUID, said: OneOffSettleIn) -> Any:
    """Say of a message of which nobody knows that it was sent, or have it sent again."""
    found = finding.one_off(request, id)
    run = finding.there(queries.run_for(request.member, found))  # type: ignore[attr-defined]
    unknowns.settle_unknown(run, by=actor(request), choice=Choice(said.choice))
    return _told(request, id)


@router.post("/one-offs/{uuid:id}/reveal", response=OneOffOut, summary="Show a one-off's data")
def reveal_one_off(request: Any, id: UUID) -> Any:
    """The same as showing it, with the person's data where the workspace masks them; the audit trail keeps it."""
    found = finding.one_off(request, id)
    run = queries.run_for(request.member, found)
    operations.reveal_recipient(
        campaign=found, run=run.number if run is not None else 0, number=1, by=actor(request)
    )
    # Whoever asks again with the same key is told no more than everybody.
    request.kept_body = orjson.dumps(_told(request, id), default=str)
    request.member.is_shown_people = True
    return _told(request, id)


def _row(request: Any, one: one_offs.OneOff) -> dict[str, Any]:
    found = one.campaign
    return {
        "id": found.public_id, "state": one.state, "status": found.status.lower(), "reason": found.status_reason,
        "channel": one.channel, "sender": one.sender, "to": common.address(request.member, found.to_address),
        "author": found.created_by.get_full_name() if found.created_by else None,
        "created_at": found.created_at, "starts_at": found.starts_at, "finished_at": found.finished_at,
    }  # fmt: skip


def _told(request: Any, id: UUID) -> dict[str, Any]:
    """Return the one-off as it is now."""
    found = finding.one_off(request, id)
    (row,) = one_offs.rows_of([found])
    step = found.steps.all()[0]
    version = step.template_version
    sees = common.sees_people(request.member)
    seen = details.delivery_details(row.run, 1) if row.run is not None else None
    return {
        **_row(request, row),
        "zone": found.zone, "missed_at": found.missed_at,
        "template": version.template.public_id if version else None,
        "version": version.number if version else None,
        "body": step.body_source if sees and not version else None,
        "digest": review.digest_of(found),
        "actions": _actions(found, request.member),
        "delivery": whole_person(request, row.run, seen) if row.run is not None and seen is not None else None,
    }  # fmt: skip


def _actions(found: Campaign, member: Any) -> list[str]:
    names = [one.value for one in offers.one_off_actions(found, member)]
    handlings = offers.handling_for(found, member)
    return [*names, *(["delete"] if offers.Handling.DELETE in handlings else [])]
