"""The cast: alice owns a workspace, vera may only look, mallory owns another one."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from clarion.audience import operations, reading
from clarion.audience.models import Contact, Source
from clarion.workspaces import actors
from clarion.workspaces.models import Membership, User, Workspace
from clarion.workspaces.permissions import Role


@dataclass(frozen=True)
class Cast:
    alice: Membership
    vera: Membership
    mallory: Membership

    @property
    def workspace(self) -> Workspace:
        return self.alice.workspace


def _member(name: str, workspace: Workspace, role: Role) -> Membership:
    user = User.objects.create(email=f"{name}@team.example", name=name)
    return Membership.objects.create(user=user, workspace=workspace, role=role)


@pytest.fixture
def cast(db: None) -> Cast:
    shop = Workspace.objects.create(slug="shop", name="Shop")
    other = Workspace.objects.create(slug="other", name="Other")
    return Cast(
        alice=_member("alice", shop, Role.OWNER),
        vera=_member("vera", shop, Role.VIEWER),
        mallory=_member("mallory", other, Role.OWNER),
    )


@pytest.fixture
def alice(cast: Cast) -> actors.Actor:
    return actors.of_member(cast.alice)


@pytest.fixture
def upload(alice: actors.Actor) -> Callable[..., Source]:
    """Return a function that uploads a text as a source and reads it."""

    def make(text: str, *, is_read: bool = True, **overrides: object) -> Source:
        source = operations.create_upload_source(
            by=alice, file=io.BytesIO(text.encode()), file_name="people.csv", channel="email",
            dialect_overrides=overrides,
        )  # fmt: skip
        return reading.read_source(source) if is_read else source

    return make


@pytest.fixture
def contact(alice: actors.Actor) -> Callable[..., Contact]:
    """Return a function that makes a contact."""

    def make(email: str, **fields: object) -> Contact:
        return operations.create_contact(by=alice, fields={"email": email, **fields})  # type: ignore[typeddict-item]

    return make
