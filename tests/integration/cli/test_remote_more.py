"""`clarion --server`: commands of every noun do through the API what they do on the machine."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clarion.audience import importing
from clarion.audience import operations as audience
from clarion.audience.models import Contact, Import, Suppression
from clarion.campaigns.states import Status
from clarion.cli import main, remote
from clarion.cli.remote.program import app
from clarion.deliveries.exporting import working
from clarion.deliveries.models import Export
from clarion.senders import operations as senders
from clarion.senders.models import Price, Sender
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import AuditEvent
from tests import ledgers
from tests.factories import Cast
from tests.integration.api import covered
from tests.integration.api.asking import Asking, secret_of
from tests.integration.api.test_everything import commands

pytestmark = pytest.mark.django_db
Told = Callable[..., Any]


@pytest.fixture
def begin(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return how alice's commands begin; what they ask is answered by the program itself."""

    def ask(method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        plain = {name.lower().replace("-", "_"): value for name, value in headers.items()}
        answer = Asking(remote._where["token"])(method, path, body, **plain)
        if method == "POST" and path.endswith("/exports"):
            working.run_export_job(Export.objects.get().pk)
        if method == "POST" and path.partition("?")[0].endswith("/suppressions/import"):
            importing.run_import_job(Import.objects.get().pk)
        return answer.status_code, b"".join(answer) if answer.streaming else answer.content

    monkeypatch.setattr(remote, "ask", ask)
    return ["--server", "https://clarion.example", f"--token={secret_of(cast.alice)}"]


@pytest.fixture
def told(begin: list[str], capsys: pytest.CaptureFixture[str]) -> Told:
    def told(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        assert main([*begin, *words]) == code, capsys.readouterr().err
        out = capsys.readouterr().out
        return json.loads(out) if "--json" in words else out

    return told


def test_every_command_that_the_api_can_do_is_there() -> None:
    assert sorted(commands(app)) == sorted(covered.COMMANDS)


def test_a_run_is_followed_and_its_people_fetched(cast: Cast, told: Told, tmp_path: Path) -> None:
    campaign = ledgers.make_campaign(cast.alice, status=Status.SENDING)
    ledgers.make_run(campaign, sent=2, failed=1)
    whose, file = str(campaign.public_id)[:8], tmp_path / "people.csv"

    assert told("campaign", "speed", whose, "--rate", "5", "--delay", "1-2", "--json")["delay_max"] == 2
    assert "1" in told("campaign", "runs", whose)
    assert told("campaign", "analytics", whose, "--json")["run"] == 1
    assert "2 people" in told("export", whose, "--out", str(file), "--status", "sent")
    assert file.read_text().count("\n") == 3
    assert told("campaign", "purge", whose, code=2) == ""
    told("campaign", "purge", whose, "--yes", code=3)


def test_people_are_shown_explained_suppressed_and_forgotten(cast: Cast, told: Told, tmp_path: Path) -> None:
    by = of_member(cast.alice)
    audience.create_contact(by=by, fields={"email": "ana@shop.example", "tags": ["vip"]})
    rule = {"all": [{"field": "tag", "op": "has", "value": "vip"}]}
    audience.create_segment(by=by, name="Loyal", rule=rule)
    (tmp_path / "stop.csv").write_text("email\nben@shop.example\nno address\n")

    assert told("contact", "show", "ana@shop.example", "--json")["addresses"]["email"] == ["ana@shop.example"]
    assert told("segment", "count", "Loyal") == "1\n"
    assert "vip" in told("segment", "show", "Loyal")
    assert told("segment", "explain", "Loyal", "ana@shop.example").startswith("in\n  yes")
    told("suppression", "add", "eve@shop.example")
    assert told("suppression", "import", str(tmp_path / "stop.csv"), "--json")["created"] == 1
    assert "ben@shop.example" in told("suppression", "list", "--channel", "email")
    assert told("suppression", "remove", "--why", "asked", "--address", "eve", "--yes") == "1 allowed again\n"
    assert [one.address for one in Suppression.objects.all()] == ["ben@shop.example"]
    told("cap", "set", "3/7", "sms:1/1")
    assert told("cap", "list") == "all\t3 in 7 days\nsms\t1 in 1 days\n"
    told("contact", "data", "ana@shop.example", str(tmp_path / "ana.zip"))
    assert (tmp_path / "ana.zip").read_bytes().startswith(b"PK")
    assert told("contact", "erase", "ana@shop.example", code=2) == ""
    told("contact", "erase", "ana@shop.example", "--yes")
    assert not Contact.objects.exists()


def test_senders_and_the_workspace_are_stopped_and_let_go(cast: Cast, told: Told) -> None:
    senders.create_sender(by=of_member(cast.alice), channel="sandbox", name="Sand", config={})

    assert told("sender", "pause", "Sand", "--reason", "quiet") == "Sand is paused. quiet\n"
    assert told("sender", "resume", "Sand", "--json")["status"] == "active"
    assert Sender.objects.get().status == "ACTIVE"
    assert "halted" in told("halt", "--reason", "fire")
    assert told("lift") == "Acme sends.\n"
    assert (
        told("audit", "list", "--kind", "workspace", "--limit", "1", "--json")[0]["action"]
        == "workspace.lift_halt"
    )
    assert "every one as it was recorded" in told("audit", "verify")
    assert AuditEvent.objects.filter(via="api", action="workspace.halt").exists()


def test_members_and_tokens_come_and_go(cast: Cast, told: Told) -> None:
    assert told("member", "invite", "eva@shop.example", "--role", "viewer").startswith("http")
    assert "eva@shop.example\tviewer\tinvited" in told("member", "list")
    assert (
        told("member", "role", "vera@example.test", "--role", "author")
        == "vera@example.test is author now.\n"
    )
    told("member", "remove", "vera@example.test")
    told("member", "remove", "vera@example.test", code=2)

    secret = told("token", "create", "--name", "Other", "--scope", "edit").strip()
    assert Asking(secret).get("/workspace").json()["scopes"] == ["edit", "view"]
    assert "Other" in told("token", "list")
    told("token", "revoke", "Other")
    assert Asking(secret).get("/workspace").status_code == 401


def test_webhooks_are_made_switched_and_removed(cast: Cast, told: Told) -> None:
    url = "https://hooks.shop.example/told"
    secret = told("webhook", "add", url, "--event", "campaign", "--event", "run")

    assert secret.startswith("whsec_")
    assert url in told("webhook", "list")
    assert told("webhook", "show", url, "--json")["events"] == ["campaign", "run"]
    assert told("webhook", "disable", url) == f"{url} is off.\n"
    assert told("webhook", "enable", url) == f"{url} is on.\n"
    assert told("webhook", "log", url, "--json") == []
    assert told("webhook", "replay", url) == "0 requests are told again.\n"
    told("webhook", "remove", url, code=2)
    told("webhook", "remove", url, "--yes")
    assert told("webhook", "list") == ""


def test_money_is_shown_added_and_priced(cast: Cast, told: Told, tmp_path: Path) -> None:
    told("balance", "on", "--currency", "EUR")
    assert told("balance", "top-up", "20", "--note", "first", "--json")["available"] == "20.00"
    assert told("balance", "correct", "-1.5", "--note", "fee", "--json")["available"] == "18.50"
    told("balance", "correct", "-100", "--note", "too much", code=3)
    assert told("balance", "ledger", "--json")[0]["kind"] == "correction"

    told("price", "set", "sms", "0.05", "--prefix", "49")
    (tmp_path / "prices.csv").write_text(told("price", "list"))
    told("price", "remove", "sms", "--prefix", "49")
    assert not Price.objects.exists()
    assert told("price", "import", str(tmp_path / "prices.csv")) == "1 prices\n"
    assert Price.objects.get().amount == 50_000


def test_templates_are_saved_from_files(cast: Cast, told: Told, tmp_path: Path) -> None:
    file = tmp_path / "hello.txt"
    file.write_text("Hello {{ first_name }}")

    assert told("template", "save", "Welcome", str(file), "--channel", "sandbox") == "Version 1 of Welcome\n"
    file.write_text("Good day")
    assert told("template", "save", "Welcome", str(file)) == "Version 2 of Welcome\n"
    assert told("template", "show", "Welcome") == "Good day\n"
    assert told("template", "list", "--json")[0]["name"] == "Welcome"
    told("template", "show", "Nothing", code=2)
