"""Further channels of an order from a TOML file: what is wrong is told with its place, what is right becomes steps."""

from dataclasses import replace
from pathlib import Path

import pytest

from clarion.campaigns import cascade
from clarion.runtime import orders
from clarion.runtime.orders import Order, OrderInvalid
from clarion.workspaces import actors
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db

GOOD = """
receipt_wait = 20
[[step]]
channel = "sandbox"
sender_url = "sandbox:?refuse_share=0.5"
subject = "Still there, {{ name }}?"
text = "short.txt"
[[step]]
channel = "sandbox"
subject = "The last one"
text = "short.txt"
tier = 1
"""


@pytest.fixture
def order(tmp_path: Path) -> Order:
    (tmp_path / "short.txt").write_text("Hello {{ name }} {{ unsubscribe_url }}")
    (tmp_path / "people.csv").write_text("email,name\nada@example.test,Ada\nben@example.test,Ben\n")
    return Order(
        name="Spring", channel="sandbox", sender_url="", subject="Hi {{ name }}", sender="", html=None, mjml=None,
        text=tmp_path / "short.txt", csv=tmp_path / "people.csv", rate=None, cascade=tmp_path / "further.toml",
    )  # fmt: skip


def test_the_steps_of_the_file_become_the_campaigns(order: Order, tmp_path: Path) -> None:
    (tmp_path / "further.toml").write_text(GOOD)
    campaign = orders.place(orders.check(order), by=actors.operator(make_workspace()))
    steps = [(step.position, step.tier, step.body_source["subject"]) for step in cascade.ordered(campaign)]
    assert steps == [(0, 0, "Hi {{ name }}"), (1, 1, "Still there, {{ name }}?"), (2, 1, "The last one")]
    assert campaign.receipt_wait == 20


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[step]\n", "--cascade"),
        ("receipt_wait = 3", "name 1 to 15 channels"),
        ('[[step]]\nchannel = "pigeon"', "channel: choose one of"),
        ('[[step]]\nchannel = "sandbox"\ntier = 5\ntext = "short.txt"', "tier: write a number from 0 to 1"),
        ('[[step]]\nchannel = "sandbox"\nlegs = 2', "It may have"),
        ('receipt_wait = 0\n[[step]]\nchannel = "sandbox"\ntext = "short.txt"', "receipt_wait"),
        ('[[step]]\nchannel = "sandbox"\ntext = "none.txt"', "[[step]] 1: --text"),
    ],
)
def test_what_is_wrong_with_the_file_is_told(order: Order, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "further.toml").write_text(text)
    with pytest.raises(OrderInvalid) as caught:
        orders.check(order)
    assert any(told in problem for problem in caught.value.problems), caught.value.problems


def test_a_file_that_is_not_there_is_told(order: Order, tmp_path: Path) -> None:
    with pytest.raises(OrderInvalid) as caught:
        orders.check(replace(order, cascade=tmp_path / "nowhere.toml"))
    assert any("nowhere.toml" in problem for problem in caught.value.problems)
