"""A workspace that moderates: its owner, an author, and a moderator."""

import pytest

from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making


@pytest.fixture
def alice() -> Membership:
    """The owner of a workspace that moderates."""
    return making.make_member(making.make_workspace(moderation=True))


@pytest.fixture
def bob(alice: Membership) -> Membership:
    return making.make_member(alice.workspace, Role.AUTHOR, "Bob")


@pytest.fixture
def mona(alice: Membership) -> Membership:
    return making.make_member(alice.workspace, Role.MODERATOR, "Mona")
