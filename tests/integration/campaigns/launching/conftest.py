"""The time, which stands still until a test moves it, and somebody who launches."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.launching.timed import HOUR, NINE


@pytest.fixture
def clock() -> Iterator[Any]:
    """The time, standing still at eight until a test moves it."""
    with time_machine.travel(NINE - HOUR, tick=False) as traveller:
        yield traveller


@pytest.fixture
def member(clock: Any) -> Membership:
    return making.make_member()
