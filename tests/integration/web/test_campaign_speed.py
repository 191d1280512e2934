"""The speed of a campaign on its way, changed on its page: at once, in the trail, and by whom it may be."""

import pytest

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.workspaces.models import AuditEvent
from tests import ledgers
from tests.factories import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def campaign(people: ledgers.People) -> Campaign:
    made = ledgers.make_campaign(people.alice)
    ledgers.make_run(made, sent=1, pending=9)
    return made


def url(campaign: Campaign, tab: str = "") -> str:
    return f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/{tab}"


def page(people: ledgers.People, campaign: Campaign) -> str:
    return client_of(people.alice).get(url(campaign)).content.decode()


def speed_of(campaign: Campaign) -> tuple[float | None, float, float]:
    campaign.refresh_from_db()
    return campaign.rate_limit, campaign.delay_min, campaign.delay_max


def test_it_is_offered_while_the_campaign_sends_and_changed_with_a_trail(
    people: ledgers.People, campaign: Campaign
) -> None:
    assert 'id="speed"' in page(people, campaign)

    said = {"rate_limit": "2.5", "delay_min": "1", "delay_max": "3"}
    answer = client_of(people.alice).post(url(campaign, "speed/"), said, follow=True)

    assert "The new speed holds from now on." in answer.content.decode()
    assert speed_of(campaign) == (2.5, 1, 3)
    event = AuditEvent.objects.get(action="campaign.change_speed")
    assert event.changes == {"rate_limit": [None, 2.5], "delay_min": [0, 1], "delay_max": [0, 3]}


def test_empty_fields_are_no_limit_and_no_delay_and_one_end_is_both(
    people: ledgers.People, campaign: Campaign
) -> None:
    client = client_of(people.alice)
    client.post(url(campaign, "speed/"), {"rate_limit": "", "delay_min": "4", "delay_max": ""})
    assert speed_of(campaign) == (None, 4, 4)

    client.post(url(campaign, "speed/"), {})

    assert speed_of(campaign) == (None, 0, 0)


@pytest.mark.parametrize(
    "said",
    [
        {"rate_limit": "0"},
        {"rate_limit": "fast"},
        {"delay_min": "9", "delay_max": "3"},
        {"delay_max": "3601"},
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    people: ledgers.People, campaign: Campaign, said: dict[str, str]
) -> None:
    answer = client_of(people.alice).post(url(campaign, "speed/"), said, follow=True)

    assert 'data-toast="error"' in answer.content.decode()
    assert speed_of(campaign) == (None, 0, 0)


def test_one_that_has_ended_has_no_speed(people: ledgers.People) -> None:
    campaign = ledgers.make_campaign(people.alice, status=Status.COMPLETED)

    assert 'id="speed"' not in page(people, campaign)
    answer = client_of(people.alice).post(url(campaign, "speed/"), {"rate_limit": "5"}, follow=True)
    assert "not on its way any more" in answer.content.decode()


def test_viewers_are_not_offered_it_and_strangers_find_nothing(
    people: ledgers.People, campaign: Campaign
) -> None:
    assert 'id="speed"' not in client_of(people.vera).get(url(campaign)).content.decode()
    assert client_of(people.vera).post(url(campaign, "speed/"), {"rate_limit": "5"}).status_code == 403
    assert client_of(people.mallory).post(url(campaign, "speed/"), {"rate_limit": "5"}).status_code == 404
    assert speed_of(campaign) == (None, 0, 0)
