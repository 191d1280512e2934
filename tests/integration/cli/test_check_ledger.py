"""`clarion check-ledger`: exit codes and what it prints."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from clarion.cli import bootstrap
from clarion.cli.program import app
from clarion.deliveries.models import Run, Waiting
from tests import ledgers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _same_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command uses the test's own connection instead of bringing up a server."""

    @contextmanager
    def database() -> Iterator[None]:
        yield

    monkeypatch.setattr(bootstrap, "database", database)


@pytest.fixture
def run() -> Run:
    people = ledgers.make_people()
    return ledgers.make_run(ledgers.make_campaign(people.alice), sent=3, waiting=2, pending=1)


def check(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check-ledger", *arguments])
    return result.exit_code, result.output


def test_all_right_is_exit_0(run: Run) -> None:
    assert check() == (0, f"run {run.pk}: 6 people, right\n")


def test_something_off_is_exit_3_with_a_list(run: Run) -> None:
    Waiting.objects.filter(run_id=run.pk).delete()

    code, output = check("--run", str(run.pk))

    assert code == 3
    assert "pending_behind_cursor_waits" in output
    assert "expected 0, found 2" in output


def test_json_is_one_object(run: Run) -> None:
    Waiting.objects.filter(run_id=run.pk).delete()

    code, output = check("--json")

    told = json.loads(output)
    assert (code, told["right"], told["runs"][0]["run"]) == (3, False, run.pk)
    assert told["runs"][0]["persons"]["sent"] == 3
    assert told["runs"][0]["problems"][0]["ids"] == [4 * 16, 5 * 16]


def test_an_unknown_run_is_exit_2(run: Run) -> None:
    assert check("--run", "999999")[0] == 2


def test_no_runs_at_all_is_right() -> None:
    assert check() == (0, "There are no runs yet.\n")
