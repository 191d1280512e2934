"""`clarion balance` and `clarion price`: what they print, what they change and how they end."""

import json
from pathlib import Path

import pytest

from clarion.senders.models import Price
from clarion.workspaces.models import AuditEvent
from tests import ledgers
from tests.integration.cli.running import clarion

pytestmark = pytest.mark.django_db


@pytest.fixture
def where() -> tuple[str, str]:
    return ("--workspace", ledgers.make_people().workspace.slug)


def test_a_balance_is_begun_topped_up_corrected_and_read(where: tuple[str, str]) -> None:
    refused = clarion("balance", "show", *where)
    assert (refused.exit_code, "has no balance" in refused.stderr) == (2, True)

    assert clarion("balance", "on", "--currency", "eur", *where).exit_code == 0
    clarion("balance", "top-up", "250", "--note", "Invoice 7", *where)
    corrected = clarion("balance", "correct", "-0.5", "--note", "Rounding", "--json", *where)
    shown = json.loads(clarion("balance", "show", "--json", *where).stdout)

    assert corrected.exit_code == 0
    assert (shown["on"], shown["currency"], shown["available"]) == (True, "EUR", "249.50")
    lines = clarion("balance", "ledger", *where).stdout.splitlines()
    assert ["correction" in lines[0], "top_up" in lines[1], "Invoice 7" in lines[1]] == [True] * 3
    assert clarion("balance", "ledger", "--csv", *where).stdout.splitlines()[1].startswith("1,")
    assert list(AuditEvent.objects.order_by("number").values_list("action", flat=True)) == [
        "workspace.balance_on", "workspace.balance_top_up", "workspace.balance_correction",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("top-up", "0"), "how much"),
        (("top-up", "1e9"), "no amount"),
        (("correct", "-1"), "Say why"),
        (("correct", "-1", "--note", "x"), "1.00 EUR is missing"),
        (("on", "--currency", "Euro"), "three letters"),
    ],
)
def test_what_makes_no_sense_is_refused(
    where: tuple[str, str], arguments: tuple[str, ...], sentence: str
) -> None:
    clarion("balance", "on", "--currency", "EUR", *where)

    refused = clarion("balance", *arguments, *where)

    assert (refused.exit_code, sentence in refused.stderr) == (2, True)


def test_prices_are_set_written_out_read_in_and_removed(where: tuple[str, str], tmp_path: Path) -> None:
    clarion("balance", "on", "--currency", "EUR", *where)
    assert clarion("price", "set", "sms", "0.045", *where).exit_code == 0
    assert clarion("price", "set", "sms", "0.07", "--prefix", "+49", "--refunds", *where).exit_code == 0
    listed = clarion("price", "list", *where).stdout
    assert listed.splitlines() == [
        "channel,sender,prefix,price,currency,period,refunds",
        "sms,,,0.045,EUR,,no",
        "sms,,49,0.07,EUR,,yes",
    ]

    file = tmp_path / "prices.csv"
    file.write_text(listed + "email,,,0.001,EUR,,no\n")
    assert clarion("price", "import", file, *where).stdout == "3 prices\n"
    assert clarion("price", "remove", "sms", "--prefix", "49", *where).exit_code == 0
    assert list(Price.objects.order_by("channel").values_list("channel", "prefix", "amount")) == [
        ("email", "", 1_000), ("sms", "", 45_000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("sms,,49,0.07,USD,,no", "Line 2: The balance is in EUR, not in USD."),
        ("sms,Nobody,49,0.07,EUR,,no", "no sender"),
        ("email,,49,0.07,EUR,,no", "Only telephone numbers"),
        ("sms,,4x,0.07,EUR,,no", "up to 15 digits"),
        ("sms,,49,-1,EUR,,no", "no amount"),
        ("fax,,,1,EUR,,no", "no such channel"),
        ("sms,,49,1,EUR,,maybe", "yes or no"),
    ],
)
def test_a_list_with_a_wrong_line_changes_nothing(
    where: tuple[str, str], tmp_path: Path, line: str, sentence: str
) -> None:
    clarion("balance", "on", "--currency", "EUR", *where)
    clarion("price", "set", "sms", "0.045", *where)
    file = tmp_path / "prices.csv"
    file.write_text(f"channel,sender,prefix,price,currency,period,refunds\n{line}\n")

    refused = clarion("price", "import", file, *where)

    assert (refused.exit_code, sentence in refused.stderr) == (2, True)
    assert Price.objects.count() == 1
