"""The waterfall of each channel of a run, and the people on its steps."""

import html
import re

import pytest
from django.test import Client

from clarion.audience.models import Suppression
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import optout
from clarion.deliveries.models import Recipient, Run, RunStep
from clarion.deliveries.operations import finish_run
from clarion.deliveries.states import Skip, Stage
from clarion.deliveries.unreached import REASONS, Missed, Part, unreached
from clarion.deliveries.wanted import Wanted
from clarion.engine.plan import Settled
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests import ledgers
from tests.cascades import built, follow, make_cascade, run_through, send
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
    for why in (None, *REASONS, *Part):
        wanted = Wanted(missed=Missed(3, why), stage=Stage.FAILED)
        assert Wanted.read(wanted.query()) == wanted
        assert len(wanted.in_words()) == 2
    for word in ("", "16", "x", "1.", "-1", "1.excluded", "1.no_address.x", "²"):
        assert Wanted.read({"missed": word}).missed is None
    assert not Wanted(missed=Missed(0), skip=Skip.SUPPRESSED).narrowing.count(run)


LINK = re.compile(r'<a class="link" href="([^"]+)">([^<]+)</a>.*?<b>−?([\d,]+)</b>')


def steps_of(client: Client, url: str) -> list[list[tuple[str, str, int]]]:
    """Return (link, label, number) of each line of each waterfall of the page; a line without a link is none."""
    page = html.unescape(client.get(url).content.decode())
    falls = re.findall(r'<ol class="waterfall">(.*?)</ol>', page, re.DOTALL)
    made = [LINK.findall(one) for one in falls]
    assert [len(lines) for lines in made] == [
        one.count("waterfall__row") - one.count("row--") for one in falls
    ]
    return [[(link, label, int(number.replace(",", ""))) for link, label, number in lines] for lines in made]


def test_every_step_of_every_waterfall_opens_as_many_people_as_it_counts_also_after_the_run(
    transactional_db: None,
) -> None:
    """Mail, then SMS, then a third: everything that can happen to somebody happens to one of nine."""
    people = [{"email": f"p{n}@example.test", "phone": f"+493000000{n}"} for n in range(1, 8)]
    people += [{"email": "p8@example.test", "phone": ""}, {"email": "", "phone": ""}]
    campaign = make_cascade(people=people, steps=((0, "email"), (1, "sms"), (2, "sandbox")))
    workspace = campaign.workspace
    Suppression.objects.create(
        workspace=workspace, channel="email", address="p7@example.test", reason="MANUAL"
    )
    run = built(campaign)
    alice = ledgers.make_member(workspace, "alice", Role.OWNER)
    client, url = client_of(alice), f"/w/{workspace.slug}/campaigns/{run.campaign.public_id}/"

    def opened(link: str) -> set[str]:
        return set(re.findall(r"/recipients/(\d+)/", client.get(link).content.decode()))

    def checked() -> None:
        for first, *losses, last in steps_of(client, url):
            assert first[2] - sum(count for _link, _label, count in losses) == last[2]
            for link, label, count in (first, *losses, last):
                assert (label, count) == (label, len(opened(link)))

    checked()
    optout.skip_pending(workspace=workspace, channel="email", address="p6@example.test")
    Suppression.objects.create(workspace=workspace, channel="sms", address="+4930000006", reason="MANUAL")
    Suppression.objects.create(
        workspace=workspace, channel="sandbox", address="p6@example.test", reason="MANUAL"
    )
    follow(run)
    checked()
    assert send(run, lambda person, step, _: Settled.FAILED if person in (1, 2, 8) else Settled.SENT)
    checked()
    run_through(run, lambda person, step, _: Settled.FAILED if person == 1 else Settled.SENT)
    Campaign.objects.filter(pk=run.campaign_id).update(status=Status.SENDING, started_at=run.created_at)
    assert finish_run(run.pk)
    checked()
    not_needed = [
        found for lines in steps_of(client, url) for found in lines if found[1] == "Not needed by now"
    ]
    assert [sorted(opened(link)) for link, _label, _count in not_needed] == [list("345"), list("23457")]
    stranger = client_of(ledgers.make_people().mallory)
    assert {stranger.get(link).status_code for link, _label, _count in not_needed} == {404}
