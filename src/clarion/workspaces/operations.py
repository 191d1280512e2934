"""Writing users, workspaces and memberships."""

from django.contrib.auth.hashers import make_password
from django.db import transaction

from clarion.workspaces.models import Membership, User, Workspace
from clarion.workspaces.permissions import Role


@transaction.atomic
def create_user(*, email: str, name: str = "", password: str | None, is_superuser: bool = False) -> User:
    """Make a user who signs in with that address; without a password they cannot until they reset it."""
    return User.objects.create(
        email=email.strip().lower(),
        name=name,
        password=make_password(password),
        is_superuser=is_superuser,
    )


@transaction.atomic
def create_workspace(*, name: str, slug: str, owner: User, zone: str = "UTC", is_demo: bool = False) -> Workspace:
    """Make a workspace and its owner's membership."""
    workspace = Workspace.objects.create(name=name, slug=slug, zone=zone, is_demo=is_demo)
    add_member(workspace=workspace, user=owner, role=Role.OWNER)
    return workspace


@transaction.atomic
def add_member(*, workspace: Workspace, user: User, role: Role) -> Membership:
    """Give a user a role in a workspace, or another role than before."""
    membership, _ = Membership.objects.update_or_create(workspace=workspace, user=user, defaults={"role": role})
    return membership
