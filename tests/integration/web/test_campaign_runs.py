"""The runs of a campaign: newest first, page by page, with what changed since the run before."""

import pytest
from django.test import Client

from clarion.campaigns.models import Campaign, Launch, RepeatUnit
from clarion.deliveries import queries
from clarion.deliveries.models import Run
from tests import ledgers
from tests.factories import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def campaign(people: ledgers.People) -> Campaign:
    return ledgers.make_campaign(
        people.alice, launch=Launch.RECURRING, repeat_every=1, repeat_unit=RepeatUnit.DAY
    )


def make_runs(campaign: Campaign, n: int) -> None:
    Run.objects.bulk_create(
        Run(
            workspace=campaign.workspace, campaign=campaign, number=number, total=number, sent=number,
            difference={} if number == 1 else {"added": 1, "removed": 1200, "same": number - 1},
        )
        for number in range(1, n + 1)
    )  # fmt: skip


def url(campaign: Campaign, query: str = "") -> str:
    return f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/runs/{query}"


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def numbers(page: str) -> list[int]:
    return [int(part.split('"')[0]) for part in page.split("recipients/?run=")[1:]]


def test_hundreds_are_paged_both_ways(people: ledgers.People, campaign: Campaign) -> None:
    make_runs(campaign, 120)
    client = client_of(people.alice)

    first, second, last = (text(client, url(campaign, query)) for query in ("", "?before=71", "?before=21"))

    assert numbers(first) == list(range(120, 70, -1))
    assert numbers(second) == list(range(70, 20, -1))
    assert numbers(last) == list(range(20, 0, -1))
    assert ("?before=71" in first, 'rel="prev"' in first) == (True, False)
    assert f'rel="prev" href="{url(campaign)}"' in second
    assert 'rel="prev" href="' + url(campaign, "?before=71") in last
    assert 'rel="next"' not in last


def test_a_run_tells_its_difference_and_leads_to_its_numbers(
    people: ledgers.People, campaign: Campaign
) -> None:
    make_runs(campaign, 2)

    page = text(client_of(people.alice), url(campaign))

    assert 'title="Added">+1</span> <span class="num" title="Removed">−1,200</span>' in page
    assert f'href="/w/{people.workspace.slug}/campaigns/{campaign.public_id}/?run=2"' in page
    assert page.count('title="Added"') == 1


def test_people_sent_to_in_part_and_called_off_have_columns_where_there_are_any(
    people: ledgers.People, campaign: Campaign
) -> None:
    make_runs(campaign, 2)
    client = client_of(people.alice)
    plain = text(client, url(campaign))
    Run.objects.filter(campaign=campaign, number=2).update(total=30, partly=11, cancelled=4, expired=13)

    page = text(client, url(campaign))

    assert "Partly sent" not in plain
    assert "Cancelled or expired" not in plain
    assert 'data-label="Partly sent">11<' in page
    assert '<td class="table__end num">17</td>' in page


def test_a_recurring_campaigns_first_run_has_the_tab_already(
    people: ledgers.People, campaign: Campaign
) -> None:
    once = ledgers.make_campaign(people.alice)
    make_runs(campaign, 1)
    make_runs(once, 1)
    client = client_of(people.alice)

    assert f'href="{url(campaign)}"' in text(client, url(campaign))
    assert f'href="{url(once)}"' not in text(client, url(once).replace("runs/", ""))


def test_without_a_run_it_says_so(people: ledgers.People, campaign: Campaign) -> None:
    assert "No runs yet" in text(client_of(people.vera), url(campaign, "?before=nonsense"))


def test_a_stranger_finds_none(people: ledgers.People, campaign: Campaign) -> None:
    make_runs(campaign, 3)

    assert client_of(people.mallory).get(url(campaign)).status_code == 404
    assert queries.runs_page(people.mallory, campaign).rows == []
