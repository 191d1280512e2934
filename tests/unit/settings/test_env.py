"""Settings are read strictly, and every problem is told at once."""

from pathlib import Path

import pytest

from clarion.settings import env
from clarion.settings.env import SettingsInvalid
from clarion.settings.table import SETTINGS


def problems(**environ: str) -> list[str]:
    """Return what reading this environment complains about."""
    try:
        env.read(SETTINGS, environ)
    except SettingsInvalid as invalid:
        return invalid.problems
    return []


def test_everything_has_a_default() -> None:
    values = env.read(SETTINGS, {})

    assert set(values) == {setting.name for setting in SETTINGS}


def test_all_problems_are_told_at_once() -> None:
    found = problems(
        CLARION_WORKERS="-1", CLARION_BIND="nowhere", CLARION_LOG_LEVEL="loud", CLARION_HOME="here"
    )

    assert [problem.split()[0] for problem in found] == [
        "CLARION_HOME",
        "CLARION_BIND",
        "CLARION_LOG_LEVEL",
        "CLARION_WORKERS",
    ]


def test_a_misspelt_name_is_refused_and_corrected() -> None:
    assert problems(CLARION_WOKERS="2") == ["CLARION_WOKERS is not a setting; did you mean CLARION_WORKERS?"]


def test_other_programs_variables_are_none_of_ours() -> None:
    assert problems(HOME="/root", CLARIONET="loud") == []


class TestFiles:
    def test_a_value_comes_from_a_file_without_its_last_newline(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("k" * 40 + "\n")

        values = env.read(SETTINGS, {"CLARION_SECRET_KEY_FILE": str(tmp_path / "key")})

        assert values["SECRET_KEY"] == "k" * 40

    def test_a_file_that_is_not_there_is_a_problem(self) -> None:
        assert "No such file" in problems(CLARION_SECRET_KEY_FILE="/nowhere/key")[0]

    def test_a_file_that_is_not_text_is_a_problem(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_bytes(b"\xff\xfe" * 30)

        assert "not UTF-8" in problems(CLARION_SECRET_KEY_FILE=str(tmp_path / "key"))[0]

    def test_value_and_file_together_are_a_problem(self, tmp_path: Path) -> None:
        found = problems(CLARION_SECRET_KEY="k" * 40, CLARION_SECRET_KEY_FILE="/nowhere")

        assert found == ["CLARION_SECRET_KEY and CLARION_SECRET_KEY_FILE are both set; keep one."]


class TestDatabaseUrl:
    @pytest.mark.parametrize(
        "url",
        ["mysql://host/name", "postgresql://user:hunter2@host:99999x/name", "postgresql://user:hunter2@host"],
    )
    def test_a_bad_address_is_refused_without_repeating_its_password(self, url: str) -> None:
        (found,) = problems(CLARION_DATABASE_URL=url)

        assert "hunter2" not in found

    def test_libpq_options_are_kept(self) -> None:
        from clarion.settings.database import django_database

        entry = django_database("postgresql://u:p@db.example.org:6432/c?sslmode=verify-full", Path("/x"))

        assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db.example.org", "6432", "c")
        assert entry["OPTIONS"]["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:8000", "[::1]:8000"), ("example.org:0", "example.org:0")],
)
def test_a_bind_address_reads_and_writes_the_same(value: str, expected: str) -> None:
    assert str(env.bind(value)) == expected


@pytest.mark.parametrize(
    "value", ["https://a.example/path", "ftp://a.example", "a.example", "https://u@a.example"]
)
def test_a_public_address_ends_after_the_host(value: str) -> None:
    with pytest.raises(ValueError, match="must"):
        env.http_url(value)


def test_a_short_secret_key_is_refused() -> None:
    assert "at least 32" in problems(CLARION_SECRET_KEY="short")[0]
