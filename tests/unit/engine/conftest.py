"""A folder for journals."""

from pathlib import Path

import pytest

from tests.unit.engine import making


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "folder", lambda: tmp_path)
