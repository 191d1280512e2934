"""What holds for every test, wherever it lies: a clean environment, no network, hypothesis profiles.

Runs before Django's settings are read, because they are made from the environment.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from hypothesis import HealthCheck, settings

from tests import network

#: An external PostgreSQL for the whole run, instead of an embedded one of its own.
TEST_DATABASE_URL = os.environ.get("CLARION_TEST_DATABASE_URL")

for _name in [name for name in os.environ if name.startswith("CLARION_")]:
    del os.environ[_name]
TEST_HOME = Path(tempfile.mkdtemp(prefix="clarion-test-"))
os.environ["CLARION_HOME"] = str(TEST_HOME)
os.environ["CLARION_SECRET_KEY"] = "only-for-tests-" + "x" * 32
os.environ["CLARION_LOG_FORMAT"] = "text"
if TEST_DATABASE_URL:
    os.environ["CLARION_DATABASE_URL"] = TEST_DATABASE_URL
os.environ["DJANGO_SETTINGS_MODULE"] = "clarion.settings"
django.setup()

#: Found by chance where people work, always the same where a change is judged, and many with `make test-all`.
PROFILES: dict[str, dict[str, Any]] = {
    "dev": {"max_examples": 50},
    "ci": {"max_examples": 50, "derandomize": True},
    "all": {"max_examples": 500},
}
for name, profile in PROFILES.items():
    settings.register_profile(name, deadline=None, suppress_health_check=[HealthCheck.too_slow], **profile)
settings.load_profile(os.environ.get("EXAMPLES") or ("ci" if os.environ.get("CI") else "dev"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests last: Playwright keeps an event loop running, inside which no async test can run."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_unconfigure() -> None:
    """Leave nothing in the temporary directory."""
    shutil.rmtree(TEST_HOME, ignore_errors=True)


@pytest.fixture(autouse=True, scope="session")
def _no_outside_network() -> Iterator[None]:
    """Tests reach this machine only; `tests/unit/test_network.py` tests the guard."""
    with network.guarded():
        yield


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"
