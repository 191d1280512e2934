"""Commands use the test's own connection instead of bringing up a server."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from clarion.cli import bootstrap
from tests import ledgers


@pytest.fixture(autouse=True)
def _same_database(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def database() -> Iterator[None]:
        yield

    monkeypatch.setattr(bootstrap, "database", database)
    monkeypatch.setenv("CLARION_LOG_LEVEL", "error")  # what commands set is gone after the test


@pytest.fixture
def people() -> ledgers.People:
    """A workspace with an owner, an author and a viewer, and a stranger of another one."""
    return ledgers.make_people()
