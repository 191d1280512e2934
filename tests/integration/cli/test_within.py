"""`clarion campaign push`, `retry` and `refresh`: what they print and how they end."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from clarion.audience.models import Contact, Source, SourceKind
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import PauseCause, Status
from clarion.cli import following
from clarion.deliveries import building
from clarion.deliveries.models import Recipient, Run, RunStep
from clarion.runtime import scheduler
from tests import ledgers
from tests.integration.cli.running import clarion

pytestmark = pytest.mark.django_db


@pytest.fixture
def triggered(people: ledgers.People) -> Campaign:
    end = timezone.now() + timedelta(days=1)
    campaign = ledgers.make_campaign(
        people.alice, status=Status.BUILDING, launch=Launch.TRIGGER, source=None, ends_at=end
    )
    scheduler.build_due()
    content = {"subject": "Hi", "text": "For {{ city }}"}
    RunStep.objects.filter(run__campaign=campaign).update(content=content)
    return campaign


class TestPush:
    def test_one_person_is_pushed_once(self, triggered: Campaign) -> None:
        call = ("campaign", "push", triggered.public_id, "--key", "k", "--address", "a@example.test")
        lacking = clarion(*call, "--var", "town=Leipzig")
        first = clarion(*call, "--var", "city=Leipzig", "--var", "note=a=b", "--json")
        again = clarion(*call)

        assert lacking.exit_code == 2
        assert "(k: city)" in lacking.stderr
        assert json.loads(first.stdout) == [{"key": "k", "recipient": 1, "is_new": True, "skipped": None}]
        assert again.stdout == "0 pushed, 1 were pushed before.\n"
        assert Recipient.objects.get().variables == {
            "email": "a@example.test",
            "city": "Leipzig",
            "note": "a=b",
        }

    def test_a_csv_file_is_pushed_with_its_other_columns_as_variables(
        self, triggered: Campaign, tmp_path: Path
    ) -> None:
        file = tmp_path / "people.csv"
        file.write_text("key,email,city\n1,a@example.test,Rome\n2,nowhere,Bonn\n3,a@example.test,Ulm\n")
        result = clarion("campaign", "push", triggered.public_id, "--file", file)
        assert result.stdout == "1 pushed, 1 get nothing (invalid address), 1 get nothing (duplicate).\n"
        assert Recipient.objects.get(id=1).variables["city"] == "Rome"

    def test_a_file_of_json_lines_is_pushed(self, triggered: Campaign, tmp_path: Path) -> None:
        file = tmp_path / "people.jsonl"
        file.write_text(
            '{"key": "1", "address": "a@example.test", "variables": {"city": "Rome"}}\n\n{"key": 2, "address": ""}\n'
        )
        result = clarion("campaign", "push", triggered.public_id, "--file", file, "--json")
        assert [one["skipped"] for one in json.loads(result.stdout)] == [None, "no_address"]

    @pytest.mark.parametrize(
        ("name", "text", "word"),
        [
            ("x.csv", "email\na@example.test\n", "columns key and address"),
            ("x.jsonl", "[1]\n", "Line 1"),
            ("x.jsonl", '{"key": "1"', "Line 1"),
            ("x.csv", "", "empty"),
        ],
    )
    def test_a_file_that_makes_no_sense_is_refused(
        self, triggered: Campaign, tmp_path: Path, name: str, text: str, word: str
    ) -> None:
        (tmp_path / name).write_text(text)
        result = clarion("campaign", "push", triggered.public_id, "--file", tmp_path / name)
        assert (result.exit_code, word in result.stderr) == (2, True), result.stderr

    def test_bad_input_and_campaigns_that_take_nobody_are_told_apart(
        self, triggered: Campaign, people: ledgers.People
    ) -> None:
        assert clarion("campaign", "push", triggered.public_id).exit_code == 2
        assert clarion("campaign", "push", triggered.public_id, "--key", "k", "--var", "x").exit_code == 2
        assert clarion("campaign", "push", triggered.public_id, "--file", "/nowhere.csv").exit_code == 2
        other = ledgers.make_campaign(people.alice)
        refused = clarion("campaign", "push", other.public_id, "--key", "k")
        assert (refused.exit_code, "not a triggered one" in refused.stderr) == (3, True)


class TestRetry:
    @pytest.fixture(autouse=True)
    def _somebody_sends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from clarion.runtime import presence

        monkeypatch.setattr(presence, "has_sender", lambda **_: True)
        monkeypatch.setattr(following.Follower, "prepare", lambda self: None)

    def test_failed_ones_are_sent_again(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
        ledgers.make_run(campaign, finished=True, sent=1, failed=2)
        result = clarion("campaign", "retry", campaign.public_id, "--for", "address_unknown")
        assert (result.exit_code, "2 sent again." in result.stderr) == (0, True), result.output
        assert Run.objects.get().pending == 2

    def test_nothing_to_send_again_an_unknown_reason_and_a_wrong_state_are_told(
        self, people: ledgers.People
    ) -> None:
        campaign = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
        ledgers.make_run(campaign, finished=True, sent=1)
        assert clarion("campaign", "retry", campaign.public_id).exit_code == 3
        assert clarion("campaign", "retry", campaign.public_id, "--for", "bad_mood").exit_code == 2
        draft = ledgers.make_campaign(people.alice, status=Status.DRAFT)
        refused = clarion("campaign", "retry", draft.public_id)
        assert (refused.exit_code, "only one that is completed can be retried" in refused.stderr) == (3, True)


def test_refresh_tells_and_then_applies(people: ledgers.People) -> None:
    Contact.objects.create(workspace=people.workspace, email="a@example.test")
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
    campaign = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source)
    building.build(campaign.pk)
    Campaign.objects.filter(pk=campaign.pk).update(status=Status.PAUSED, pause_cause=PauseCause.PERSON)
    Contact.objects.create(workspace=people.workspace, email="b@example.test")

    told = clarion("campaign", "refresh", campaign.public_id)
    assert told.stdout == "1 added, 0 removed, 0 changed. People: 1 before, 2 now.\nApply it with --apply.\n"
    applied = json.loads(clarion("campaign", "refresh", campaign.public_id, "--apply", "--json").stdout)
    assert applied == {"added": 1, "removed": 0, "changed": 0, "before": 1, "now": 2, "applied": True}
    assert Run.objects.get().pending == 2
    Campaign.objects.update(status=Status.SENDING, pause_cause="")
    assert clarion("campaign", "refresh", campaign.public_id).exit_code == 3


def test_a_person_does_not_continue_outside_the_hours_at_the_command_line_either(
    people: ledgers.People,
) -> None:
    campaign = ledgers.make_campaign(
        people.alice,
        status=Status.PAUSED,
        pause_cause=PauseCause.WINDOW,
        resume_at=timezone.now() + timedelta(hours=1),
    )
    assert clarion("campaign", "pause", campaign.public_id, "--reason", "Legal looks.").exit_code == 0
    campaign.refresh_from_db()
    assert (campaign.pause_cause, campaign.resume_at, campaign.status_reason) == (
        "PERSON",
        None,
        "Legal looks.",
    )
    Campaign.objects.update(pause_cause=PauseCause.WINDOW, resume_at=timezone.now() + timedelta(hours=1))
    refused = clarion("campaign", "continue", campaign.public_id)
    assert (refused.exit_code, "outside the campaign's sending hours" in refused.stderr) == (3, True)
