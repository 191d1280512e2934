"""The workspace: who asks, its settings, the switch that stops everything, and how its pages look."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Router, Schema
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import laying
from clarion.api.frame import FILES, actor
from clarion.api.shapes.common import INT, Input, lower, words
from clarion.campaigns import windows
from clarion.content import branding
from clarion.content import operations as content
from clarion.content.models import Branding
from clarion.workspaces import operations
from clarion.workspaces.models import PiiPolicy
from clarion.workspaces.permissions import Permission, Role, permissions_of

router = Router()

Policy: Any = words(lower(PiiPolicy.values))


class WorkspaceOut(Schema):
    """The workspace and what the token may do in it."""

    slug: str
    name: str
    zone: str
    locale: str
    default_country: str
    moderation: bool
    pii_policy: str
    retention_days: int
    track_links: bool
    track_opens: bool
    windows: list[dict[str, Any]]
    halted_at: datetime | None
    halt_reason: str
    member: str
    role: str
    scopes: list[str]
    expires_at: datetime | None


_NAMES = (
    "slug", "name", "zone", "locale", "default_country", "moderation", "retention_days", "track_links",
    "track_opens", "windows", "halted_at", "halt_reason",
)  # fmt: skip


def _told(request: Any) -> dict[str, Any]:
    member, token = request.member, request.token
    where = member.workspace
    may = permissions_of(Role(member.role))
    return {
        **{name: getattr(where, name) for name in _NAMES},
        "pii_policy": where.pii_policy.lower(),
        "member": member.user.get_full_name(),
        "role": member.role.lower(),
        "scopes": [one for one in token.scopes if one in may],
        "expires_at": token.expires_at,
    }


@router.get("/workspace", response=WorkspaceOut, summary="Show the workspace")
def workspace(request: Any) -> Any:
    """The workspace that the token is for, its member, and what it may do."""
    return _told(request)


class WorkspacePatch(Input):
    """What is to be different."""

    name: str | None = Field(None, max_length=500, examples=["Shop"])
    zone: str | None = Field(None, max_length=64, examples=["Europe/Berlin"])
    locale: str | None = Field(None, max_length=12)
    default_country: str | None = Field(None, max_length=2, description="Two letters; empty for none.")
    moderation: bool | None = None
    pii_policy: Policy | None = None
    retention_days: int | None = Field(None, ge=0, le=INT)
    track_links: bool | None = None
    track_opens: bool | None = None
    windows: list[dict[str, Any]] | None = Field(
        None, max_length=50, description="Sending hours that new campaigns begin with.",
        examples=[[{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}]],
    )  # fmt: skip


@router.patch("/workspace", response=WorkspaceOut, summary="Change the workspace")
def change_workspace(request: Any, said: WorkspacePatch) -> Any:
    """Change its settings; needs `manage_members`."""
    given = {name: getattr(said, name) for name in said.model_fields_set}
    if given.get("pii_policy"):
        given["pii_policy"] = given["pii_policy"].upper()
    if given.get("windows"):
        try:
            windows.parse(given["windows"])
        except ValueError as problem:
            raise problems.own("invalid", errors=[{"field": "windows", "detail": str(problem)}]) from None
    request.member.workspace = operations.update_workspace(by=actor(request), **given)
    return _told(request)


class HaltIn(Input):
    """Why."""

    reason: str = Field("", max_length=500, description="Shown to everybody, and kept in the audit trail.")


@router.post("/workspace/halt", response=WorkspaceOut, summary="Stop everything")
def halt(request: Any, said: HaltIn | None = None) -> Any:
    """Let nothing more leave the workspace, within a second, until the halt is lifted; needs `manage_senders`."""
    request.member.workspace = operations.halt(by=actor(request), reason=said.reason if said else "")
    return _told(request)


@router.post("/workspace/lift", response=WorkspaceOut, summary="Let the workspace send again")
def lift(request: Any, said: HaltIn | None = None) -> Any:
    """Lift the halt: sending goes on where it was."""
    request.member.workspace = operations.lift_halt(by=actor(request), reason=said.reason if said else "")
    return _told(request)


class BrandingOut(Schema):
    """How the pages for recipients look."""

    colour: str = Field(description="Such as #4a3fd4; empty for the program's own.")
    has_logo: bool


def _branding(request: Any) -> dict[str, Any]:
    found = Branding.objects.filter(workspace=request.member.workspace).first()
    return {"colour": found.colour if found else "", "has_logo": bool(found and found.logo)}


@router.get("/branding", response=BrandingOut, summary="Show the branding")
def show_branding(request: Any) -> Any:
    """How the pages for recipients look; needs `manage_members`."""
    actor(request).require(Permission.MANAGE_MEMBERS)
    return _branding(request)


class BrandingIn(Input):
    """A colour, and whether the logo is taken away."""

    colour: str = Field(max_length=7, examples=["#4a3fd4"])
    without_logo: bool = False


@router.put("/branding", response=BrandingOut, summary="Set the branding")
def set_branding(request: Any, said: BrandingIn) -> Any:
    """Set the colour of the pages for recipients; the logo stays unless it is taken away."""
    content.set_branding(by=actor(request), colour=said.colour, without_logo=said.without_logo)
    return _branding(request)


_LOGO = laying.body_of("application/octet-stream", "A PNG, JPEG, GIF or WebP picture of at most 200 kB.")


@router.put("/branding/logo", response=BrandingOut, summary="Set the logo", openapi_extra=_LOGO)
def set_logo(request: Any) -> Any:
    """Set the logo of the pages for recipients."""
    with laying.unpacked(request, FILES, most=branding.MAX_OCTETS + 1) as file:
        logo = file.read(branding.MAX_OCTETS + 1)
    content.set_branding(by=actor(request), colour=_branding(request)["colour"], logo=logo)
    return _branding(request)
