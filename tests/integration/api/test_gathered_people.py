"""The people of a run whom conditions leave: listed, suppressed and sent to again through the API."""

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from clarion.audience.models import List, Suppression
from clarion.campaigns.states import Status
from clarion.deliveries import gathering, tasks
from clarion.deliveries.models import Delivery, Recipient, Run
from clarion.deliveries.states import Result, delivery_id
from tests import ledgers
from tests.integration.api.asking import asking

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def run(people: ledgers.People) -> Run:
    campaign = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
    return ledgers.make_run(campaign, finished=True, sent=5, failed=3)


def test_what_failed_is_listed_sent_again_and_suppressed(people: ledgers.People, run: Run) -> None:
    alice = asking(people.alice)
    url = f"/campaigns/{run.campaign.public_id}/people"
    said = {"status": "failed", "reason": "address_unknown"}

    listed = alice.post(f"{url}/list", said | {"name": "To call"})
    again = alice.post(f"{url}/retry", {"status": "failed", "q": "#7"})
    suppressed = alice.post(f"{url}/suppress", {"status": "failed"})

    assert (listed.status_code, listed.json()["count"], listed.json()["is_later"]) == (201, 3, False)
    assert str(List.objects.get(name="To call").public_id) == listed.json()["id"]
    assert again.json() == {"again": 1, "suppressed": 0}
    assert suppressed.json() == {"count": 2, "is_later": False}
    assert Suppression.objects.count() == 2


def test_what_would_be_left_out_of_the_conditions_is_refused(people: ledgers.People, run: Run) -> None:
    """A job reads the conditions again, and would take everybody where a condition is too short for it."""
    alice, campaign = asking(people.alice), f"/campaigns/{run.campaign.public_id}"

    for path in ("people/suppress", "people/retry", "exports"):
        answer = alice.post(f"{campaign}/{path}", {"q": " a "})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "q")
    assert alice.get(f"{campaign}/deliveries?q=a").status_code == 422


def test_many_people_are_left_to_a_job_that_keeps_every_condition(
    people: ledgers.People, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "AT_ONCE", 0)
    Delivery.objects.filter(run_id=run.pk, id=delivery_id(2, 0)).update(result=Result.DELIVERED)
    said = {"result": "delivered", "not_opened": True}
    url = f"/campaigns/{run.campaign.public_id}/people/suppress"

    answer = asking(people.alice).post(url, said)

    assert answer.json() == {"count": 0, "is_later": True}
    job = ProcrastinateJob.objects.get(task_name="deliveries.suppress_people")
    tasks.suppress_people(**job.args)
    assert [one.address for one in Suppression.objects.all()] == [
        Recipient.objects.get(run_id=run.pk, id=2).address
    ]


def test_what_makes_no_sense_is_refused_and_a_stranger_finds_nothing(
    people: ledgers.People, run: Run
) -> None:
    url = f"/campaigns/{run.campaign.public_id}/people"

    assert asking(people.alice).post(f"{url}/suppress", {"reason": "nonsense"}).status_code == 422
    assert asking(people.alice).post(f"{url}/list", {"name": " "}).status_code == 422
    assert asking(people.vera).post(f"{url}/suppress", {}).status_code == 403
    for verb, said in (("list", {"name": "Mine"}), ("suppress", {}), ("retry", {})):
        assert asking(people.mallory).post(f"{url}/{verb}", said).status_code == 404
    assert not Suppression.objects.exists()
