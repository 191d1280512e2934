"""Rows for tests: plain functions with sane defaults, made through the program's own operations."""

from dataclasses import dataclass
from itertools import count

from django.test import Client

from clarion.workspaces import operations
from clarion.workspaces.models import Membership, User, Workspace
from clarion.workspaces.permissions import Role

#: The password of everybody in the cast.
PASSWORD = "correct horse battery"

_numbers = count(1)


def make_user(*, name: str = "Somebody", email: str = "", is_superuser: bool = False) -> User:
    """Return a user who signs in with PASSWORD."""
    email = email or f"somebody-{next(_numbers)}@example.test"
    return operations.create_user(email=email, name=name, password=PASSWORD, is_superuser=is_superuser)


def make_workspace(*, owner: User | None = None, name: str = "Acme", slug: str = "") -> Workspace:
    """Return a workspace with its owner."""
    return operations.create_workspace(
        name=name, slug=slug or f"workspace-{next(_numbers)}", owner=owner or make_user(name="Owner")
    )


def client_of(member: Membership) -> Client:
    """Return the browser of a member who is signed in."""
    client = Client()
    client.force_login(member.user)
    return client


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The people of the tests: three of one workspace, and a stranger who owns another."""

    workspace: Workspace
    elsewhere: Workspace
    alice: Membership
    bob: Membership
    vera: Membership
    mallory: Membership


def make_cast() -> Cast:
    """Return alice (owner), bob (author) and vera (viewer) of Acme, and mallory, owner of another workspace."""
    alice, mallory = (make_user(name=name, email=f"{name}@example.test") for name in ("alice", "mallory"))
    workspace = make_workspace(owner=alice, name="Acme", slug="acme")
    elsewhere = make_workspace(owner=mallory, name="Elsewhere", slug="elsewhere")

    def member(name: str, role: Role) -> Membership:
        user = make_user(name=name, email=f"{name}@example.test")
        return operations.add_member(workspace=workspace, user=user, role=role)

    return Cast(
        workspace=workspace,
        elsewhere=elsewhere,
        alice=Membership.objects.get(workspace=workspace, user=alice),
        bob=member("bob", Role.AUTHOR),
        vera=member("vera", Role.VIEWER),
        mallory=Membership.objects.get(workspace=elsewhere, user=mallory),
    )
