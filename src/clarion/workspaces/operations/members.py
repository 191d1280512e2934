"""Who belongs to a workspace: invitations, roles, suspension and leaving.

A workspace always has an owner who can get in, and only owners make owners or touch them.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.errors import InvitationVoid, MemberRefused, NotAllowed, WorkspaceInvalid
from clarion.workspaces.models import Invitation, Membership, User, Workspace
from clarion.workspaces.operations.workspaces import create_user
from clarion.workspaces.permissions import Permission, Role

#: How long the link of an invitation is good for.
INVITATION_DAYS = 7
#: Invitations of a workspace that wait at one time.
MOST_INVITATIONS = 200


@transaction.atomic
def invite(*, by: Actor, email: str, role: Role) -> tuple[Invitation, str]:
    """Invite an address to the actor's workspace; return the invitation and the secret of its link.

    The secret is known only now. Whoever was invited before is invited anew: the old link ends. Raises NotAllowed,
    MemberRefused for who belongs to it already, and WorkspaceInvalid for what is no address.
    """
    by.require(Permission.MANAGE_MEMBERS)
    _require_rank(by, role)
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise WorkspaceInvalid({"email": _("This is no e-mail address.")}) from None
    workspace = _locked(by)
    if Membership.objects.filter(workspace=workspace, user__email=email).exists():
        raise MemberRefused(_("%(who)s belongs to the workspace already.") % {"who": email})
    waiting = Invitation.objects.filter(workspace=workspace).exclude(email=email)
    if waiting.count() >= MOST_INVITATIONS:
        raise MemberRefused(
            _("At most %(n)d invitations may wait; withdraw some first.") % {"n": MOST_INVITATIONS}
        )
    secret = secrets.token_urlsafe(32)
    facts = {
        "role": role, "digest": digest_of(secret), "created_by": by.user, "created_at": timezone.now(),
        "expires_at": timezone.now() + timedelta(days=INVITATION_DAYS),
    }  # fmt: skip
    invitation, _is_new = Invitation.objects.update_or_create(
        workspace=workspace, email=email, defaults=facts
    )
    _record(by, "member.invite", email, changes={"role": (None, role.value)})
    return invitation, secret


@transaction.atomic
def withdraw_invitation(*, by: Actor, invitation: Invitation) -> None:
    """End an invitation; its link is worth nothing any more. Raises NotAllowed."""
    by.require(Permission.MANAGE_MEMBERS)
    gone, _each = Invitation.objects.filter(pk=invitation.pk, workspace=by.workspace).delete()
    if gone:
        _record(by, "member.withdraw", invitation.email)


@transaction.atomic
def accept_invitation(*, secret: str, user: User) -> Membership:
    """Make a person who is signed in a member. Raises InvitationVoid."""
    invitation = _open(secret)
    if invitation.email != user.email:
        raise InvitationVoid(
            _("This invitation is for %(email)s. Sign in as that person to accept it.")
            % {"email": invitation.email}
        )
    membership, is_new = Membership.objects.get_or_create(
        workspace=invitation.workspace, user=user, defaults={"role": invitation.role}
    )
    invitation.delete()
    if is_new:
        by = Actor(workspace=invitation.workspace, member=membership, via="web")
        _record(by, "member.join", user.email, changes={"role": (None, invitation.role)})
    return membership


@transaction.atomic
def join_as_new(*, secret: str, name: str, password: str) -> Membership:
    """Make the invited person's account and membership. The password has been checked. Raises InvitationVoid."""
    invitation = _open(secret)
    if User.objects.filter(email=invitation.email).exists():
        raise InvitationVoid(_("There is an account for this address already: sign in to accept."))
    user = create_user(email=invitation.email, name=name.strip(), password=password)
    return accept_invitation(secret=secret, user=user)


@transaction.atomic
def change_role(*, by: Actor, membership: Membership, role: Role) -> Membership:
    """Give a member another role and return them afresh. Raises NotAllowed and MemberRefused."""
    by.require(Permission.MANAGE_MEMBERS)
    now = _member(by, membership)
    _require_rank(by, role, Role(now.role))
    if now.role == role:
        return now
    if now.role == Role.OWNER:
        _require_another_owner(now)
    old, now.role = now.role, role
    now.save(update_fields=["role"])
    _record(by, "member.role", now.user.email, changes={"role": (old, role.value)})
    return now


@transaction.atomic
def suspend(*, by: Actor, membership: Membership, reason: str = "") -> Membership:
    """Close the workspace to a member until `reinstate`, at once. Raises NotAllowed and MemberRefused."""
    return _set_suspended(by, membership, is_suspended=True, reason=reason)


@transaction.atomic
def reinstate(*, by: Actor, membership: Membership) -> Membership:
    """Open it again. Raises NotAllowed."""
    return _set_suspended(by, membership, is_suspended=False)


@transaction.atomic
def remove_member(*, by: Actor, membership: Membership) -> None:
    """End a membership; everybody may end their own. What they did stays. Raises NotAllowed and MemberRefused."""
    if by.member is None or by.member.pk != membership.pk:
        by.require(Permission.MANAGE_MEMBERS)
    now = _member(by, membership)
    _require_rank(by, Role(now.role))
    if now.role == Role.OWNER:
        _require_another_owner(now)
    _record(by, "member.remove", now.user.email, changes={"role": (now.role, None)})
    now.delete()


def digest_of(secret: str) -> bytes:
    """Return what is kept of an invitation's secret."""
    return hashlib.sha256(secret.encode()).digest()


def _open(secret: str) -> Invitation:
    found = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("workspace")
        .filter(digest=digest_of(secret))
        .first()
    )
    if found is None or found.is_expired:
        raise InvitationVoid(_("This invitation is not good any more. Ask for another one."))
    return found


def _set_suspended(by: Actor, membership: Membership, *, is_suspended: bool, reason: str = "") -> Membership:
    by.require(Permission.MANAGE_MEMBERS)
    now = _member(by, membership)
    _require_rank(by, Role(now.role))
    if by.member is not None and by.member.pk == now.pk:
        raise MemberRefused(_("Nobody suspends themselves: leave the workspace instead."))
    if (now.suspended_at is not None) == is_suspended:
        return now
    if is_suspended and now.role == Role.OWNER:
        _require_another_owner(now)
    now.suspended_at = timezone.now() if is_suspended else None
    now.save(update_fields=["suspended_at"])
    verb = "suspend" if is_suspended else "reinstate"
    changes = {"suspended": (not is_suspended, is_suspended)}
    _record(by, f"member.{verb}", now.user.email, reason=reason.strip()[:500], changes=changes)
    return now


def _locked(by: Actor) -> Workspace:
    """Who belongs to a workspace is changed by one at a time, so that two cannot remove each other's owner."""
    return Workspace.objects.select_for_update().get(pk=by.workspace.pk)


def _member(by: Actor, membership: Membership) -> Membership:
    _locked(by)
    now = Membership.objects.select_related("user").filter(pk=membership.pk, workspace=by.workspace).first()
    if now is None:
        raise MemberRefused(_("This person does not belong to the workspace any more."))
    return now


def _require_rank(by: Actor, *roles: Role) -> None:
    if Role.OWNER in roles and by.member is not None and by.member.role != Role.OWNER:
        raise NotAllowed(_("Only an owner makes or changes owners."))


def _require_another_owner(membership: Membership) -> None:
    others = Membership.objects.filter(
        workspace_id=membership.workspace_id, role=Role.OWNER, suspended_at=None, user__is_active=True
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise MemberRefused(_("This is the last owner. Make somebody else an owner first."))


def _record(
    by: Actor,
    action: str,
    email: str,
    *,
    reason: str = "",
    changes: Mapping[str, tuple[object, object]] | None = None,
) -> None:
    audit.record(
        by=by, action=action, kind="member", object_id=email[:64], object_name=email, reason=reason,
        changes=changes,
    )  # fmt: skip
