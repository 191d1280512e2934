"""Who belongs to the workspace, and who is invited."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.urls import reverse
from ninja import Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.frame import actor
from clarion.api.shapes.common import Input, lower, words
from clarion.workspaces import operations, queries
from clarion.workspaces.models import Invitation, Membership
from clarion.workspaces.permissions import Permission, Role

router = Router()

RoleWord: Any = words(lower(Role.values))


class MemberOut(Schema):
    """Somebody who belongs to the workspace."""

    id: UUID
    name: str
    email: str
    role: str
    suspended_at: datetime | None
    created_at: datetime


def _told(one: Membership) -> dict[str, Any]:
    return {
        "id": one.public_id, "name": one.user.get_full_name(), "email": one.user.email, "role": one.role.lower(),
        "suspended_at": one.suspended_at, "created_at": one.created_at,
    }  # fmt: skip


def _found(request: Any, id: UUID) -> Membership:
    found = queries.member_for(request.member, id)
    if found is None:
        raise problems.own("not_found")
    return found


@router.get("/members", response=list[MemberOut], summary="List members")
def list_workspace_members(request: Any) -> Any:
    """Everybody who belongs to the workspace, by name."""
    return [_told(one) for one in queries.members_for(request.member)]


@router.get("/members/{uuid:id}", response=MemberOut, summary="Show a member")
def show_member(request: Any, id: UUID) -> Any:
    """A member and their role."""
    return _told(_found(request, id))


class RoleIn(Input):
    """A role."""

    role: RoleWord = Field(examples=["author"])


@router.patch("/members/{uuid:id}", response=MemberOut, summary="Change a member's role")
def change_member(request: Any, id: UUID, said: RoleIn) -> Any:
    """Give a member another role; only an owner makes or changes owners."""
    found = _found(request, id)
    return _told(operations.change_role(by=actor(request), membership=found, role=Role(said.role.upper())))


class WhyIn(Input):
    """Why."""

    reason: str = Field("", max_length=500)


@router.post("/members/{uuid:id}/suspend", response=MemberOut, summary="Suspend a member")
def suspend_member(request: Any, id: UUID, said: WhyIn | None = None) -> Any:
    """Close the workspace to a member, at once; their tokens end with it."""
    reason = said.reason if said else ""
    return _told(operations.suspend(by=actor(request), membership=_found(request, id), reason=reason))


@router.post("/members/{uuid:id}/reinstate", response=MemberOut, summary="Let a member in again")
def reinstate_member(request: Any, id: UUID) -> Any:
    """Open the workspace to a suspended member again."""
    return _told(operations.reinstate(by=actor(request), membership=_found(request, id)))


@router.delete("/members/{uuid:id}", response={204: None}, summary="Remove a member")
def remove_member(request: Any, id: UUID) -> Any:
    """End a membership; what they did stays. Nobody leaves by a token without `manage_members`."""
    by, found = actor(request), _found(request, id)
    by.require(Permission.MANAGE_MEMBERS)
    operations.remove_member(by=by, membership=found)
    return Status(204, None)


class InvitationIn(RoleIn):
    """Who is invited, and as what."""

    email: str = Field(max_length=254, examples=["eva@shop.example"])


class InvitationOut(Schema):
    """An invitation that waits."""

    id: UUID
    email: str
    role: str
    created_at: datetime
    expires_at: datetime


class InvitationMade(InvitationOut):
    """An invitation with its link, which is told only now."""

    link: str | None = Field(
        description="Told once; null to whoever asks again with the same idempotency key."
    )


def _invitation(one: Invitation) -> dict[str, Any]:
    names = ("email", "created_at", "expires_at")
    return {"id": one.public_id, "role": one.role.lower(), **{name: getattr(one, name) for name in names}}


@router.get("/invitations", response=list[InvitationOut], summary="List invitations")
def list_invitations(request: Any) -> Any:
    """The invitations that wait, the newest first; none for who may not invite."""
    return [_invitation(one) for one in queries.invitations_for(request.member)]


@router.post("/invitations", response={201: InvitationMade}, summary="Invite somebody")
def invite(request: Any, said: InvitationIn) -> Any:
    """Invite an address; the link is told once. Whoever was invited before gets a new link, and the old one ends."""
    made, secret = operations.invite(by=actor(request), email=said.email, role=Role(said.role.upper()))
    facts = _invitation(made)
    request.kept_body = orjson.dumps(facts | {"link": None})
    path = reverse("join", kwargs={"secret": secret})
    base = settings.CLARION_PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    return Status(201, facts | {"link": f"{base}{path}"})


@router.delete("/invitations/{uuid:id}", response={204: None}, summary="Withdraw an invitation")
def withdraw_invitation(request: Any, id: UUID) -> Any:
    """End an invitation; its link is worth nothing any more."""
    found = queries.invitation_for(request.member, id)
    if found is None:
        raise problems.own("not_found")
    operations.withdraw_invitation(by=actor(request), invitation=found)
    return Status(204, None)
