"""The waterfall of each channel of a run, and the people on its steps."""

import pytest

from clarion.audience.models import Suppression
from clarion.deliveries.models import Recipient, Run, RunStep
from clarion.deliveries.states import Skip, Stage
from clarion.deliveries.unreached import Missed, unreached
from clarion.deliveries.wanted import Wanted
from clarion.web.campaign_falls import REASONS
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests import ledgers
from tests.cascades import built, make_cascade
from tests.factories import client_of
from tests.integration.api.asking import asking

pytestmark = pytest.mark.django_db

BOTH_AT_ONCE = ((0, "email"), (0, "sms"))


@pytest.fixture
def run() -> Run:
    """Six people: one without an address for mail, one suppressed there, two without a number, one out of reach."""
    people = [
        {"email": "a@example.test", "phone": "+4930000001"},
        {"email": "", "phone": "+4930000002"},
        {"email": "c@example.test", "phone": "+4930000003"},
        {"email": "d@example.test", "phone": ""},
        {"email": "e@example.test", "phone": ""},
        {"email": "f@example.test", "phone": "+4930000006"},
    ]
    campaign = make_cascade(people=people, steps=BOTH_AT_ONCE)
    for channel, address in (
        ("email", "c@example.test"), ("email", "f@example.test"), ("sms", "+4930000006"),
    ):  # fmt: skip
        Suppression.objects.create(
            workspace=campaign.workspace, channel=channel, address=address, reason="MANUAL"
        )
    return built(campaign)


@pytest.fixture
def alice(run: Run) -> Membership:
    return ledgers.make_member(run.workspace, "alice", Role.OWNER)


def falls(run: Run) -> dict[str, int]:
    left_out = dict(RunStep.objects.filter(run=run).values_list("step", "left_out"))
    return {missed.word: count for missed, count in unreached(run, left_out).items()}


def test_each_step_is_counted_and_opens_the_people_on_it(run: Run, alice: Membership) -> None:
    client, url = client_of(alice), f"/w/{run.workspace.slug}/campaigns/{run.campaign.public_id}/"

    page = client.get(url).content.decode()

    assert falls(run) == {"0.no_address": 1, "0.suppressed": 1, "1.no_address": 2}
    for word, addresses in {
        "0.no_address": ["+4930000002"],
        "0.suppressed": ["c@example.test"],
        "1.no_address": ["d@example.test", "e@example.test"],
        "1.suppressed": [],
        "0": ["+4930000002", "c@example.test"],
    }.items():
        shown = client.get(f"{url}recipients/?missed={word}").content.decode()
        everybody = Recipient.objects.filter(run_id=run.pk).values_list("address", flat=True)
        assert sorted(one for one in everybody if f"{one}<" in shown) == addresses
        assert (f"missed={word}&" in page or f"missed={word}&quot;" in page or f'missed={word}"' in page) is (
            bool(addresses) and "." in word
        )
    assert (
        client.get(f"{url}recipients/?missed=0.no_address&status=sent").content.decode().count("+4930") == 0
    )
    stranger = ledgers.make_people().mallory
    assert client_of(stranger).get(f"{url}recipients/?missed=0").status_code == 404


def test_of_very_many_the_channel_s_own_counter_tells(
    run: Run, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clarion.deliveries.unreached.in_time", lambda *_: None)

    page = (
        client_of(alice).get(f"/w/{run.workspace.slug}/campaigns/{run.campaign.public_id}/").content.decode()
    )

    assert falls(run) == {"0": 2, "1": 2}
    assert "Not reached" in page


def test_programs_ask_for_them_too_and_are_told_what_makes_no_sense(run: Run, alice: Membership) -> None:
    path = f"/campaigns/{run.campaign.public_id}/deliveries"

    found = asking(alice).get(f"{path}?missed=1.no_address").json()["items"]
    refused = asking(alice).get(f"{path}?missed=1.because")

    assert sorted(one["address"] for one in found) == ["d@example.test", "e@example.test"]
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "missed")


def test_the_words_mean_the_same_again_and_nobody_fits_what_contradicts_itself(run: Run) -> None:
    for why in (None, *REASONS):
        wanted = Wanted(missed=Missed(3, why), stage=Stage.FAILED)
        assert Wanted.read(wanted.query()) == wanted
        assert len(wanted.in_words()) == 2
    for word in ("", "16", "x", "1.", "-1", "1.excluded", "1.no_address.x", "²"):
        assert Wanted.read({"missed": word}).missed is None
    assert not Wanted(missed=Missed(0), skip=Skip.SUPPRESSED).narrowing.count(run)
