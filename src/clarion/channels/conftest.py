"""The event loops on which every channel's client must work."""

from typing import Any

import pytest


@pytest.fixture(params=["uvloop", "asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Run each asynchronous test on uvloop, as in production, and on asyncio's own loop."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}
