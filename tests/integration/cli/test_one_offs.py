"""`clarion one-off`, on this machine and of a server elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clarion.audience import operations as audience
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.cli import main, remote
from clarion.content import operations as content
from clarion.senders import operations as senders
from clarion.workspaces.actors import of_member
from tests import ledgers
from tests.factories import Cast
from tests.integration.api.asking import Asking, secret_of
from tests.integration.cli.running import clarion

pytestmark = pytest.mark.django_db


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "words.txt"
    file.write_text("It is on its way.")
    return file


@pytest.fixture
def here(people: ledgers.People) -> list[Any]:
    """Return what every command about the workspace says."""
    senders.create_sender(by=of_member(people.alice), channel="sandbox", name="Sand", config={})
    return ["--workspace", people.workspace.slug]


def told(*said: Any) -> Any:
    result = clarion(*said, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


class TestHere:
    def test_one_is_sent_listed_and_shown(self, here: list[Any], words: Path) -> None:
        made = told("one-off", "send", "--sender", "Sand", "--to", "ada@shop.example", "--text", words, *here)

        assert (made["state"], made["to"], made["channel"]) == ("sending", "ada@shop.example", "sandbox")
        assert told("one-off", "list", *here) == [made]
        assert told("one-off", "list", "--state", "failed", *here) == []
        assert told("one-off", "show", made["id"][:8], *here) == made
        assert told("campaign", "list", *here) == []
        assert clarion("campaign", "show", made["id"][:8]).exit_code == 2

    def test_one_that_waits_is_cancelled_once(self, here: list[Any], words: Path) -> None:
        when = ["--at", "2099-01-01 09:00", "--zone", "Europe/Berlin"]
        said = ["--sender", "Sand", "--to", "ada@shop.example", "--text", words, *when, *here]

        made = told("one-off", "send", *said)

        assert (made["state"], made["starts_at"][:16]) == ("scheduled", "2099-01-01T08:00")
        assert told("one-off", "cancel", made["id"][:8], *here)["state"] == "cancelled"
        assert clarion("one-off", "cancel", made["id"][:8], *here).exit_code == 3

    def test_a_template_to_a_contact(self, people: ledgers.People, here: list[Any]) -> None:
        by = of_member(people.alice)
        audience.create_contact(by=by, fields={"email": "ana@shop.example", "first_name": "Ana"})
        source = {"mode": "text", "subject": "Hi", "source": "Dear {{ first_name }}"}
        content.create_template(by=by, channel="sandbox", name="Greeting", source=source)
        said = ["one-off", "send", "--sender", "Sand", "--template", "Greeting", *here]

        assert told(*said, "--contact", "ana@shop.example")["to"] == "ana@shop.example"
        lacking = clarion(*said, "--to", "eve@shop.example")
        assert (lacking.exit_code, "first_name" in lacking.output) == (2, True)
        assert told(*said, "--to", "eve@shop.example", "--value", "first_name=Eve")["state"] == "sending"

    @pytest.mark.parametrize(
        "said",
        [
            ["--sender", "Nobody", "--to", "ada@shop.example"],
            ["--sender", "Sand"],
            ["--sender", "Sand", "--to", "nobody"],
            ["--sender", "Sand", "--to", "ada@shop.example", "--at", "soon"],
            ["--sender", "Sand", "--to", "ada@shop.example", "--value", "x"],
        ],
    )
    def test_bad_input_makes_nothing(self, here: list[Any], words: Path, said: list[str]) -> None:
        assert clarion("one-off", "send", *said, "--text", words, *here).exit_code == 2
        assert not Campaign.objects.exists()

    def test_a_stranger_workspace_has_none_of_them(
        self, people: ledgers.People, here: list[Any], words: Path
    ) -> None:
        made = told("one-off", "send", "--sender", "Sand", "--to", "ada@shop.example", "--text", words, *here)
        elsewhere = ["--workspace", people.mallory.workspace.slug]

        assert told("one-off", "list", *elsewhere) == []
        assert clarion("one-off", "show", made["id"][:8], *elsewhere).exit_code == 2
        assert clarion("one-off", "cancel", made["id"][:8], *elsewhere).exit_code == 2


@pytest.fixture
def of_server(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """Return what is printed as JSON by a command that the program itself answers, as bob."""

    def ask(method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        plain = {name.lower().replace("-", "_"): value for name, value in headers.items()}
        answer = Asking(remote._where["token"])(method, path, body, **plain)
        return answer.status_code, answer.content

    monkeypatch.setattr(remote, "ask", ask)
    senders.create_sender(by=of_member(cast.alice), channel="sandbox", name="Sand", config={})
    secret = secret_of(cast.bob)

    def printed(*said: Any) -> Any:
        given = ["--server", "https://clarion.example", f"--token={secret}", *map(str, said), "--json"]
        code = main(given)
        output = capsys.readouterr().out
        return json.loads(output) if code == 0 else code

    return printed


def test_the_same_of_a_server_elsewhere(of_server: Callable[..., Any], words: Path) -> None:
    said = ["one-off", "send", "--sender", "Sand", "--to", "ada@shop.example", "--text", words]

    made = of_server(*said, "--at", "2099-01-01T09:00+01:00")

    assert (made["state"], made["to"]) == ("scheduled", "ada@shop.example")
    assert [one["id"] for one in of_server("one-off", "list")] == [made["id"]]
    assert of_server("one-off", "show", made["id"][:8])["state"] == "scheduled"
    assert of_server("one-off", "cancel", made["id"][:8], "--reason", "wrong")["state"] == "cancelled"
    assert of_server("one-off", "cancel", made["id"][:8]) == 3
    assert Campaign.objects.get().status == Status.CANCELLED
