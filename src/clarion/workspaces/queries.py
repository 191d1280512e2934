"""Reading users, workspaces and memberships."""

from clarion.workspaces.models import Membership, User


def membership_for(user: User, slug: str) -> Membership | None:
    """Return the user's membership of the workspace, or None for a stranger."""
    return (
        Membership.objects.select_related("workspace", "user")
        .filter(user=user, workspace__slug=slug, user__is_active=True)
        .first()
    )


def memberships_for(user: User) -> list[Membership]:
    """Return the user's memberships by workspace name; none of somebody who was deactivated."""
    return list(
        Membership.objects.select_related("workspace", "user")
        .filter(user=user, user__is_active=True)
        .order_by("workspace__name", "workspace_id")
    )


def has_users() -> bool:
    """Tell whether anybody can sign in yet."""
    return User.objects.exists()
