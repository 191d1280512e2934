"""What campaigns cost, wherever that is asked."""

import pytest
from django.test import Client

from clarion.campaigns import lifecycle, operations
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Action, PauseCause
from clarion.deliveries import building, comparing
from clarion.deliveries.exporting.rows import layout_of
from clarion.deliveries.models import Delivery, RunStep
from clarion.workspaces import actors
from clarion.workspaces.models import Membership
from clarion.workspaces.money import amounts
from clarion.workspaces.money import operations as accounts
from tests.factories import client_of
from tests.integration.campaigns import making
from tests.integration.web.money.priced import priced, url, words
from tests.paying import UNIT

pytestmark = pytest.mark.django_db


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
