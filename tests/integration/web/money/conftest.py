"""Somebody whose workspace pays for its messages."""

import pytest

from clarion.workspaces.models import Membership
from tests.integration.campaigns import making


@pytest.fixture
def alice() -> Membership:
    return making.make_member()
