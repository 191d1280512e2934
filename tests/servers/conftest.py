"""Real server software, started for a test on this machine."""

import pytest


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Run on the loop of production."""
    return "asyncio", {"use_uvloop": True}
