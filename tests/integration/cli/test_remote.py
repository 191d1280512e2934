"""`clarion --server`: the same commands through the API of a server elsewhere."""

import json
from pathlib import Path
from typing import Any

import pytest

from clarion.audience import reading
from clarion.audience.models import Source
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.cli import main, remote
from clarion.senders import operations as senders
from clarion.workspaces.actors import of_member
from tests import ledgers
from tests.factories import Cast
from tests.integration.api.asking import Asking, secret_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def bobs(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return how a command begins; what it asks is answered by the program itself."""

    def ask(method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        plain = {name.lower().replace("-", "_"): value for name, value in headers.items()}
        answer = Asking(remote._where["token"])(method, path, body, **plain)
        if path.startswith("/sources?"):
            reading.read_source_job(Source.objects.get().pk)
        return answer.status_code, answer.content

    monkeypatch.setattr(remote, "ask", ask)
    return ["--server", "https://clarion.example", f"--token={secret_of(cast.bob)}"]


def test_campaigns_are_seen_and_moved_by_the_beginning_of_their_id(
    cast: Cast, bobs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = ledgers.make_campaign(cast.alice, status=Status.SENDING)
    ledgers.make_run(campaign, sent=2, failed=1)
    short = str(campaign.public_id)[:8]

    assert main([*bobs, "campaign", "pause", short, "--reason", "wait"]) == 0
    campaign.refresh_from_db()
    assert (campaign.status, campaign.status_reason) == (Status.PAUSED, "wait")
    assert main([*bobs, "campaign", "pause", short]) == 3  # the state does not allow it
    capsys.readouterr()

    def told(*words: str) -> Any:
        assert main([*bobs, *words]) == 0
        return json.loads(capsys.readouterr().out.splitlines()[0])

    assert told("campaign", "list", "--json")[0]["status"] == "paused"
    assert told("run", "show", short)["sent"] == 2
    assert told("deliveries", short, "--status", "failed", "--json")["status"] == "failed"
    assert told("campaign", "why", short, "--json")["causes"]


def test_a_file_is_sent_in_one_command(cast: Cast, bobs: list[str], tmp_path: Path) -> None:
    senders.create_sender(by=of_member(cast.alice), channel="sandbox", name="Sand", config={})
    (tmp_path / "people.csv").write_text("email,first_name\nana@x.example,Ana\n")
    (tmp_path / "hello.txt").write_text("Hello {{ first_name }}")
    files = ("--csv", str(tmp_path / "people.csv"), "--text", str(tmp_path / "hello.txt"))

    assert main([*bobs, "send", "--name", "Sale", "--sender", "Nobody", *files]) == 2
    assert main([*bobs, "send", "--name", "Sale", "--sender", "Sand", *files]) == 0
    campaign = Campaign.objects.get()
    assert (campaign.name, campaign.status) == ("Sale", Status.BUILDING)


@pytest.mark.parametrize(
    "words",
    [
        ["--server", "nowhere", "--token", "x", "campaign", "list"],
        ["--server", "https://clarion.example", "campaign", "list"],
        ["--server", "https://clarion.example", "--token", "x", "migrate"],
        ["--server", "https://clarion.example", "--token", "wrong", "campaign", "list"],
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    bobs: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err
