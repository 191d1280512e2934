"""A campaign ordered in one go: everything that is wrong is told at once, and what is there is used again."""

from dataclasses import replace
from pathlib import Path

import pytest

from clarion.audience.models import Source
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.channels import registry
from clarion.runtime import orders
from clarion.runtime.orders import Order, OrderInvalid
from clarion.senders import operations as senders
from clarion.senders.models import Sender, SenderStatus
from clarion.workspaces import actors
from clarion.workspaces.actors import Actor
from tests.factories import make_workspace
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> Actor:
    return actors.operator(make_workspace())


@pytest.fixture
def order(tmp_path: Path) -> Order:
    (tmp_path / "mail.html").write_text("<p>Hello {{ name }}</p>")
    (tmp_path / "people.csv").write_text("email,name\nada@example.test,Ada\nben@example.test,Ben\n")
    return Order(
        name="Spring", channel="email", sender_url="smtp://u:p@127.0.0.1:2525?connections=3", subject="Hi {{ name }}",
        sender="Shop <shop@example.test>", html=tmp_path / "mail.html", mjml=None, text=None,
        csv=tmp_path / "people.csv", rate=None,
    )  # fmt: skip


def problems(order: Order) -> list[str]:
    with pytest.raises(OrderInvalid) as caught:
        orders.check(order)
    return caught.value.problems


class TestCheck:
    def test_tells_everything_that_is_wrong_at_once(self, order: Order, tmp_path: Path) -> None:
        (tmp_path / "wrong.html").write_text("<p>fine</p>\n<p>{{ name }</p>")
        (tmp_path / "names.csv").write_text("who,what\nAda,x\nBen,y\n")

        found = problems(
            replace(
                order, name=" ", sender_url="http://mail", sender="nobody", subject="", rate=0,
                html=tmp_path / "wrong.html", csv=tmp_path / "names.csv",
            )
        )  # fmt: skip

        options = [problem.partition(":")[0].split()[0] for problem in found]
        assert sorted(options) == [
            "--csv",
            "--from",
            "--html",
            "--name",
            "--rate",
            "--sender-url",
            "--subject",
        ]
        assert any(problem.startswith("--html: line 2: ") for problem in found)
        assert any("The file has: who, what." in problem for problem in found)

    def test_names_files_that_cannot_be_read(self, order: Order, tmp_path: Path) -> None:
        (tmp_path / "latin.txt").write_bytes(b"Gr\xfc\xdfe")

        found = problems(
            replace(order, html=tmp_path, text=tmp_path / "latin.txt", csv=tmp_path / "none.csv")
        )

        assert [problem.rpartition(": ")[2] for problem in found] == [
            "this is a directory.", "the file is not UTF-8 text.", "there is no such file.",
        ]  # fmt: skip

    def test_takes_a_sheet_of_a_workbook_and_leaves_nothing_beside_it(
        self, order: Order, tmp_path: Path, by: Actor
    ) -> None:
        (tmp_path / "book").mkdir()
        path = tmp_path / "book" / "people.xlsx"
        path.write_bytes(
            xlsx({"Notes": [["a"], ["b"]], "May": [["email", "name"], ["ada@example.test", "Ada"]]})
        )

        checked = orders.check(replace(order, csv=path, sheet="May"))
        campaign = orders.place(checked, by=by)

        assert campaign.source is not None
        assert (campaign.source.row_count, campaign.source.dialect["sheet"]) == (1, "May")
        assert [one.name for one in path.parent.iterdir()] == ["people.xlsx"]
        assert "The file has: a." in problems(replace(order, csv=path))[0]

    def test_names_missing_variables_and_the_columns_there_are(self, order: Order, tmp_path: Path) -> None:
        (tmp_path / "mail.html").write_text("<p>{{ first_name }} {{ city|default('') }}</p>")

        assert problems(order) == [
            "The message uses first_name, and the file has no such column. It has: email, name."
        ]

    def test_needs_a_message_and_takes_one_kind_of_html(self, order: Order) -> None:
        assert problems(replace(order, html=None)) == [
            "--html, --mjml or --text: name the file with the message."
        ]
        assert problems(replace(order, mjml=order.html)) == ["--html, --mjml: give one of them."]

    @pytest.mark.parametrize(
        "sender", ["", "Shop", "a@example.test, b@example.test", "Shop\n<shop@example.test>"]
    )
    def test_wants_one_address_as_from(self, order: Order, sender: str) -> None:
        assert [problem.partition(":")[0] for problem in problems(replace(order, sender=sender))] == [
            "--from"
        ]

    def test_knows_the_channels(self, order: Order) -> None:
        assert problems(replace(order, channel="pigeon")) == [
            f"--channel: choose one of: {', '.join(registry.CHANNELS)}."
        ]


class TestPlace:
    def test_starts_the_campaign_with_what_was_said(self, order: Order, by: Actor) -> None:
        campaign = orders.place(orders.check(replace(order, rate=7)), by=by)

        step = campaign.steps.get()
        assert (campaign.status, campaign.rate_limit) == (Status.BUILDING, 7)
        assert campaign.source is not None
        assert (campaign.source.row_count, campaign.source.bad_count) == (2, 0)
        assert step.sender is not None
        assert step.sender.config["from_name"] == "Shop"
        assert step.sender.config["connections"] == 3
        assert step.body_variables == ["name"]

    def test_uses_the_sender_with_the_same_account_and_from_again(self, order: Order, by: Actor) -> None:
        orders.place(orders.check(order), by=by)
        orders.place(orders.check(replace(order, name="Second")), by=by)
        orders.place(orders.check(replace(order, sender="other@example.test")), by=by)

        assert [one.name for one in Sender.objects.order_by("pk")] == [
            "shop@example.test via 127.0.0.1:2525", "other@example.test via 127.0.0.1:2525",
        ]  # fmt: skip

    def test_lets_a_blocked_sender_try_again_but_not_one_that_a_person_paused(
        self, order: Order, by: Actor
    ) -> None:
        orders.place(orders.check(order), by=by)
        sender = Sender.objects.get()
        senders.block_sender(sender=sender, by=by, reason="535")

        orders.place(orders.check(order), by=by)
        sender.refresh_from_db()
        activated = sender.status
        senders.pause_sender(sender=sender, by=by)
        orders.place(orders.check(order), by=by)
        sender.refresh_from_db()

        assert (activated, sender.status) == (SenderStatus.ACTIVE, SenderStatus.PAUSED)

    def test_leaves_nothing_when_nobody_can_be_reached(self, order: Order, by: Actor, tmp_path: Path) -> None:
        (tmp_path / "people.csv").write_text("email,name\nnobody,Ada\nat@,Ben\n")

        with pytest.raises(OrderInvalid, match="Nobody in the audience can be reached"):
            orders.place(orders.check(order), by=by)

        assert not Campaign.objects.exists()
        assert not Source.objects.exists()

    def test_where_an_approval_is_needed_nothing_is_made(self, order: Order, by: Actor) -> None:
        by.workspace.moderation = True

        with pytest.raises(OrderInvalid, match="only after a moderator approved"):
            orders.place(orders.check(order), by=by)

        assert [model.objects.count() for model in (Campaign, Source, Sender)] == [0, 0, 0]

    def test_sends_to_the_sandbox_without_an_account(self, order: Order, by: Actor) -> None:
        wanted = replace(order, channel="sandbox", sender_url="sandbox:?refuse_share=0.5", sender="")

        campaign = orders.place(orders.check(wanted), by=by)

        step = campaign.steps.get()
        assert step.sender is not None
        assert step.sender.config["refuse_share"] == 0.5
