"""`clarion doctor`: a line for each thing, and the exit code."""

import json

import pytest

from clarion.runtime import doctor
from tests.integration.cli.running import clarion

pytestmark = pytest.mark.django_db


def test_warnings_are_no_failure_and_each_has_its_cure() -> None:
    ended = clarion("doctor")

    assert ended.exit_code == 0
    assert "ok       Database: PostgreSQL " in ended.stdout
    assert "warning  Workers: 0 gave a sign of life" in ended.stdout
    assert "         → Nothing is sent or imported without one" in ended.stdout


def test_what_is_bad_ends_it_with_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "OLDEST_SERVER", 990_000)

    words, ended = clarion("doctor"), clarion("doctor", "--json")

    told = json.loads(ended.stdout)
    assert (words.exit_code, ended.exit_code, told["verdict"]) == (1, 1, "bad")
    assert "BAD      Database:" in words.stdout
    assert [one["subject"] for one in told["findings"] if one["verdict"] == "bad"] == ["Database"]
