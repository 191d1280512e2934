"""The media library: files that messages show or carry."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import laying
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.lists import paged
from clarion.api.frame import FILES, actor
from clarion.api.shapes.common import Page
from clarion.campaigns.operations.media import delete_media as delete_unused
from clarion.content import media, operations
from clarion.content.models import MediaFile

router = Router()


class MediaOut(Schema):
    """A file of the library. Whoever knows its address can see it."""

    id: UUID
    name: str
    content_type: str
    size: int = Field(description="In octets.")
    width: int | None
    height: int | None
    url: str
    created_at: datetime


class Wanted(Cursor):
    """Which files."""

    q: str = Field("", max_length=120)


class NamedWanted(Schema):
    """What the file is called."""

    name: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f/\\]+$", examples=["logo.png"])


def _told(one: MediaFile) -> dict[str, Any]:
    names = ("name", "content_type", "size", "width", "height", "created_at")
    return {"id": one.public_id, "url": media.address_of(one), **{name: getattr(one, name) for name in names}}


def _found(request: Any, id: UUID) -> MediaFile:
    found = media.file_for(request.member, id)
    if found is None:
        raise problems.own("not_found")
    return found


@router.get("/media", response=Page[MediaOut], summary="List files")
def list_media(request: Any, wanted: Query[Wanted]) -> Any:
    """The library's files, the newest first."""
    return paged(media.files_for(request.member, search=wanted.q), wanted, _told)


_BODY = laying.body_of("application/octet-stream", "The file; what it is, its first octets say.")


@router.post("/media", response={201: MediaOut}, summary="Upload a file", openapi_extra=_BODY)
def upload_media(request: Any, wanted: Query[NamedWanted]) -> Any:
    """Put a picture or document into the library; the same octets again are the same file."""
    with laying.unpacked(request, FILES, most=media.MAX_OCTETS + 1) as file:
        return Status(201, _told(operations.store_media(by=actor(request), file=file, name=wanted.name)))


@router.get("/media/{uuid:id}", response=MediaOut, summary="Show a file")
def show_media(request: Any, id: UUID) -> Any:
    """A file and its address."""
    return _told(_found(request, id))


@router.delete("/media/{uuid:id}", response={204: None}, summary="Delete a file")
def delete_media(request: Any, id: UUID) -> Any:
    """Delete a file that no template and no campaign needs."""
    delete_unused(file=_found(request, id), by=actor(request))
    return Status(204, None)
