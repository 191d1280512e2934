"""Reading users, workspaces, memberships and invitations."""

from uuid import UUID

from django.db.models import Count

from clarion.workspaces.models import ApiToken, Invitation, Membership, User, Workspace
from clarion.workspaces.operations.members import digest_of
from clarion.workspaces.permissions import Permission, Role
from clarion.workspaces.prepared import Prepared


def membership_for(user: User, slug: str) -> Membership | None:
    """Return the user's membership of the workspace; None for a stranger and for whom it is closed."""
    return next((one for one in memberships_for(user) if one.workspace.slug == slug), None)


def memberships_for(user: User) -> list[Membership]:
    """Return the user's memberships by workspace name, but for those that are suspended."""
    found = _MEMBERSHIPS.all(user=user.pk)
    for one in found:
        one.user = user
    return found


_MEMBERSHIPS = Prepared(
    lambda user: (
        Membership.objects.select_related("workspace")
        .filter(user_id=user, user__is_active=True, suspended_at=None)
        .order_by("workspace__name", "workspace_id")
    ),
    user=-1,
)


def observer_for(user: User, slug: str) -> Membership | None:
    """Return the membership, which is nowhere kept, by which a system administrator looks at a workspace of others.

    It is a viewer's: nothing is changed by it, and addresses are masked. None for everybody else.
    """
    if not user.is_superuser or not user.is_active:
        return None
    workspace = Workspace.objects.filter(slug=slug).first()
    return Membership(user=user, workspace=workspace, role=Role.VIEWER) if workspace is not None else None


def all_workspaces(user: User) -> list[Workspace]:
    """Return every workspace by name with `member_count`, for a system administrator; for others none."""
    if not user.is_superuser or not user.is_active:
        return []
    return list(Workspace.objects.annotate(member_count=Count("memberships")).order_by("name", "pk"))


def owners_of(user: User, workspace: Workspace) -> list[Membership]:
    """Return a workspace's owners, for a system administrator; for others none."""
    if not user.is_superuser or not user.is_active:
        return []
    found = Membership.objects.select_related("user").filter(workspace=workspace, role=Role.OWNER)
    return list(found.order_by("pk"))


def members_for(member: Membership) -> list[Membership]:
    """Return everybody who belongs to the member's workspace, by name."""
    found = Membership.objects.select_related("user", "workspace").filter(workspace=member.workspace)
    return sorted(found, key=lambda one: (one.user.get_full_name().casefold(), one.pk))


def member_for(member: Membership, public_id: UUID) -> Membership | None:
    """Return a member of the member's workspace."""
    return (
        Membership.objects.select_related("user", "workspace")
        .filter(workspace=member.workspace, public_id=public_id)
        .first()
    )


def invitations_for(member: Membership) -> list[Invitation]:
    """Return the invitations that wait, the newest first; none for who may not invite."""
    if not member.may(Permission.MANAGE_MEMBERS):
        return []
    found = Invitation.objects.select_related("created_by").filter(workspace=member.workspace)
    return list(found.order_by("-created_at", "-pk"))


def invitation_for(member: Membership, public_id: UUID) -> Invitation | None:
    """Return an invitation to the member's workspace; None for who may not invite."""
    if not member.may(Permission.MANAGE_MEMBERS):
        return None
    return Invitation.objects.filter(workspace=member.workspace, public_id=public_id).first()


def open_invitation(secret: str) -> Invitation | None:
    """Return the invitation whose link has this secret, while it is good."""
    found = (
        Invitation.objects.select_related("workspace", "created_by").filter(digest=digest_of(secret)).first()
    )
    return found if found is not None and not found.is_expired else None


def tokens_for(member: Membership) -> list[ApiToken]:
    """Return the member's keys for programs, the newest first; for whoever manages members, everybody's."""
    if member.is_observer:
        return []
    found = ApiToken.objects.filter(membership__workspace=member.workspace)
    if not member.may(Permission.MANAGE_MEMBERS):
        found = found.filter(membership=member)
    return list(found.select_related("membership__user").order_by("-pk"))


def token_for(member: Membership, public_id: UUID) -> ApiToken | None:
    """Return one of the keys that `tokens_for` returns."""
    return next((one for one in tokens_for(member) if one.public_id == public_id), None)


def token_by_secret(secret: str) -> ApiToken | None:
    """Return the key with this secret while it is good, its membership held to the key's scopes."""
    token = _TOKEN.first(digest=digest_of(secret))
    if token is None or token.is_expired:
        return None
    token.membership.scopes = frozenset(token.scopes)
    return token


_TOKEN = Prepared(
    lambda digest: ApiToken.objects.select_related("membership__workspace", "membership__user").filter(
        digest=digest, membership__suspended_at=None, membership__user__is_active=True
    ),
    digest=b"-",
)


def has_users() -> bool:
    """Tell whether anybody can sign in yet."""
    return User.objects.exists()


def has_account(email: str) -> bool:
    """Tell whether somebody signs in by that address."""
    return User.objects.filter(email=email.lower()).exists()
