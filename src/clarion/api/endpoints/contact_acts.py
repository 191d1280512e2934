"""What is done about one person: further addresses, what they said, showing, handing out, merging, forgetting."""

from __future__ import annotations

import tempfile
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.http import FileResponse
from ninja import Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.frame import actor
from clarion.api.shapes import audience as shapes
from clarion.api.shapes import common
from clarion.api.shapes.common import ChannelWord, Input, lower, words
from clarion.audience import addresses, operations, queries
from clarion.audience.models import ConsentSource, ConsentState, Contact, Erasure
from clarion.deliveries import erasing, history, optout, personal

router = Router()

Kind: Any = words(tuple(addresses.kinds()))
Consent: Any = words(lower(ConsentState.values))


class AddressIn(Input):
    """One of a contact's addresses."""

    kind: Kind = Field(examples=["telegram"])
    address: str = Field(min_length=1, max_length=900, examples=["123456789"])


class AddressesOut(Schema):
    """All addresses of a contact by their kinds, the one that is written to first."""

    addresses: dict[str, list[str]]


def _addresses(request: Any, one: Contact) -> dict[str, Any]:
    one.refresh_from_db()
    every = addresses.all_of(one)
    return {
        "addresses": {
            kind: [common.address(request.member, address) for address in found]
            for kind, found in every.items()
        }
    }


@router.get("/contacts/{uuid:id}/addresses", response=AddressesOut, summary="List a contact's addresses")
def list_addresses(request: Any, id: UUID) -> Any:
    """Every address by its kind, the one that is written to first."""
    return _addresses(request, finding.contact(request, id))


@router.post("/contacts/{uuid:id}/addresses", response=AddressesOut, summary="Add an address")
def add_address(request: Any, id: UUID, said: AddressIn) -> Any:
    """Give a contact one more address; the first of its kind is written to."""
    found = finding.contact(request, id)
    operations.add_address(by=actor(request), contact=found, kind=said.kind, address=said.address)
    return _addresses(request, found)


@router.post("/contacts/{uuid:id}/addresses/prefer", response=AddressesOut, summary="Prefer an address")
def prefer_address(request: Any, id: UUID, said: AddressIn) -> Any:
    """Write to the contact by this one of its addresses from now on."""
    found = finding.contact(request, id)
    operations.prefer_address(by=actor(request), contact=found, kind=said.kind, address=said.address)
    return _addresses(request, found)


@router.post("/contacts/{uuid:id}/addresses/remove", response=AddressesOut, summary="Take an address away")
def remove_address(request: Any, id: UUID, said: AddressIn) -> Any:
    """Take an address away; the last one of a contact stays."""
    found = finding.contact(request, id)
    operations.remove_address(by=actor(request), contact=found, kind=said.kind, address=said.address)
    return _addresses(request, found)


class ConsentIn(Input):
    """What a contact said about a channel."""

    channel: ChannelWord = Field(examples=["email"])
    state: Consent = Field(examples=["given"])
    at: datetime | None = Field(None, description="When it was said; now without it.")
    note: str = Field("", max_length=200, description="How it is known.")


class ConsentOut(Schema):
    """What was said about a channel, and how it is known."""

    channel: str
    state: str
    source: str
    note: str
    at: datetime


@router.get("/contacts/{uuid:id}/consents", response=list[ConsentOut], summary="Show a contact's consent")
def list_consents(request: Any, id: UUID) -> Any:
    """The last hundred things that the contact said about channels, the newest first."""
    sees = common.sees_people(request.member)
    return [
        {"channel": one.channel, "state": one.state.lower(), "source": one.source.lower(),
         "note": one.note if sees else "", "at": one.at}
        for one in queries.consent_history(finding.contact(request, id))
    ]  # fmt: skip


@router.post("/contacts/{uuid:id}/consents", response=shapes.ContactOut, summary="Note consent")
def set_consent(request: Any, id: UUID, said: ConsentIn) -> Any:
    """Note what the contact said; messages of runs under way are left out when it is withdrawn."""
    found = finding.contact(request, id)
    is_news = operations.set_consent(
        by=actor(request), contact=found, channel=said.channel, state=said.state.upper(), note=said.note,
        at=said.at, source=ConsentSource.API,
    )  # fmt: skip
    if is_news and said.state.upper() == ConsentState.WITHDRAWN:
        optout.skip_contact(found, said.channel)
    return shapes.contact(found, request.member)


class SentOut(Schema):
    """A message to the contact."""

    campaign: UUID | None
    campaign_name: str
    run: int
    channel: str
    stage: str
    skip: str | None
    result: str | None
    at: datetime | None = Field(description="Of the latest attempt; null while it waits.")


@router.get("/contacts/{uuid:id}/messages", response=list[SentOut], summary="Show what a contact was sent")
def list_messages(request: Any, id: UUID) -> Any:
    """The newest messages to the contact."""
    return [
        {
            "campaign": one.campaign_public_id, "campaign_name": one.campaign_name, "run": one.run_number,
            "channel": one.channel, "stage": one.stage.name.lower(),
            "skip": one.skip.name.lower() if one.skip else None,
            "result": one.result.name.lower() if one.result else None, "at": one.at,
        }
        for one in history.messages_to(finding.contact(request, id)).messages
    ]  # fmt: skip


@router.post("/contacts/{uuid:id}/reveal", response=shapes.ContactOut, summary="Show a person's data")
def reveal_contact(request: Any, id: UUID) -> Any:
    """The whole contact where the workspace masks everybody until they are asked for; the audit trail keeps it."""
    found = finding.contact(request, id)
    operations.reveal_contact(by=actor(request), contact=found)
    # Whoever asks again with the same key is told no more than everybody.
    request.kept_body = orjson.dumps(shapes.contact(found, request.member))
    request.member.is_shown_people = True
    return shapes.contact(found, request.member)


_FILE = {"responses": {200: {
    "description": "A ZIP with `person.json` and `person.html`.",
    "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
}}}  # fmt: skip


@router.post("/contacts/{uuid:id}/file", summary="Hand out a person's data", openapi_extra=_FILE)
def person_file(request: Any, id: UUID) -> Any:
    """All that is known of the person, as a ZIP for them to have; the audit trail keeps that it was fetched.

    Nothing of it is kept for an idempotency key: whoever asks again gets it made anew, and the trail keeps it once.
    """
    found = finding.contact(request, id)
    request.is_made_anew = True
    if not getattr(request, "is_repeated", False):
        operations.record_person_export(by=actor(request), contact=found)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    personal.write_zip(found, file)
    file.seek(0)
    return FileResponse(
        file, as_attachment=True, filename=f"person-{found.public_id}.zip", content_type="application/zip"
    )


class MergeIn(Input):
    """Which other contact becomes a part of this one."""

    gone: UUID
    take: list[str] = Field(
        default_factory=list,
        max_length=300,
        description="Fields of the other to take, such as `attribute:city`.",
    )


@router.post("/contacts/{uuid:id}/merge", response=shapes.ContactOut, summary="Merge two contacts")
def merge_contacts(request: Any, id: UUID, said: MergeIn) -> Any:
    """Make one of two contacts, with all addresses, tags, lists and messages of both. It cannot be taken back."""
    kept = finding.contact(request, id)
    gone = finding.named("gone", queries.contact_for(request.member, said.gone))
    made = operations.merge_contacts(by=actor(request), kept=kept, gone=gone, take=said.take)
    return shapes.contact(made, request.member)


class EraseIn(Input):
    """Why."""

    reason: str = Field("", max_length=500, description="For the audit trail; no personal data.")


class ErasureOut(Schema):
    """That a person was removed for good, and how far that has come: `running` or `done`."""

    id: UUID
    status: str
    counts: dict[str, int]
    created_at: datetime
    finished_at: datetime | None


def _erasure(one: Erasure) -> dict[str, Any]:
    names = ("counts", "created_at", "finished_at")
    return {"id": one.public_id, "status": one.status.lower(), **{name: getattr(one, name) for name in names}}


@router.post("/contacts/{uuid:id}/erase", response={202: ErasureOut}, summary="Forget a person")
def erase_contact(request: Any, id: UUID, said: EraseIn | None = None) -> Any:
    """Remove the person for good from everything that there is of them; counts stay. It cannot be taken back."""
    found = finding.contact(request, id)
    return Status(
        202, _erasure(erasing.erase(by=actor(request), contact=found, reason=said.reason if said else ""))
    )


@router.get("/erasures", response=list[ErasureOut], summary="List erasures")
def list_erasures(request: Any) -> Any:
    """The last hundred, the newest first; whom they were about is not kept."""
    return [_erasure(one) for one in queries.erasures_for(request.member)[:100]]


class AllowedOut(Schema):
    """Whether it was an erased person's."""

    was_erased: bool


@router.post("/erasures/allow", response=AllowedOut, summary="Let an erased address in again")
def allow_again(request: Any, said: AddressIn) -> Any:
    """Let an erased person's address be used again, because they came back themselves; needs `manage_members`."""
    try:
        was_erased = operations.allow_again(by=actor(request), kind=said.kind, address=said.address)
    except ValueError as refusal:
        raise problems.own("invalid", errors=[{"field": "address", "detail": str(refusal)}]) from None
    return {"was_erased": was_erased}
