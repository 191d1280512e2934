"""People who were fixed beforehand, over a cascade of channels: they alone are in it, each by every address."""

import pytest

from clarion.audience import fixing
from clarion.audience import operations as audience
from clarion.audience.models import Contact, List
from clarion.audience.operations import Without
from clarion.campaigns import preflight
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import ledger, refreshing
from clarion.deliveries.models import Recipient
from clarion.engine.plan import Settled
from clarion.workspaces import actors
from tests.cascades import built, make_cascade, messages, run_through

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = [
    {"email": "a@example.test", "phone": "+4930000001"},
    {"email": "", "phone": "+4930000002"},
    {"email": "", "phone": ""},
    {"email": "d@example.test", "phone": "+4930000004"},
]


def fixed(*, excluding: bool = False) -> Campaign:
    """Return a cascade to PEOPLE as they are now, who then change: one comes, and one moves."""
    campaign = make_cascade(people=PEOPLE, status=Status.DRAFT)
    workspace = campaign.workspace
    by = actors.system(workspace)
    without = Without()
    if excluding:
        few = List.objects.create(workspace=workspace, name="Not these")
        last = Contact.objects.get(workspace=workspace, email="d@example.test")
        audience.add_to_list(the_list=few, contact_ids=[last.pk], by=by)
        without = Without(lists=[few])
    source = fixing.fix(audience.create_contacts_source(by=by, without=without, is_fixed=True))
    Contact.objects.create(workspace=workspace, email="late@example.test", phone="+4930000009")
    Contact.objects.filter(workspace=workspace, email="a@example.test").update(email="moved@example.test")
    campaign.source = source
    campaign.save()
    return campaign


def test_only_they_are_in_it_and_whom_the_first_channel_cannot_reach_gets_the_next() -> None:
    campaign = fixed()
    Campaign.objects.update(status=Status.BUILDING)

    run = built(campaign)
    run_through(run, lambda person, step, attempt: Settled.FAILED if step == 0 else Settled.SENT)

    run.refresh_from_db()
    people = Recipient.objects.filter(run_id=run.pk).order_by("id").values_list("address", "skip")
    assert list(people) == [
        ("moved@example.test", None),
        ("+4930000002", None),
        ("", 1),
        ("d@example.test", None),
    ]
    assert (run.total, run.partly, run.sent, run.skipped) == (4, 2, 1, 1)
    assert messages(run)[2][1] == 2
    assert ledger.check(run).findings == []


def test_those_who_are_excluded_get_nothing_and_the_check_before_counts_as_the_run_does() -> None:
    campaign = fixed(excluding=True)

    promised = preflight.examine(campaign)
    Campaign.objects.update(status=Status.BUILDING)
    run = built(campaign)

    assert run.waterfall["excluded"] == 1
    assert promised.recipients == run.pending == 2


def test_refreshing_while_it_is_paused_adds_nobody_who_was_not_fixed() -> None:
    campaign = fixed()
    Campaign.objects.update(status=Status.BUILDING)
    run = built(campaign)
    Campaign.objects.update(status=Status.PAUSED, pause_cause="PERSON", paused_from="SENDING")
    campaign.refresh_from_db()

    found = refreshing.difference(campaign=campaign, by=actors.system(campaign.workspace))

    assert (found.added, found.removed) == (0, 0)
    assert run.total == 4
