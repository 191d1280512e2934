"""`clarion export`: a whole file without a server, and a clear word for what makes no sense."""

import csv
import json
import stat
from pathlib import Path

import pytest

from clarion.campaigns.models import Campaign
from clarion.deliveries.models import Delivery
from clarion.workspaces.models import AuditEvent
from tests.integration.cli.running import clarion
from tests.runs import MadeRun, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> MadeRun:
    made = make_run(count=5)
    Delivery.objects.filter(run_id=made.run.pk, id=32).update(
        stage=4, problem=4, reason=301, code="550 5.1.1"
    )
    return made


def test_everybody_of_the_latest_run_is_in_the_file(made: MadeRun, tmp_path: Path) -> None:
    target = tmp_path / "people.csv"

    result = clarion("export", str(made.campaign.public_id)[:8], "--out", str(target), "--json")

    told = json.loads(result.stdout)
    assert (told["people"], told["format"], told["bytes"]) == (5, "csv", target.stat().st_size)
    with target.open(newline="") as file:
        assert [row["address"] for row in csv.DictReader(file)] == [
            f"person{n}@example.test" for n in range(1, 6)
        ]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    event = AuditEvent.objects.get(action="campaign.export_file")
    assert (event.via, event.changes["people"], event.changes["format"]) == ("cli", [None, 5], [None, "CSV"])


def test_an_id_that_begins_with_digits_only_is_a_campaigns(made: MadeRun, tmp_path: Path) -> None:
    Campaign.objects.filter(pk=made.campaign.pk).update(public_id="12345678-0000-4000-8000-000000000000")

    result = clarion("export", "12345678", "--out", str(tmp_path / "people.csv"), "--json")

    assert json.loads(result.stdout)["people"] == 5


def test_filters_narrow_it_and_the_name_tells_the_format(made: MadeRun, tmp_path: Path) -> None:
    target = tmp_path / "failed.txt"
    target.write_text("of yesterday")

    result = clarion(
        "export", str(made.run.pk), "-o", str(target), "--status", "failed", "--reason", "address_unknown"
    )

    assert result.exit_code == 0, result.output
    assert target.read_text() == "person2@example.test\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_dash_is_stdout(made: MadeRun) -> None:
    result = clarion("export", str(made.run.pk), "--format", "txt", "--out", "-", "--search", "person3")

    assert result.stdout == "person3@example.test\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--status", "lost"], "--status: choose one of: pending,"),
        (["--result", "lost"], "--result: choose one of: delayed,"),
        (["--skip", "lost"], "--skip: choose one of: no_address,"),
        (["--reason", "lost"], "--reason: choose one of: "),
        (["--search", "x"], "--search: 2 characters or more."),
        (["--format", "pdf"], "--format: choose one of: csv, txt, xlsx."),
        (["--out", "/no/such/folder/a.csv"], "--out: there is no folder /no/such/folder."),
    ],
)
def test_what_makes_no_sense_is_code_2(made: MadeRun, tmp_path: Path, options: list[str], said: str) -> None:
    result = clarion("export", str(made.run.pk), "--out", str(tmp_path / "a.csv"), *options)

    assert result.exit_code == 2
    assert said in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_code_1(made: MadeRun, tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()

    result = clarion("export", str(made.run.pk), "--out", str(tmp_path / "a.csv"))

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
