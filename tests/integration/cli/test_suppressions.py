"""`clarion suppression` and `clarion cap`: what they print, what they change and how they end."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from clarion.audience.models import FrequencyCap, Suppression
from clarion.cli.program import app
from clarion.workspaces.models import AuditEvent
from tests import ledgers

pytestmark = pytest.mark.django_db


@pytest.fixture
def where() -> tuple[str, str]:
    return ("--workspace", ledgers.make_people().workspace.slug)


def clarion(*arguments: object, answer: str = "") -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], input=answer)


def test_addresses_are_suppressed_listed_and_allowed_again(where: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("email,reason\na@x.test,BOUNCED\nb@x.test,\nnobody,\n")

    assert clarion("suppression", "add", "C@x.test", *where).stdout == "suppressed\n"
    assert clarion("suppression", "add", "c@x.test", *where).stdout == "suppressed before\n"
    read = clarion("suppression", "import", file, *where)
    assert read.stdout.endswith("2 added, 0 known before, 1 not readable\n")
    assert "Row 3: email: " in read.stderr
    assert (
        "a@x.test,email,BOUNCED,old.csv"
        in clarion("suppression", "list", "--reason", "bounced", *where).stdout
    )
    assert "a@x.test" not in clarion("suppression", "list", "--reason", "manual", *where).stdout

    stopped = clarion("suppression", "remove", "--why", "x", "--reason", "MANUAL", *where, answer="n\n")
    assert (stopped.exit_code, Suppression.objects.count()) == (1, 3)
    gone = clarion("suppression", "remove", "--why", "A mistake", "--reason", "MANUAL", "--yes", *where)
    assert gone.stdout == "2 allowed again\n"
    assert [one.address for one in Suppression.objects.all()] == ["a@x.test"]
    assert AuditEvent.objects.get(action="suppression.removed_many").reason == "A mistake"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("suppression", "add", "nobody"), "@"),
        (("suppression", "add", "a@x.test", "--channel", "fax"), "fax"),
        (("suppression", "list", "--reason", "bored"), "bored"),
        (("suppression", "remove", "--why", "x", "--yes"), "Say which"),
        (("suppression", "remove", "--why", " ", "--yes", "--channel", "email"), "Say why"),
        (("cap", "set", "often"), "often"),
        (("cap", "set", "fax:1/1"), "no such channel"),
        (("cap", "set", "0/7"), "1 to 1,000"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    where: tuple[str, str], arguments: tuple[str, ...], problem: str
) -> None:
    ended = clarion(*arguments, *where)

    assert (ended.exit_code, problem in ended.stderr) == (2, True)


def test_caps_are_set_and_listed(where: tuple[str, str]) -> None:
    assert clarion("cap", "set", "4/7", "sms:1/1", *where).exit_code == 0
    assert clarion("cap", "list", *where).stdout == "all\t4 in 7 days\nsms\t1 in 1 days\n"

    assert clarion("cap", "set", *where).exit_code == 0
    assert not FrequencyCap.objects.exists()
