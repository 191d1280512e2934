"""What a template said at each time, in which languages, and whether a message can be made of a source."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.lists import paged
from clarion.api.endpoints.templates import TemplateOut
from clarion.api.endpoints.templates import told as told_template
from clarion.api.frame import actor
from clarion.api.shapes.common import INT, ChannelWord, Input, Page
from clarion.content import operations, queries
from clarion.content.compiling import compile_source
from clarion.content.models import Template, TemplateVersion
from clarion.content.rendering import preview
from clarion.workspaces.permissions import Permission

router = Router()

_EXAMPLE = {"mode": "html", "subject": "Hello {{ first_name }}", "source": "<p>Hi {{ first_name }}</p>"}


class VersionOut(Schema):
    """A version of a template."""

    number: int
    source: dict[str, Any]
    variables: list[str]
    approval: str
    created_at: datetime


def _told(one: TemplateVersion) -> dict[str, Any]:
    names = ("number", "source", "variables", "created_at")
    return {"approval": one.approval.lower(), **{name: getattr(one, name) for name in names}}


def _version(template: Template, number: int) -> TemplateVersion:
    found = queries.version_of(template, number) if 0 < number <= INT else None
    return finding.there(found)


@router.get("/templates/{uuid:id}/versions", response=Page[VersionOut], summary="List a template's versions")
def list_versions(request: Any, id: UUID, wanted: Query[Cursor]) -> Any:
    """Every version, the newest first."""
    return paged(queries.versions_of(finding.template(request, id)), wanted, _told)


@router.get("/templates/{uuid:id}/versions/{int:number}", response=VersionOut, summary="Show a version")
def show_version(request: Any, id: UUID, number: int) -> Any:
    """What the template said in that version."""
    return _told(_version(finding.template(request, id), number))


class Seen(Schema):
    """Which version stood when it was decided."""

    version: int | None = Field(
        None,
        ge=1,
        le=INT,
        description="The latest version that was looked at. What somebody has saved since is not put out of use, and"
        " the answer is 409 `template_changed`; without it only words of the token's own member are.",
    )


@router.post(
    "/templates/{uuid:id}/versions/{int:number}/restore", response=TemplateOut, summary="Restore a version"
)
def restore_version(request: Any, id: UUID, number: int, seen: Query[Seen]) -> Any:
    """Make an old version the newest again, as a new one."""
    template = finding.template(request, id)
    operations.save_version(
        template=template, by=actor(request), source=_version(template, number).source, base=seen.version
    )
    return told_template(template)


class LanguageIn(Input):
    """A language, and which one the template's first one is where that is not known yet."""

    language: str = Field(min_length=1, max_length=35, examples=["de"])
    first: str = Field("", max_length=35, examples=["en"])


@router.post("/templates/{uuid:id}/languages", response={201: TemplateOut}, summary="Add a language")
def add_language(request: Any, id: UUID, said: LanguageIn) -> Any:
    """Begin a language with what the first one says, to be translated by a change of the template."""
    template = finding.template(request, id)
    operations.add_language(template=template, by=actor(request), language=said.language, first=said.first)
    return Status(201, told_template(template))


@router.delete(
    "/templates/{uuid:id}/languages/{str:language}", response=TemplateOut, summary="Remove a language"
)
def remove_language(request: Any, id: UUID, language: str, seen: Query[Seen]) -> Any:
    """Take a language out of the template; older versions keep it."""
    template = finding.template(request, id)
    operations.remove_language(template=template, by=actor(request), language=language, base=seen.version)
    return told_template(template)


class CheckIn(Input):
    """A source that is not saved, and for whom it is filled in."""

    channel: ChannelWord = Field(examples=["email"])
    source: dict[str, Any] = Field(examples=[_EXAMPLE])
    variables: dict[str, Any] = Field(default_factory=dict, max_length=500, examples=[{"first_name": "Ana"}])


class CheckedOut(Schema):
    """What it says, filled in. What is wrong with it is told as the problem `content_invalid`."""

    variables: list[str]
    missing: list[str]
    subject: str
    preheader: str
    html: str
    text: str
    problem: str


@router.post("/templates/check", response=CheckedOut, summary="Check a message")
def check_source(request: Any, said: CheckIn) -> Any:
    """Compile a source and fill it in, without saving it; needs `edit`."""
    actor(request).require(Permission.EDIT)
    made = compile_source(said.channel, said.source, with_trial=False)
    try:
        filled = preview(made.content, said.channel, said.variables)
    except (TypeError, ValueError) as refusal:
        raise problems.own("invalid", errors=[{"field": "variables", "detail": str(refusal)}]) from None
    names = ("missing", "subject", "preheader", "html", "text", "problem")
    return {"variables": made.variables, **{name: getattr(filled, name) for name in names}}
