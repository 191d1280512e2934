"""The balance and the price list on their pages."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from clarion.senders.models import Price
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent, Membership
from clarion.workspaces.money import operations as accounts
from clarion.workspaces.permissions import Role
from tests import paying
from tests.factories import client_of
from tests.integration.campaigns import making
from tests.integration.web.money.priced import url, words
from tests.paying import UNIT

pytestmark = pytest.mark.django_db


class TestBalancePage:
    def test_it_is_begun_topped_up_and_corrected(self, alice: Membership) -> None:
        client = client_of(alice)
        page = url(alice, "balance")
        assert "Campaigns cost nothing here" in words(client.get(page))

        client.post(page, {"do": "on", "currency": "eur"})
        client.post(page, {"do": "top_up", "amount": "1250,5", "note": "Invoice 7"})
        client.post(page, {"do": "correct", "amount": "-0.5", "note": "Rounding"})

        shown = words(client.get(page))
        assert "1,250.00 EUR" in shown
        assert "Invoice 7" in shown
        assert 'aria-current="page"' in shown
        assert "Invoice 7" in b"".join(client.get(url(alice, "balance_csv"))).decode()  # type: ignore[arg-type]
        assert AuditEvent.objects.filter(action__startswith="workspace.balance").count() == 3

    @pytest.mark.parametrize(
        ("said", "sentence"),
        [
            ({"do": "top_up", "amount": "much"}, "no amount"),
            ({"do": "top_up", "amount": "0"}, "how much"),
            ({"do": "correct", "amount": "-99", "note": "x"}, "is missing"),
            ({"do": "on", "currency": "USD"}, "cannot be changed"),
        ],
    )
    def test_mistakes_are_told_at_their_field(
        self, alice: Membership, said: dict[str, str], sentence: str
    ) -> None:
        paying.open_account(alice.workspace, 5)

        answer = client_of(alice).post(url(alice, "balance"), said)

        assert (answer.status_code, sentence in words(answer)) == (422, True)
        assert paying.account_of(alice.workspace).balance == 5 * UNIT

    def test_entries_are_narrowed_and_paged(self, alice: Membership) -> None:
        paying.open_account(alice.workspace, 1)
        by = actors.operator(alice.workspace)
        for number in range(60):
            accounts.top_up(by=by, amount=UNIT, note=f"note-{number:02d}.")
        client, page = client_of(alice), url(alice, "balance")

        first = words(client.get(page))
        older = words(client.get(page + "?after=12"))

        assert ("note-59." in first, "note-05." in first, "note-05." in older) == (True, False, True)
        assert "No entry of this kind" in words(client.get(page + "?kind=REFUND"))

    def test_who_may_not_manage_money_sees_it_and_changes_nothing(self, alice: Membership) -> None:
        paying.open_account(alice.workspace, 5)
        bob = making.make_member(alice.workspace, Role.AUTHOR, "Bob")

        assert "Top up" not in words(client_of(bob).get(url(alice, "balance")))
        answer = client_of(bob).post(url(alice, "balance"), {"do": "top_up", "amount": "1"})

        assert (answer.status_code, paying.account_of(alice.workspace).balance) == (403, 5 * UNIT)

    def test_a_stranger_finds_neither_page(self, alice: Membership) -> None:
        paying.open_account(alice.workspace, 5)
        mallory = client_of(making.make_member(name="Mallory"))

        for name in ("balance", "balance_csv", "prices", "prices_csv"):
            assert mallory.get(url(alice, name)).status_code == 404


class TestLowBalance:
    def test_whoever_starts_or_pays_is_told_on_every_page_until_there_is_more(
        self, alice: Membership
    ) -> None:
        paying.open_account(alice.workspace, 5)
        client, page = client_of(alice), url(alice, "balance")
        assert "The balance is low" not in words(client.get(page))

        set_ = client.post(page, {"do": "warn", "amount": "5.01"}, follow=True)

        assert "5.00 EUR is available for campaigns to come" in words(set_)
        assert AuditEvent.objects.get(action="workspace.balance_warning").changes == {"below": [None, "5.01"]}
        dashboard = words(client.get(url(alice, "dashboard")))
        assert (
            dashboard.count("The balance is low") == 2
        )  # the line above every page, and what needs attention
        vera = making.make_member(alice.workspace, role=Role.VIEWER)
        assert "The balance is low" not in words(client_of(vera).get(url(vera, "lists")))
        client.post(page, {"do": "top_up", "amount": "0.01"})
        assert "The balance is low" not in words(client.get(url(alice, "dashboard")))
        client.post(page, {"do": "warn", "amount": ""})
        assert paying.account_of(alice.workspace).warn_below is None
        assert client.post(page, {"do": "warn", "amount": "many"}).status_code == 422
        assert client_of(vera).post(url(vera, "balance"), {"do": "warn", "amount": "1"}).status_code == 403


class TestPricesPage:
    def test_a_price_is_set_shown_replaced_and_removed(self, alice: Membership) -> None:
        paying.open_account(alice.workspace)
        client, page = client_of(alice), url(alice, "prices")

        client.post(
            page, {"do": "set", "channel": "sms", "begins": "+49", "amount": "0.075", "refunds": "on"}
        )
        client.post(page, {"do": "set", "channel": "sms", "begins": "49", "amount": "0.08"})

        price = Price.objects.get()
        assert (price.prefix, price.amount, price.refunds) == ("49", 80_000, False)
        assert "0.08 EUR" in words(client.get(page))
        client.post(page, {"do": "remove", "price": str(price.pk)})
        assert not Price.objects.exists()

    def test_a_list_is_written_out_and_read_in_again(self, alice: Membership) -> None:
        paying.open_account(alice.workspace)
        client, page = client_of(alice), url(alice, "prices")
        client.post(page, {"do": "set", "channel": "sms", "amount": "0.05"})
        told = b"".join(client.get(url(alice, "prices_csv")))  # type: ignore[arg-type]

        wrong = SimpleUploadedFile("prices.csv", told + b"sms,,4x,1,EUR,,no\n")
        answer = client.post(page, {"do": "import", "file": wrong})
        assert (answer.status_code, "Line 3:" in words(answer), Price.objects.count()) == (422, True, 1)

        right = SimpleUploadedFile("prices.csv", told + b"sms,,44,0.06,EUR,,yes\n")
        client.post(page, {"do": "import", "file": right})
        assert list(Price.objects.order_by("prefix").values_list("prefix", "amount", "refunds")) == [
            ("", 50_000, False), ("44", 60_000, True),
        ]  # fmt: skip

    def test_another_workspaces_price_is_not_found(self, alice: Membership) -> None:
        paying.open_account(alice.workspace)
        client_of(alice).post(url(alice, "prices"), {"do": "set", "channel": "sms", "amount": "0.05"})
        mallory = making.make_member(name="Mallory")
        paying.open_account(mallory.workspace)

        answer = client_of(mallory).post(
            url(mallory, "prices"), {"do": "remove", "price": str(Price.objects.get().pk)}
        )

        assert (answer.status_code, Price.objects.count()) == (404, 1)
