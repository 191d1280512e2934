"""Who sets senders up: the cast, and Alice, who may."""

import pytest

from clarion.workspaces.actors import Actor, of_member
from tests.factories import Cast, make_cast


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def alice(cast: Cast) -> Actor:
    return of_member(cast.alice)
