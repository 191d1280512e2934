"""The balance and the price list on their pages, and what campaigns cost wherever that is asked."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clarion.campaigns import costs, lifecycle, operations, preflight
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Campaign, Launch, RepeatUnit
from clarion.campaigns.preflight import Level
from clarion.campaigns.states import Action, PauseCause, Status
from clarion.deliveries import building, comparing
from clarion.deliveries.exporting.rows import layout_of
from clarion.deliveries.models import Delivery, RunStep
from clarion.deliveries.money import tending
from clarion.runtime import scheduler
from clarion.senders import operations as senders
from clarion.senders.models import Price
from clarion.senders.prices import operations as prices
from clarion.senders.prices import queries as price_queries
from clarion.senders.prices.errors import PriceInvalid
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent, Hold, LedgerEntry, Membership
from clarion.workspaces.money import amounts
from clarion.workspaces.money import operations as accounts
from clarion.workspaces.permissions import Role
from tests import paying
from tests.factories import client_of
from tests.integration.campaigns import making
from tests.paying import UNIT

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> Membership:
    return making.make_member()


def url(member: Membership, name: str, **kwargs: Any) -> str:
    return reverse(name, kwargs={"workspace": member.workspace.slug, **kwargs})


def words(page: Any) -> str:
    return " ".join(page.content.decode().split())


def priced(member: Membership, *, units: int, people: int = 4, **price: Any) -> Campaign:
    """Return a campaign to so many people that nothing blocks, whose messages cost a unit each."""
    paying.open_account(member.workspace, units)
    said = {"channel": "email", "amount": UNIT} | price
    prices.set_price(by=making.actor(member), said=prices.Said(**said))
    making.make_contacts(member.workspace, people)
    member.workspace.refresh_from_db()
    return making.make_launchable(member.workspace)


class TestLaunching:
    def test_a_launch_without_enough_money_is_refused_with_the_numbers(self, alice: Membership) -> None:
        campaign = priced(alice, units=3)

        with pytest.raises(
            CampaignInvalid, match=r"costs about 4\.00 EUR, and 3\.00 EUR is available: 1\.00 EUR"
        ):
            operations.launch(campaign=campaign, by=making.actor(alice))

        assert Campaign.objects.get(pk=campaign.pk).status == Status.DRAFT
        assert not Hold.objects.exists()
        (check,) = [one for one in preflight.check(campaign) if one.code == "balance_low"]
        assert (check.level, check.cure_url_name) == (Level.BLOCK, "balance")

    def test_what_a_launch_sets_apart_becomes_its_runs(self, alice: Membership) -> None:
        campaign = priced(alice, units=10)
        assert "It costs 4.00 EUR; 10.00 EUR is available." in [
            one.sentence for one in preflight.check(campaign)
        ]

        operations.launch(campaign=campaign, by=making.actor(alice))
        assert paying.account_of(alice.workspace).available == 6 * UNIT
        building.build(campaign.pk)

        step = RunStep.objects.get()
        assert (step.reserved, step.tariff) == (4 * UNIT, {"most": 1, "rates": [["", UNIT, 0, False]]})
        assert not Hold.objects.exists()
        paying.assert_it_adds_up(alice.workspace)

    def test_a_price_that_changes_later_does_not_reach_a_run_that_has_begun(self, alice: Membership) -> None:
        campaign = priced(alice, units=10)
        operations.launch(campaign=campaign, by=making.actor(alice))
        building.build(campaign.pk)

        prices.set_price(by=making.actor(alice), said=prices.Said(channel="email", amount=9 * UNIT))

        assert RunStep.objects.get().tariff["rates"] == [["", UNIT, 0, False]]  # type: ignore[index]

    def test_a_start_that_comes_to_nothing_gives_its_money_free(self, alice: Membership) -> None:
        campaign = priced(alice, units=10)
        operations.launch(campaign=campaign, by=making.actor(alice))
        operations.cancel(campaign=campaign, by=making.actor(alice))

        tending.free_holds()

        assert paying.account_of(alice.workspace).available == 10 * UNIT
        paying.assert_it_adds_up(alice.workspace)

    def test_a_scheduled_start_is_checked_at_once_and_paid_when_it_comes(self, alice: Membership) -> None:
        campaign = priced(alice, units=10)
        by, later = making.actor(alice), timezone.now() + timedelta(hours=2)

        operations.schedule(campaign=campaign, starts_at=later, zone="UTC", by=by)
        assert paying.account_of(alice.workspace).reserved == 0
        with time_machine.travel(later + timedelta(seconds=1)):
            scheduler.start_due()

        assert Campaign.objects.get(pk=campaign.pk).status == Status.BUILDING
        assert paying.account_of(alice.workspace).reserved == 4 * UNIT

    def test_a_scheduled_start_that_cannot_be_paid_any_more_begins_and_waits_for_money(
        self, alice: Membership
    ) -> None:
        campaign = priced(alice, units=10)
        by, later = making.actor(alice), timezone.now() + timedelta(hours=2)
        operations.schedule(campaign=campaign, starts_at=later, zone="UTC", by=by)
        accounts.correct(by=by, amount=-8 * UNIT, note="Spent elsewhere.")

        with time_machine.travel(later + timedelta(seconds=1)):
            scheduler.start_due()

        assert Campaign.objects.get(pk=campaign.pk).status == Status.BUILDING
        building.build(campaign.pk)
        assert RunStep.objects.get().reserved == 0

    @pytest.mark.parametrize("launch", [Launch.SCHEDULE, Launch.RECURRING, Launch.SPREAD])
    def test_one_that_waits_for_its_time_is_refused_when_there_is_too_little(
        self, alice: Membership, launch: Launch
    ) -> None:
        campaign = priced(alice, units=3)
        at = timezone.now() + timedelta(hours=1)
        operations.update_campaign(
            campaign=campaign, by=making.actor(alice), launch=launch, starts_at=at,
            ends_at=at + timedelta(days=3), repeat_every=1, repeat_unit=RepeatUnit.DAY,
        )  # fmt: skip

        with pytest.raises(CampaignInvalid, match=r"1\.00 EUR is missing"):
            operations.launch(campaign=Campaign.objects.get(), by=making.actor(alice))

    def test_the_parts_of_each_text_are_foretold(self, alice: Membership) -> None:
        campaign = priced(alice, units=100, channel="sms", amount=UNIT)
        for contact in alice.workspace.contact_set.all():
            contact.phone = f"+4915112345{contact.pk % 1000:03d}"
            contact.save()
        config = {
            "host": "127.0.0.1", "system_id": "shop", "password": "s3cret", "allow_cleartext_login": True,
            "security": "none", "source": "Shop",
        }  # fmt: skip
        sender = senders.create_sender(by=making.actor(alice), channel="sms", name="Texts", config=config)
        text = {"text": "Hi {{ first_name }} " + "x" * 200}
        campaign.steps.update(channel="sms", sender=sender, body_content=text, body_source=text)

        cost = costs.foretold(
            campaign,
            list(campaign.steps.select_related("sender", "template_version")),
            costs.Size(recipients=4),
        )

        assert cost is not None
        assert cost.amount == 8 * UNIT

    def test_a_call_is_priced_by_its_seconds_or_as_a_whole(self, alice: Membership) -> None:
        by = making.actor(alice)
        prices.set_price(by=by, said=prices.Said(channel="voice", amount=UNIT, period=60))
        prices.set_price(by=by, said=prices.Said(channel="voice", prefix="49", amount=UNIT))
        tariff = price_queries.tariff(alice.workspace, "voice", None, {"max_seconds": 120})

        assert [tariff.rate("+33612345678").cost(seconds) for seconds in (1, 60, 61)] == [
            UNIT,
            UNIT,
            2 * UNIT,
        ]
        assert tariff.rate("+4930123456").cost(119) == UNIT
        assert (tariff.bound("+33612345678"), tariff.bound("+4930123456")) == (2 * UNIT, UNIT)
        with pytest.raises(PriceInvalid, match="Only calls"):
            prices.set_price(by=by, said=prices.Said(channel="sms", amount=UNIT, period=60))

    def test_without_a_balance_nothing_is_said_or_set_apart(self, alice: Membership) -> None:
        campaign = making.make_launchable(alice.workspace)

        operations.launch(campaign=campaign, by=making.actor(alice))

        assert not LedgerEntry.objects.exists()
        assert [one.code for one in preflight.check(campaign) if "balance" in one.code] == []


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


class TestWhatItCost:
    @pytest.fixture
    def campaign(self, alice: Membership) -> Campaign:
        campaign = priced(alice, units=100)
        operations.launch(campaign=campaign, by=making.actor(alice))
        building.build(campaign.pk)
        RunStep.objects.update(charged=3 * UNIT, refunded=UNIT, accepted=3)
        return campaign

    def test_its_page_tells(self, alice: Membership, campaign: Campaign) -> None:
        client: Client = client_of(alice)

        page = words(client.get(url(alice, "campaigns:detail", id=campaign.public_id)))

        assert "3.00 EUR" in page
        assert "Given back" in page
        assert "0.666666 EUR" in page

    def test_the_list_tells_in_a_column_of_its_own(self, alice: Membership, campaign: Campaign) -> None:
        client, page = client_of(alice), url(alice, "campaigns")
        spent = " ".join(amounts.told(2 * UNIT, "EUR").split())
        assert spent not in words(client.get(page))
        client.post(url(alice, "campaigns:columns"), {"column": ["progress", "cost"]})
        assert spent in words(client.get(page))
        accounts.switch_off(by=making.actor(alice))
        assert "Cost" not in words(client.get(page))  # where nothing is paid, no screen speaks of money

    def test_its_statistics_tell(self, alice: Membership, campaign: Campaign) -> None:
        alice.workspace.refresh_from_db()
        (one,) = comparing.compare(alice, [campaign.public_id])
        assert one.spent is not None
        assert one.spent.net == 2 * UNIT

        client, asked = client_of(alice), f"?id={campaign.public_id}"
        assert "2.00 EUR" in words(client.get(url(alice, "statistics") + asked))
        file = b"".join(client.get(url(alice, "statistics_csv") + asked)).decode()  # type: ignore[arg-type]
        assert file.splitlines()[1].endswith("2.00,EUR")

    def test_its_files_tell_of_each_message(self, alice: Membership, campaign: Campaign) -> None:
        run = RunStep.objects.get().run
        Delivery.objects.filter(run_id=run.pk, id=16).update(stage=2, cost=UNIT)

        layout = layout_of(run, is_masked=True)

        lines = list(layout.lines([1, 2]))
        place = layout.header.index("cost")
        assert [line[place] for line in lines] == ["1.00", ""]
        assert [len(line) for line in lines] == [len(layout.header)] * 2

    def test_the_question_before_a_start_tells(self, alice: Membership) -> None:
        campaign = priced(alice, units=100)

        page = words(client_of(alice).get(url(alice, "campaigns:edit", id=campaign.public_id)))

        assert "It costs 4.00 EUR; 100.00 EUR is available." in page


def test_a_pause_for_money_leads_to_the_balance(alice: Membership) -> None:
    campaign = priced(alice, units=100)
    operations.launch(campaign=campaign, by=making.actor(alice))
    building.build(campaign.pk)
    lifecycle.move(
        Campaign.objects.get(), Action.PAUSE, by=actors.system(alice.workspace), cause=PauseCause.BALANCE,
        reason="The next message may cost 1.00 EUR.",
    )  # fmt: skip

    page = words(client_of(alice).get(url(alice, "campaigns:detail", id=campaign.public_id)))

    assert "The balance is used up" in page
    assert "Open the balance" in page
