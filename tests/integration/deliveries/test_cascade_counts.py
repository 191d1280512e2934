"""How many people the check before a launch promises by each of several channels: as many as the run then has."""

import io
import random
from typing import Any

import pytest

from clarion.audience import operations as audience
from clarion.audience import queries, reading
from clarion.audience.models import Contact, FrequencyCap, List, Suppression
from clarion.audience.operations import create_upload_source
from clarion.audience.queries import together
from clarion.campaigns import costs, preflight
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries.models import Delivery, Run, RunStep
from clarion.deliveries.states import Stage
from clarion.engine.plan import Settled
from clarion.workspaces import actors
from tests.cascades import built, make_cascade, run_through

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = ((0, "email"), (1, "sms"), (2, "sandbox"))


def told(campaign: Campaign) -> dict[str, tuple[int, int]]:
    return {way.channel: (way.people, way.at_once) for way in preflight.examine(campaign).ways}


def mixed(seed: int) -> Campaign:
    """A cascade to people of whom anything may be true."""
    dice = random.Random(seed)
    people: list[dict[str, Any]] = [
        {
            "email": f"p{n}@example.test" if dice.random() < 0.7 else "",
            "phone": f"+49301{dice.randrange(30):04}" if dice.random() < 0.7 else "",
            "state": dice.choice(["ACTIVE"] * 5 + ["DO_NOT_CONTACT", "INACTIVE"]),
        }
        for n in range(60)
    ]
    campaign = make_cascade(people=people, steps=STEPS, status=Status.DRAFT)
    workspace, by = campaign.workspace, actors.system(campaign.workspace)
    for one in dice.sample(people, 30):
        for channel, address in (("email", one["email"]), ("sms", one["phone"])):
            if address and dice.random() < 0.5:
                Suppression.objects.get_or_create(
                    workspace=workspace, channel=channel, address=address, defaults={"reason": "MANUAL"}
                )
    few = List.objects.create(workspace=workspace, name="Not these")
    everybody = list(Contact.objects.filter(workspace=workspace).order_by("pk"))
    audience.add_to_list(the_list=few, contact_ids=[one.pk for one in dice.sample(everybody, 5)], by=by)
    assert campaign.source is not None
    campaign.source.excluded_lists.add(few)
    for one in dice.sample(everybody, 6):
        Contact.objects.filter(pk=one.pk).update(refusals=["email"])
    return campaign


@pytest.mark.parametrize("seed", range(4))
def test_the_check_promises_what_the_run_then_has(seed: int) -> None:
    campaign = mixed(seed)
    assert campaign.source is not None
    counted = queries.estimate_together(campaign.source, [["email"], ["sms"], ["sandbox"]])
    promised = preflight.examine(campaign)
    ways = told(campaign)
    Campaign.objects.update(status=Status.BUILDING)

    run = built(campaign)

    assert promised.recipients == run.pending == counted.waterfall.will_receive
    for name in ("no_address", "duplicate", "suppressed", "do_not_contact", "no_consent", "excluded"):
        assert (name, getattr(counted.waterfall, name)) == (name, run.waterfall[name])
    first = RunStep.objects.get(run=run, step=0)
    assert ways["email"] == (first.made, first.made)
    run_through(run, lambda person, step, attempt: Settled.FAILED)
    for step, channel in ((1, "sms"), (2, "sandbox")):
        assert (channel, ways[channel][0]) == (channel, RunStep.objects.get(run=run, step=step).made)
    sms = Delivery.objects.filter(run_id=run.pk, stage=Stage.FAILED).extra(where=["id & 15 = 1"])
    without_mail = [one for one in sms if not reached(run, one.id - 1)]
    assert ways["sms"][1] == len(without_mail)


def reached(run: Run, delivery: int) -> bool:
    return Delivery.objects.filter(run_id=run.pk, id=delivery).exclude(stage=Stage.SKIPPED).exists()


def test_people_with_only_a_fallback_s_address_are_counted_and_paid_for() -> None:
    people = [{"email": "a@example.test", "phone": "+49301"}, {"email": "", "phone": "+49302"}]
    campaign = make_cascade(people=people, status=Status.DRAFT)

    examined = preflight.examine(campaign)
    sentence = next(check.sentence for check in examined.checks if check.code == "audience_ways")
    size = costs.size_of(campaign)

    assert (examined.recipients, told(campaign)) == (2, {"email": (1, 1), "sms": (2, 1)})
    assert sentence == "Email reaches 1; SMS can reach 2, of whom 1 cannot be reached by a channel before it."
    assert [(size.at_once(one), size.at_most(one)) for one in ("email", "sms")] == [(1, 1), (1, 2)]


def test_the_further_addresses_of_a_file_are_read_by_the_names_of_its_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_cascade(people=1, status=Status.DRAFT)
    Contact.objects.create(workspace=campaign.workspace, phone="+4930123457", state="DO_NOT_CONTACT")
    rows = ("email,phone", "a@example.test,+49 30 123456", ",030 123457", "a@example.test,", "nobody,")
    file = io.BytesIO("\n".join([*rows, "b@example.test,x", ",+4930123458"]).encode())
    campaign.workspace.default_country = "DE"
    campaign.workspace.save()
    campaign.source = reading.read_source(
        create_upload_source(
            by=actors.system(campaign.workspace), file=file, file_name="people.csv", channel="email"
        )
    )
    campaign.save()

    examined = preflight.examine(campaign)
    assert (examined.recipients, told(campaign)) == (3, {"email": (2, 2), "sms": (2, 1)})

    monkeypatch.setattr(together, "ROWS_COUNTED", 3)
    monkeypatch.setattr(together, "ROWS_SAMPLED", 3)
    assert queries.estimate_together(campaign.source, [["email"], ["sms"]]).waterfall.is_about
    Campaign.objects.update(status=Status.BUILDING)
    assert built(campaign).pending == 3


def test_caps_leave_out_in_all_who_has_had_their_share() -> None:
    campaign = make_cascade(people=3)
    run_through(built(campaign), lambda person, step, attempt: Settled.SENT)
    FrequencyCap.objects.create(workspace=campaign.workspace, messages=1, days=7)
    assert campaign.source is not None
    Contact.objects.create(workspace=campaign.workspace, email="new@example.test", phone="+49309")

    found = queries.estimate_together(campaign.source, [["email"], ["sms"]])

    assert (found.waterfall.capped, found.waterfall.will_receive) == (3, 1)
    assert [(way.people, way.at_once) for way in found.ways] == [(1, 1), (1, 0)]
