"""Commands use the test's own connection instead of bringing up a server."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from clarion.cli import bootstrap


@pytest.fixture(autouse=True)
def _same_database(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def database() -> Iterator[None]:
        yield

    monkeypatch.setattr(bootstrap, "database", database)
    monkeypatch.setenv("CLARION_LOG_LEVEL", "error")  # what commands set is gone after the test
