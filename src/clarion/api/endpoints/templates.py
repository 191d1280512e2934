"""Templates and their versions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api.endpoints import finding
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.lists import paged
from clarion.api.frame import actor
from clarion.api.shapes.common import INT, ChannelWord, Input, Page, words
from clarion.content import operations, queries
from clarion.content.models import Template

router = Router()
_EXAMPLE = {"mode": "html", "subject": "Hello {{ first_name }}", "source": "<p>Hi {{ first_name }}</p>"}


class TemplateIn(Input):
    """A new template."""

    channel: ChannelWord = Field(examples=["email"])
    name: str = Field(max_length=500, examples=["Welcome"])
    source: dict[str, Any] = Field(examples=[_EXAMPLE])


class TemplatePatch(Input):
    """Another name, or a new version."""

    name: str | None = Field(None, max_length=500)
    source: dict[str, Any] | None = Field(None, examples=[_EXAMPLE])
    language: str | None = Field(None, max_length=35, description="In which it is said; else all languages.")
    version: int | None = Field(
        None,
        ge=1,
        le=INT,
        description="The version that the source was made from: what somebody has saved of the same text since is"
        " not written over, and the answer is 409 `template_changed` with the `version` that stands now. Without it"
        " only words of the token's own member are written over, and the answer to all else is the same.",
    )


class TemplateRow(Schema):
    """A template."""

    id: UUID
    channel: str
    name: str
    archived_at: datetime | None
    created_at: datetime


class TemplateOut(TemplateRow):
    """A template with its latest version."""

    version: int
    source: dict[str, Any]
    variables: list[str]
    approval: str


class Wanted(Cursor):
    """Which templates."""

    q: str = Field("", max_length=120)
    channel: list[ChannelWord] = Field(default_factory=list)
    archived: bool = False


def _row(one: Template) -> dict[str, Any]:
    names = ("channel", "name", "archived_at", "created_at")
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}


def told(one: Template) -> dict[str, Any]:
    """Return a template with its latest version."""
    latest = queries.latest_version(one)
    facts = {"source": latest.source, "variables": latest.variables, "approval": latest.approval.lower()}
    return _row(one) | {"version": latest.number, **facts}


@router.get("/templates", response=Page[TemplateRow], summary="List templates")
def list_templates(request: HttpRequest, wanted: Query[Wanted]) -> Any:
    """The workspace's templates, the newest first."""
    member = request.member  # type: ignore[attr-defined]
    found = queries.templates_for(member, search=wanted.q, channels=wanted.channel, archived=wanted.archived)
    return paged(found, wanted, _row)


@router.post("/templates", response={201: TemplateOut}, summary="Make a template")
def create_template(request: HttpRequest, said: TemplateIn) -> Any:
    """Make a template; it is compiled and tried, and refused with every problem at once."""
    made = operations.create_template(
        by=actor(request), channel=said.channel, name=said.name, source=said.source
    )
    return Status(201, told(made))


@router.get("/templates/{uuid:id}", response=TemplateOut, summary="Show a template")
def show_template(request: HttpRequest, id: UUID) -> Any:
    """A template with its latest version."""
    return told(finding.template(request, id))


@router.patch("/templates/{uuid:id}", response=TemplateOut, summary="Change a template")
def change_template(request: HttpRequest, id: UUID, said: TemplatePatch) -> Any:
    """Rename it, or save a new version; campaigns keep the version they have.

    Say with `version` what you began with. Nobody's words are written over that whoever writes has not seen.
    """
    template, by = finding.template(request, id), actor(request)
    with transaction.atomic():
        if said.name is not None:
            template = operations.rename_template(template=template, by=by, name=said.name)
        if said.source is not None:
            operations.save_version(
                template=template, by=by, source=said.source, language=said.language, base=said.version
            )
    return told(template)


@router.delete("/templates/{uuid:id}", response={204: None}, summary="Delete a template")
def delete_template(request: HttpRequest, id: UUID) -> Any:
    """Delete what no campaign uses; what one uses can be archived."""
    operations.delete_template(template=finding.template(request, id), by=actor(request))
    return Status(204, None)


DOING: dict[str, Callable[..., Template]] = {
    "archive": operations.archive_template,
    "restore": operations.restore_template,
    "duplicate": operations.duplicate_template,
}
Deed: Any = words(tuple(DOING))


@router.post(
    "/templates/{uuid:id}/actions/{action}", response={200: TemplateOut, 201: TemplateOut},
    summary="Act on a template",
)  # fmt: skip
def act_on_template(request: HttpRequest, id: UUID, action: Deed) -> Any:
    """Archive, restore or duplicate it; `duplicate` answers 201 with the copy."""
    done = DOING[action](template=finding.template(request, id), by=actor(request))
    return Status(201 if action == "duplicate" else 200, told(done))
