"""A telephone that several people share: nobody is written to by it when one of them is not to be contacted."""

import io
from collections.abc import Sequence
from typing import Any

import pytest

from clarion.audience import queries, reading
from clarion.audience.models import Contact
from clarion.audience.operations import create_upload_source
from clarion.campaigns import preflight
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import retrying
from clarion.deliveries.models import Delivery, Recipient, Run
from clarion.engine.plan import Settled
from clarion.workspaces import actors
from tests.cascades import built, make_cascade, run_through, send

pytestmark = pytest.mark.django_db(transaction=True)

SHARED = "+4930123456"
ANA = {"email": "ana@example.test", "phone": SHARED}
BOB = {"email": "bob@example.test", "phone": SHARED}
#: Is not to be contacted, and has the number further down among their own.
MUM = {"email": "mum@example.test", "phone": "+4930999999", "state": "DO_NOT_CONTACT"}
EVE = {"email": "eve@example.test", "phone": "+4930777777"}


def given(people: Sequence[dict[str, str]], *steps: tuple[int, str], **campaign: Any) -> Campaign:
    made = make_cascade(people=list(people), steps=steps, **campaign)
    mum = Contact.objects.filter(workspace=made.workspace, email=MUM["email"]).first()
    if mum is not None:
        mum.addresses.create(workspace=made.workspace, kind="phone", address=SHARED)
    return made


def written_to(run: Run) -> set[str]:
    """Return where messages go."""
    people = dict(Recipient.objects.filter(run_id=run.pk, skip=None).values_list("id", "address"))
    rows = Delivery.objects.filter(run_id=run.pk).exclude(stage=6).values_list("id", "address")
    return {address or people[one >> 4] for one, address in rows}


BARRED = {**BOB, "state": "DO_NOT_CONTACT"}


@pytest.mark.parametrize(
    "people", [[ANA, BARRED, EVE], [BARRED, ANA, EVE], [ANA, MUM, EVE], [MUM, EVE, ANA]],
    ids=["after", "before", "further after", "further before"],
)  # fmt: skip
@pytest.mark.parametrize("is_fixed", [False, True])
def test_nobody_is_written_to_by_the_number_whoever_comes_first(
    people: list[dict[str, str]], is_fixed: bool
) -> None:
    campaign = given(people, (0, "sms"), status=Status.DRAFT)
    source = campaign.source
    assert source is not None
    counted = queries.estimate(source, "sms")
    step = queries.people_of(source, "sms", "do_not_contact")
    assert (counted.will_receive, queries.reaches_anybody(source, "sms")) == (1, True)
    assert counted.duplicate + counted.do_not_contact == 2
    assert len(step.people) == counted.do_not_contact
    assert [one.address for one in queries.people_of(source, "sms", "will_receive").people] == [EVE["phone"]]
    Campaign.objects.update(status=Status.BUILDING)

    run = built(campaign)

    assert written_to(run) == {EVE["phone"]}
    assert (run.waterfall["duplicate"], run.waterfall["do_not_contact"]) == (
        counted.duplicate, counted.do_not_contact
    )  # fmt: skip


def test_where_everybody_else_has_only_that_number_nobody_is_reached() -> None:
    campaign = given([ANA, BARRED], (0, "sms"), status=Status.DRAFT)

    assert campaign.source is not None
    assert not queries.reaches_anybody(campaign.source, "sms")
    assert preflight.examine(campaign).recipients == 0


def test_an_inactive_owner_keeps_nobody_from_their_own_telephone() -> None:
    run = built(given([ANA, {**BOB, "state": "INACTIVE"}], (0, "sms")))

    assert written_to(run) == {SHARED}


def test_another_owner_is_reached_by_their_mail_and_by_no_fallback_to_the_number() -> None:
    only_phone = {"email": "", "phone": SHARED}
    campaign = given([only_phone, ANA, BARRED, EVE], (0, "email"), (1, "sms"), status=Status.DRAFT)
    assert campaign.source is not None
    ways = {way.channel: way.people for way in preflight.examine(campaign).ways}
    counted = queries.estimate_together(campaign.source, [["email"], ["sms"]]).waterfall
    Campaign.objects.update(status=Status.BUILDING)

    run = built(campaign)
    run_through(run, lambda person, step, attempt: Settled.FAILED)

    assert (counted.will_receive, ways) == (2, {"email": 2, "sms": 1})
    assert run.waterfall["do_not_contact"] == counted.do_not_contact == 2
    assert written_to(run) == {ANA["email"], EVE["email"], EVE["phone"]}


def test_a_file_s_row_is_left_out_as_a_contact_is() -> None:
    campaign = given([BARRED], (0, "sms"))
    file = io.BytesIO(f"phone,name\n{SHARED},Ana\n{EVE['phone']},Eve\n".encode())
    by = actors.system(campaign.workspace)
    campaign.source = reading.read_source(
        create_upload_source(by=by, file=file, file_name="people.csv", channel="sms")
    )
    campaign.save()

    assert written_to(built(campaign)) == {EVE["phone"]}


def test_nothing_is_sent_again_to_a_number_that_came_to_be_somebody_s_who_is_not_to_be_contacted() -> None:
    campaign = given([ANA, EVE], (0, "sms"))
    run = built(campaign)
    send(run, lambda person, step, attempt: Settled.FAILED)
    Contact.objects.create(workspace=campaign.workspace, **BARRED)

    found = retrying.preview(run)

    assert (found.failed, found.suppressed) == (2, 1)
