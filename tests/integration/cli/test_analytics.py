"""`clarion campaign analytics` and `links`: what they print, and what they change."""

import json

import pytest
from django.test import Client
from typer.testing import CliRunner, Result

from clarion.campaigns.models import Campaign
from clarion.cli.program import app
from tests.following import CHROME, click_path, count_hits, make_followed

pytestmark = pytest.mark.django_db


def clarion(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_it_tells_of_people_apart_from_programs() -> None:
    made = make_followed()
    Client(headers={"user-agent": CHROME}).get(click_path(made, 1, 3))
    Client(headers={"user-agent": "curl/8"}).get(click_path(made, 2, 3))
    count_hits()

    told = json.loads(clarion("campaign", "analytics", made.campaign.public_id, "--json").stdout)

    (channel,) = told["channels"]
    assert (channel["clicked"], channel["opened"], channel["machine_clicks"]) == (1, 1, 1)
    assert told["links"][0] | {"people": 1, "target": "https://shop.test/c"} == told["links"][0]
    shown = clarion("campaign", "analytics", made.campaign.public_id).stdout
    assert "sandbox: 3 accepted, 1 opened, 1 clicked" in shown
    assert "by programs: 0 opens, 1 clicks" in shown


def test_links_are_switched_off_and_on() -> None:
    made = make_followed()

    assert clarion("campaign", "links", made.campaign.public_id, "--off").stdout == "off\n"
    assert Campaign.objects.get(pk=made.campaign.pk).links_off_at is not None
    assert clarion("campaign", "links", made.campaign.public_id, "--on").stdout == "on\n"
    assert Campaign.objects.get(pk=made.campaign.pk).links_off_at is None
