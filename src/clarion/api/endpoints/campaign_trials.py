"""A campaign before it goes: who would get it, how it looks to one of them, and tests to named addresses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.sender_trials import OutcomeOut, outcome
from clarion.api.frame import actor
from clarion.api.shapes import common
from clarion.api.shapes.common import BIG, Input, Page, cursor_of, key_of, words
from clarion.audience import queries as audience
from clarion.audience.masking import mask_values
from clarion.audience.models import Source, SourceStatus
from clarion.campaigns import material, operations
from clarion.campaigns.models import Campaign, Step
from clarion.campaigns.preflight import content_of
from clarion.channels.base import ConfigInvalid
from clarion.content import rendering
from clarion.engine.outcomes import Accepted
from clarion.senders import testing
from clarion.workspaces.permissions import Permission

router = Router()

#: Recipients one can leaf through, and addresses of one test.
SAMPLE, TESTS_MAX = 25, 5
#: Stands in for a recipient while there is none.
NOBODY = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"}
AudienceStep: Any = words(tuple(audience.STEPS))


class AudienceCount(Schema):
    """How many people there are, and why some get nothing, step by step; null while there is no audience."""

    matched: int
    no_address: int
    invalid: int
    duplicate: int
    suppressed: int
    do_not_contact: int
    no_consent: int
    capped: int
    excluded: int
    will_receive: int
    about: bool = Field(description="Whether very many people were judged by some of them.")


def _ready(request: Any, id: UUID) -> tuple[Campaign, Source, str]:
    campaign = finding.campaign(request, id)
    source = campaign.source
    if source is None or source.table.status != SourceStatus.READY:
        raise problems.own("not_found", "The campaign has no audience that can be counted.")
    step = campaign.steps.order_by("position").first()
    return campaign, source, step.channel if step else "email"


@router.get("/campaigns/{uuid:id}/audience", response=AudienceCount, summary="Count a campaign's audience")
def count_audience(request: Any, id: UUID) -> Any:
    """Who would get it now on its first channel, and why the others would not."""
    campaign, source, channel = _ready(request, id)
    found = material.counted(campaign, source, channel)
    names = set(AudienceCount.model_fields) - {"about"}
    return {name: getattr(found, name) for name in names} | {"about": found.is_about}


class SomebodyOut(Schema):
    """A person on a step."""

    number: int
    address: str
    name: str
    problem: str
    contact: UUID | None


@router.get(
    "/campaigns/{uuid:id}/audience/{step}", response=Page[SomebodyOut], summary="List people of an audience"
)
def people_of_audience(request: Any, id: UUID, step: AudienceStep, wanted: Query[Cursor]) -> Any:
    """The people whom a step counts, such as `suppressed`, in the source's order."""
    campaign, source, channel = _ready(request, id)
    key = key_of(wanted.cursor, int)
    page = audience.people_of(
        source, channel, step, campaign_id=campaign.pk, is_capped=not campaign.ignores_caps,
        after=min(key[0], BIG) if key else None, limit=wanted.limit,
    )  # fmt: skip
    member = request.member
    return {
        "items": [
            {"number": one.key, "address": common.address(member, one.address),
             "name": common.person_name(member, one.name),
             "problem": one.problem if common.sees_people(member) else "", "contact": one.contact}
            for one in page.people
        ],
        "next": cursor_of(page.after) if page.after is not None else None,
    }  # fmt: skip


class PreviewOut(Schema):
    """The message as one of the first recipients will see it."""

    recipient: int
    of: int
    subject: str
    preheader: str
    html: str
    text: str
    missing: list[str] = Field(description="Variables that had no value.")
    problem: str


class PreviewWanted(Schema):
    """Which message, and to whom."""

    step: int = Field(0, ge=0, le=100)
    recipient: int = Field(1, ge=1, le=SAMPLE)


@router.get("/campaigns/{uuid:id}/preview", response=PreviewOut, summary="Preview a campaign")
def preview(request: Any, id: UUID, wanted: Query[PreviewWanted]) -> Any:
    """What it says to one of the first recipients; needs `edit`. Without `view_pii` it is to nobody in particular."""
    actor(request).require(Permission.EDIT)
    campaign = finding.campaign(request, id)
    step = _step(campaign, wanted.step)
    people = _people(campaign) if common.sees_people(request.member) else []
    number = min(wanted.recipient, len(people) or 1)
    content = content_of(step)[0]
    if not content:
        raise problems.own("invalid", "Write the message first.")
    filled = rendering.preview(content, step.channel, people[number - 1] if people else NOBODY)
    names = ("subject", "preheader", "html", "text", "missing", "problem")
    return {"recipient": number, "of": len(people), **{name: getattr(filled, name) for name in names}}


class TestsIn(Input):
    """To whom the test goes, and as which of the first recipients."""

    addresses: list[str] = Field(min_length=1, max_length=TESTS_MAX, examples=[["me@shop.example"]])
    step: int = Field(0, ge=0, le=100)
    recipient: int = Field(1, ge=1, le=SAMPLE)


class TestOut(OutcomeOut):
    """What became of a test."""

    address: str


@router.post("/campaigns/{uuid:id}/test", response=list[TestOut], summary="Send a test of a campaign")
def send_test(request: Any, id: UUID, said: TestsIn) -> Any:
    """Send the message as it is now to at most five addresses, really, filled in as for one of the recipients."""
    by = actor(request)
    by.require(Permission.EDIT)
    campaign = finding.campaign(request, id)
    step = _step(campaign, said.step)
    if step.sender is None or not content_of(step)[0]:
        raise problems.own("invalid", "Choose a sender and write the message first.")
    people = _people(campaign)
    if not common.sees_people(request.member):
        people = [mask_values(person) for person in people]
    person = people[min(said.recipient, len(people)) - 1] if people else NOBODY
    told, taken = [], 0
    for address in dict.fromkeys(said.addresses):
        try:
            found = testing.send_test(step.sender, content_of(step)[0], address, person, by=by)
        except ConfigInvalid as refusal:
            facts = {"outcome": "refused", "reason": None, "sentence": str(refusal), "cure": "", "code": "",
                     "detail": ""}  # fmt: skip
        else:
            facts, taken = outcome(found), taken + isinstance(found, Accepted)
        told.append({"address": address, **facts})
    if taken:
        operations.record_test(campaign=campaign, channel=step.channel, recipient_count=taken, by=by)
    return told


def _step(campaign: Campaign, position: int) -> Step:
    found = next((one for one in campaign.steps.all() if one.position == position), None)
    if found is None:
        raise problems.own("invalid", errors=[{"field": "step", "detail": "There is no such step."}])
    return found


def _people(campaign: Campaign) -> list[dict[str, Any]]:
    source = campaign.source
    if source is None or source.table.status == SourceStatus.FAILED:
        return []
    return audience.sample(source, SAMPLE)
