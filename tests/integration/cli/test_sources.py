"""`clarion source` and `clarion send` from a live spreadsheet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from clarion.audience.models import LiveSheet, SourceKind
from clarion.campaigns.models import Campaign
from clarion.cli.program import app
from clarion.lib.reach import Reach
from clarion.runtime import orders
from clarion.runtime.orders import Order, OrderInvalid
from clarion.workspaces import actors
from tests import ledgers
from tests.webfiles import WebFile, served

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(settings: Any) -> Iterator[WebFile]:
    settings.CLARION_FETCH_ALLOW = Reach.of("127.0.0.1")
    with served(WebFile(b"email,name\nada@example.test,Ada\n")) as file:
        yield file


def ran(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


def test_a_live_source_is_added_read_again_and_deleted(people: ledgers.People, web: WebFile) -> None:
    code, out = ran("source", "add", "Guests", "--url", web.url, "--json")
    assert (code, json.loads(out)["rows"]) == (0, 1)
    web.body += b"bo@example.test,Bo\n"

    code, out = ran("source", "refresh", "Guests", "--json")
    assert (code, json.loads(out)["difference"]) == (0, {"added": 1, "removed": 0, "changed": 0})
    assert "2 rows" in ran("source", "list")[1]
    web.status = 500
    assert ran("source", "refresh", "Guests")[0] == 3

    assert ran("source", "delete", "Guests")[0] == 0
    assert not LiveSheet.objects.exists()
    assert ran("source", "refresh", "Guests")[0] == 2
    assert ran("source", "add", "Guests", "--url", "gopher://x")[0] == 2


def order(tmp_path: Path, **said: Any) -> Order:
    (tmp_path / "mail.html").write_text("<p>Hello {{ name }}</p>")
    facts: dict[str, Any] = {
        "name": "News", "channel": "sandbox", "sender_url": "sandbox://", "sender": "Shop <shop@example.test>",
        "subject": "Hello", "html": tmp_path / "mail.html", "mjml": None, "text": None, "csv": None, "rate": None,
    }  # fmt: skip
    return Order(**facts | said)


def test_a_campaign_is_ordered_for_a_live_spreadsheet(
    people: ledgers.People, web: WebFile, tmp_path: Path
) -> None:
    by = actors.operator(people.workspace)

    for _ in range(2):
        campaign = orders.place(orders.check(order(tmp_path, sheet_url=web.url)), by=by)

    assert campaign.source is not None
    assert (campaign.source.kind, campaign.source.table.row_count) == (SourceKind.SHEET, 1)
    assert LiveSheet.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"email\nada@example.test\n", 200, "The message uses name"),
        (b"", 404, "--sheet-url http://127.0.0.1"),
    ],
)
def test_nothing_stays_of_an_order_whose_spreadsheet_will_not_do(
    people: ledgers.People, web: WebFile, tmp_path: Path, body: bytes, status: int, sentence: str
) -> None:
    web.body, web.status = body, status

    with pytest.raises(OrderInvalid, match=sentence):
        orders.place(orders.check(order(tmp_path, sheet_url=web.url)), by=actors.operator(people.workspace))

    assert not LiveSheet.objects.exists()
    assert not Campaign.objects.exists()


def test_a_file_that_is_not_in_a_watched_folder_is_refused(people: ledgers.People, tmp_path: Path) -> None:
    with pytest.raises(OrderInvalid, match="CLARION_WATCH_FOLDERS"):
        orders.place(orders.check(order(tmp_path, watch="/etc/passwd")), by=actors.operator(people.workspace))
    with pytest.raises(OrderInvalid, match="give one of them"):
        orders.check(order(tmp_path, watch="/etc/passwd", sheet_url="https://example.org/x.csv"))
