"""Somebody who works with campaigns, and their browser."""

import pytest
from django.test import Client

from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import signed_in


@pytest.fixture
def member() -> Membership:
    return making.make_member()


@pytest.fixture
def client(member: Membership) -> Client:
    return signed_in(member)
