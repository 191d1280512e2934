"""What became of a run's messages is noted for each contact: at once, while it is sent, and when it has ended."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.utils import timezone

from clarion.audience import operations as audience
from clarion.audience.models import Contact, ContactActivity
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.deliveries import receipts
from clarion.deliveries.models import Delivery, Recipient, Run, RunStep
from clarion.deliveries.states import Stage
from clarion.deliveries.tracking import folding
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace
from tests.following import CHROME, click_path, count_hits, make_followed
from tests.runs import MadeRun

pytestmark = pytest.mark.django_db

#: Still the 20th in UTC, and the 21st in Tokyo.
SENT = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


@pytest.fixture
def made() -> MadeRun:
    """Four contacts were sent a message, a fifth recipient is none."""
    made = make_followed(count=5, sent_at=SENT)
    Workspace.objects.filter(pk=made.workspace.pk).update(zone="Asia/Tokyo")
    people = [
        Contact.objects.create(workspace=made.workspace, email=f"person{n}@example.test") for n in range(1, 5)
    ]
    for number, one in enumerate(people, start=1):
        Recipient.objects.filter(run_id=made.run.pk, id=number).update(contact_id=one.pk)
    return made


def noted(made: MadeRun) -> dict[str, ContactActivity]:
    rows = ContactActivity.objects.filter(run_id=made.run.pk).select_related("contact")
    return {one.contact.email[6]: one for one in rows}


def end(made: MadeRun) -> None:
    Run.objects.filter(pk=made.run.pk).update(finished_at=timezone.now())


def fold() -> None:
    while folding.fold_due(seconds=5):
        pass


def test_days_are_those_of_the_workspace_and_only_contacts_are_noted(made: MadeRun) -> None:
    end(made)

    fold()

    found = noted(made)
    assert sorted(found) == ["1", "2", "3", "4"]
    one = found["1"]
    assert (one.sent_on, one.opened_on, one.failed_on) == (date(2026, 11, 21), None, None)
    assert (one.workspace_id, one.campaign_id) == (made.workspace.pk, made.campaign.pk)


def test_a_click_is_noted_at_once(made: MadeRun) -> None:
    Client(headers={"user-agent": CHROME}).get(click_path(made, 2, 1))
    count_hits()

    one = noted(made)["2"]
    assert one.clicked_on == one.opened_on == one.delivered_on
    assert one.clicked_on is not None
    assert one.sent_on == date(2026, 11, 21)


def test_a_bounce_is_a_failure(made: MadeRun) -> None:
    told = ReceiptEvent(
        kind=ReceiptKind.BOUNCED_SOFT, run_id=made.run.pk, delivery_id=48, occurred_at=SENT, event_id="b"
    )
    receipts.apply([told])

    assert noted(made)["3"].failed_on == date(2026, 11, 21)


def test_what_is_handed_over_is_noted_while_the_run_goes_on_and_the_rest_at_its_end(
    made: MadeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "CHUNK", 2)
    RunStep.objects.filter(run=made.run).update(cursor=3)
    Delivery.objects.filter(run_id=made.run.pk, id__in=[16, 64]).update(
        stage=Stage.PENDING, attempts=0, ended_at=None
    )

    fold()
    assert sorted(noted(made)) == ["2", "3"]

    Delivery.objects.filter(run_id=made.run.pk, id=16).update(stage=Stage.FAILED, attempts=1, ended_at=SENT)
    Delivery.objects.filter(run_id=made.run.pk, id=64).update(stage=Stage.CANCELLED)
    end(made)
    fold()
    assert sorted(noted(made)) == ["1", "2", "3"]
    assert noted(made)["1"].failed_on == date(2026, 11, 21)
    assert not Run.objects.filter(pk=made.run.pk, folded_at=None).exists()


def test_another_pass_changes_nothing_but_what_changed(made: MadeRun) -> None:
    end(made)
    fold()
    before = noted(made)["1"].sent_on
    Delivery.objects.filter(run_id=made.run.pk, id=32).update(stage=Stage.FAILED)
    end(made)

    fold()

    assert noted(made)["1"].sent_on == before
    assert (noted(made)["2"].sent_on, noted(made)["2"].failed_on) == (None, date(2026, 11, 21))


def test_activity_follows_the_person_when_two_contacts_become_one(made: MadeRun) -> None:
    by = actors.system(made.workspace)
    one, two, three = (Contact.objects.get(email=f"person{n}@example.test") for n in (1, 2, 3))
    end(made)
    fold()

    audience.merge_contacts(by=by, kept=one, gone=two)
    Delivery.objects.filter(run_id=made.run.pk, id=48).update(stage=Stage.UNKNOWN)
    receipts.apply(
        [
            ReceiptEvent(
                kind=ReceiptKind.CLICKED, run_id=made.run.pk, delivery_id=32, occurred_at=SENT, event_id="c"
            )
        ]
    )

    mine = ContactActivity.objects.get(contact=one)
    assert (mine.sent_on, mine.clicked_on) == (date(2026, 11, 21), date(2026, 11, 21))
    assert not ContactActivity.objects.filter(contact_id=two.pk).exists()
    audience.begin_erasure(by=by, contact=three)
    assert not ContactActivity.objects.filter(contact_id=three.pk).exists()


def test_a_contacts_activity_goes_with_the_contact(made: MadeRun) -> None:
    end(made)
    fold()

    Contact.objects.filter(email="person1@example.test").delete()

    assert sorted(noted(made)) == ["2", "3", "4"]
