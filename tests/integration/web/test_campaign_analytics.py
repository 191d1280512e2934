"""The analytics of a campaign: figures from counters, links, hours, the switch of links, filters and files."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from clarion.campaigns.models import Campaign
from clarion.deliveries import recipients
from clarion.deliveries.exporting import rows
from clarion.deliveries.models import Hit, Run, RunStep
from clarion.deliveries.states import Result
from clarion.deliveries.tracking import analytics
from clarion.workspaces.permissions import Role
from tests.factories import client_of, make_cast
from tests.following import CHROME, click_path, count_hits, make_followed, open_path
from tests.ledgers import make_member
from tests.runs import MadeRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> MadeRun:
    """Four people got it: one clicked, another opened, a program fetched the image of a third."""
    made = make_followed(count=4, sent_at=datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    person = Client(headers={"user-agent": CHROME})
    person.get(click_path(made, 1, 2))
    person.get(open_path(made, 2))
    Client(headers={"user-agent": "Mozilla/5.0"}).get(open_path(made, 3))
    # At 02:30 and 03:10 of a day in Berlin.
    Hit.objects.filter(link=2).update(at=datetime(2026, 11, 21, 1, 30, tzinfo=UTC))
    Hit.objects.filter(link=0).update(at=datetime(2026, 11, 21, 2, 10, tzinfo=UTC))
    count_hits()
    return made


def page_of(client: Client, made: MadeRun, name: str = "analytics") -> str:
    answer = client.get(f"/w/{made.workspace.slug}/campaigns/{made.campaign.public_id}/{name}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_tells_rates_links_and_what_programs_did(made: MadeRun) -> None:
    page = page_of(client_of(make_member(made.workspace, "vera", Role.VIEWER)), made)

    assert "50.0%" in page  # opened: whoever clicked and whoever opened
    assert "25.0%" in page
    assert "https://shop.test/of/{{ city|urlencode }}" in page
    assert "Not counted: 1 opens and 0 clicks by programs" in page
    assert "Opens and clicks by hour" in page
    assert "Switch links off" not in page  # a viewer's role does not include it

    mallory = make_cast().mallory
    url = f"/w/{made.workspace.slug}/campaigns/{made.campaign.public_id}/analytics/"
    assert client_of(mallory).get(url).status_code == 404
    elsewhere = f"/w/{mallory.workspace.slug}/campaigns/{made.campaign.public_id}/analytics/"
    assert client_of(mallory).get(elsewhere).status_code == 404


def test_a_cascade_tells_for_each_channel_when_it_goes_and_what_came_of_it(made: MadeRun) -> None:
    Run.objects.filter(pk=made.run.pk).update(is_cascade=True)
    RunStep.objects.filter(run=made.run).update(
        made=1200, accepted=1100, delivered=900, bounced=7, failed=100
    )
    # Authors number tiers with gaps; two channels of one tier go together.
    for step, tier, channel, counts in (
        (1, 3, "sms", {"made": 107, "accepted": 100, "delivered": 90, "replied": 5}),
        (2, 3, "viber", {"made": 40, "accepted": 39, "delivered": 0}),
        (3, 9, "voice", {"made": 3, "left_out": 4}),
    ):
        RunStep.objects.create(
            run=made.run, step=step, tier=tier, channel=channel, sender_id=made.sender.pk, **counts
        )

    page = page_of(client_of(make_member(made.workspace, "vera", Role.VIEWER)), made)

    lines = page.partition('id="channels"')[2].partition("</table>")[0].split("<tr>")[2:]
    told = [dict(re.findall(r'data-label="([^"]*)">([^<]*)<', line)) for line in lines]
    assert [re.findall(r'class="small dim">([^<]*)<', line) for line in lines] == [
        ["Primary"], ["Fallback 1"], ["Fallback 1"], ["Fallback 2"],
    ]  # fmt: skip
    assert [one["People it went to"] for one in told] == ["1,200", "107", "40", "3"]
    assert [one["Accepted"] for one in told] == ["1,100", "100", "39", "0"]
    # Nothing tells of a delivery where none was told, which is not the same as none delivered.
    assert [one["Delivered"] for one in told] == ["900", "90", "—", "—"]
    assert (told[0]["Bounced"], told[1]["Replied"], told[0]["Failed"]) == ("7", "5", "100")
    # The rates above are those of all channels together: 990 of 1,239.
    assert "79.9%" in page


def test_hours_are_those_of_the_zone_without_gaps(made: MadeRun) -> None:
    course = analytics.course(Run.objects.get(pk=made.run.pk), "Asia/Kolkata")

    assert course is not None
    busy = [
        (f"{one.start:%d %H:%M}", one.opens, one.clicks) for one in course.columns if one.opens or one.clicks
    ]
    assert busy == [("21 07:00", 1, 1)]
    assert f"{course.columns[0].start:%d %H:%M}" == "20 15:00"
    assert len(course.columns) == 17


def test_links_are_switched_off_after_a_question_and_on_again(made: MadeRun) -> None:
    client = client_of(make_member(made.workspace, "alice", Role.OWNER))
    url = f"/w/{made.workspace.slug}/campaigns/{made.campaign.public_id}/links/"

    assert "Switch off the links of" in client.post(url).content.decode()
    assert Campaign.objects.get(pk=made.campaign.pk).links_off_at is None
    client.post(url, {"confirmed": "1"})
    assert Campaign.objects.get(pk=made.campaign.pk).links_off_at is not None
    assert "are switched off" in page_of(client, made)
    client.post(url, {"on": "1"})
    assert Campaign.objects.get(pk=made.campaign.pk).links_off_at is None
    assert "Links switched off" in page_of(client, made, "audit")

    mallory = make_cast().mallory
    assert client_of(mallory).post(url).status_code == 404


@pytest.mark.parametrize(
    ("asked", "expected"),
    [({"result": Result.READ}, [1, 2]), ({"result": Result.CLICKED}, [1]), ({"not_opened": True}, [3, 4])],
)
def test_people_are_found_by_what_they_did_whatever_came_later(
    made: MadeRun, asked: dict[str, object], expected: list[int]
) -> None:
    from clarion.deliveries import optout

    run = Run.objects.get(pk=made.run.pk)
    assert [one.id for one in recipients.recipients_page(run, **asked).people] == expected  # type: ignore[arg-type]
    optout.opt_out(run.pk, 16)
    optout.opt_out(run.pk, 64)
    assert [one.id for one in recipients.recipients_page(run, **asked).people] == expected  # type: ignore[arg-type]


def test_a_file_says_when_each_opened_and_which_links_they_followed(made: MadeRun) -> None:
    layout = rows.layout_of(Run.objects.select_related("workspace").get(pk=made.run.pk), is_masked=True)
    lines = [dict(zip(layout.header, line, strict=True)) for line in layout.lines([1, 2, 3])]

    assert (lines[0]["clicked_at"], lines[0]["clicked_links"]) == ("2026-11-21T01:30:00+00:00", "2")
    assert (lines[1]["opened_at"], lines[1]["clicked_at"]) == ("2026-11-21T02:10:00+00:00", "")
    assert lines[2]["opened_at"] == ""
