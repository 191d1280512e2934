"""`clarion campaign submit`, `withdraw`, `approve`, `reject` and `release`."""

import json

import pytest
from typer.testing import CliRunner, Result

from clarion.campaigns import moderation
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import PauseCause, Status
from clarion.cli.program import app
from clarion.workspaces.models import AuditEvent
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> Campaign:
    return making.make_launchable(making.make_workspace(moderation=True), launch="MANUAL")


def clarion(verb: str, campaign: Campaign, *options: str) -> Result:
    return CliRunner().invoke(app, ["campaign", verb, str(campaign.public_id), *options])


def status_of(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).status


def test_a_campaign_goes_from_draft_to_ready(draft: Campaign) -> None:
    assert clarion("submit", draft, "--note", "Please look.").exit_code == 0
    assert clarion("withdraw", draft).exit_code == 0
    assert clarion("submit", draft).exit_code == 0

    shown = json.loads(clarion("approve", draft, "--canary", "10", "--note", "Fine.", "--json").stdout)

    assert (shown["status"], shown["approved_at"] is None) == ("ready", False)
    latest = moderation.latest_review(draft)
    assert latest is not None
    assert (latest.canary_percent, latest.reason) == (10, "Fine.")
    events = AuditEvent.objects.filter(object_id=str(draft.public_id)).order_by("number")
    assert [event.action for event in events] == [
        "campaign.submit", "campaign.withdraw", "campaign.submit", "campaign.approve",
    ]  # fmt: skip
    assert {event.via for event in events} == {"cli"}


def test_a_first_part_is_also_a_number_of_people(draft: Campaign) -> None:
    clarion("submit", draft)

    both = clarion("approve", draft, "--canary", "10", "--canary-people", "5")
    assert clarion("approve", draft, "--canary-people", "5").exit_code == 0

    assert both.exit_code != 0
    latest = moderation.latest_review(draft)
    assert latest is not None
    assert (latest.canary_percent, latest.canary_people) == (None, 5)


def test_what_is_not_approved_is_not_started(draft: Campaign) -> None:
    result = clarion("start", draft)

    assert result.exit_code == 2
    assert result.stderr == "It has to be approved by a moderator first.\n"
    assert status_of(draft) == Status.DRAFT


def test_a_digest_that_was_looked_at_is_asked_for(draft: Campaign) -> None:
    clarion("submit", draft)
    digest = json.loads(clarion("show", draft, "--json").stdout)["digest"]

    refused = clarion("approve", draft, "--digest", "0" * 64)
    approved = clarion("approve", draft, "--digest", digest)

    assert (refused.exit_code, approved.exit_code) == (2, 0)
    assert "has changed since you looked at it" in refused.stderr


def test_a_rejection_needs_a_reason(draft: Campaign) -> None:
    clarion("submit", draft)

    assert clarion("reject", draft).exit_code == 2
    assert clarion("reject", draft, "--reason", "Wrong price.").exit_code == 0
    assert status_of(draft) == Status.CANCELLED


def test_a_state_that_does_not_allow_it_is_named(draft: Campaign) -> None:
    result = clarion("approve", draft)

    assert result.exit_code == 3
    assert "only one that is in_review can be approved" in result.stderr


def test_continuing_does_not_release_the_rest(draft: Campaign) -> None:
    Campaign.objects.filter(pk=draft.pk).update(
        status=Status.PAUSED, pause_cause=PauseCause.REVIEW, paused_from=Status.SENDING
    )

    result = clarion("continue", draft)

    assert result.exit_code == 3
    assert "clarion campaign release" in result.stderr
    assert status_of(draft) == Status.PAUSED
