"""What a launch costs is foretold, set apart and refused where it cannot be paid."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from clarion.campaigns import costs, operations, preflight
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Campaign, Launch, RepeatUnit
from clarion.campaigns.preflight import Level
from clarion.campaigns.states import Status
from clarion.deliveries import building
from clarion.deliveries.models import RunStep
from clarion.deliveries.money import tending
from clarion.runtime import scheduler
from clarion.senders import operations as senders
from clarion.senders.prices import operations as prices
from clarion.senders.prices import queries as price_queries
from clarion.senders.prices.errors import PriceInvalid
from clarion.workspaces.models import Hold, LedgerEntry, Membership
from clarion.workspaces.money import operations as accounts
from tests import paying
from tests.integration.campaigns import making
from tests.integration.web.money.priced import priced
from tests.paying import UNIT

pytestmark = pytest.mark.django_db


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
