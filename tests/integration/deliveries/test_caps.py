"""Frequency caps: whoever has had their share is left out, however the messages they had are looked up."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from clarion.audience import capping, shortlisting
from clarion.audience import operations as audience
from clarion.audience.errors import RulesInvalid
from clarion.audience.models import Contact, FrequencyCap, OptOutRules, Source, SourceKind, SourceRow
from clarion.audience.queries import estimate, people_of, reaches_anybody, sources
from clarion.audience.queries.sources import frozen_counts
from clarion.campaigns import operations as campaigns
from clarion.campaigns import preflight
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import building, candidates, counting, ledger, partitions, pushing
from clarion.deliveries.models import Contacted, Recipient, Run, RunStep
from clarion.deliveries.states import Skip, Stage
from clarion.workspaces import actors
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from tests import ledgers

pytestmark = pytest.mark.django_db

#: Stages of messages that count, and that do not.
COUNTS = (Stage.PENDING, Stage.IN_FLIGHT, Stage.SENT, Stage.UNKNOWN)
STAGES = (*COUNTS, Stage.SENT, Stage.SENT, Stage.FAILED, Stage.CANCELLED, Stage.EXPIRED)


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@dataclass(frozen=True)
class Message:
    """A message of the past, as the plain evaluator sees it."""

    run: int
    channel: str
    address: str
    stage: Stage
    at: datetime


def sent_run(
    people: ledgers.People,
    messages: list[tuple[str, Stage, datetime]],
    *,
    channel: str = "email",
    contacts: dict[str, int] | None = None,
) -> list[Message]:
    """Make a run with these messages, over when none of them is still on its way."""
    campaign = ledgers.make_campaign(people.alice, status=Status.SENDING)
    ends = max((at for _address, _stage, at in messages), default=timezone.now())
    is_over = all(stage not in (Stage.PENDING, Stage.IN_FLIGHT) for _address, stage, _at in messages)
    names = {Stage.SENT: "sent", Stage.UNKNOWN: "unknown", Stage.FAILED: "failed", Stage.PENDING: "pending"}
    names |= {Stage.IN_FLIGHT: "in_flight", Stage.CANCELLED: "cancelled", Stage.EXPIRED: "expired"}
    counts: dict[str, int] = {}
    for _address, stage, _at in messages:
        counts[names[stage]] = counts.get(names[stage], 0) + 1
    run = Run.objects.create(
        workspace=people.workspace, campaign=campaign, number=1, built_at=ends, last_sent_at=ends,
        finished_at=ends if is_over else None, total=len(messages), last_recipient_id=len(messages), **counts,
    )  # fmt: skip
    partitions.ensure_for(run.pk)
    RunStep.objects.create(run=run, step=0, channel=channel, sender_id=campaign.steps.get().sender_id or 0)
    with connection.cursor() as cursor:
        for number, (address, stage, at) in enumerate(messages, start=1):
            contact = (contacts or {}).get(address)
            cursor.execute(
                "insert into deliveries_recipient (run_id, id, contact_id, address, variables, stage)"
                " values (%s, %s, %s, %s, '{}', %s)",
                [run.pk, number, contact, address, stage.value],
            )
            ended = None if stage in (Stage.PENDING, Stage.IN_FLIGHT) else at
            cursor.execute(
                "insert into deliveries_delivery (run_id, id, stage, problem, attempts, claim_id, claimed_at, ended_at)"
                " values (%s, %s, %s, %s, 1, 1, %s, %s)",
                [run.pk, number * 16, stage.value, stage.value if stage > 3 else None, at, ended],
            )
    return [Message(run.pk, channel, address, stage, at) for address, stage, at in messages]


def built(campaign: Campaign) -> Run:
    building.build(campaign.pk)
    run = campaign.runs.latest("number")
    building.build_run(run)
    run.refresh_from_db()
    assert ledger.check(run).findings == []
    return run


def capped_addresses(run: Run) -> set[str]:
    return set(Recipient.objects.filter(run_id=run.pk, skip=Skip.CAPPED).values_list("address", flat=True))


def everybody(people: ledgers.People) -> Source:
    return Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)


def cap(people: ledgers.People, messages: int, days: int, channel: str = "") -> None:
    FrequencyCap.objects.create(workspace=people.workspace, channel=channel, messages=messages, days=days)


def plainly_capped(
    person: set[str], messages: list[Message], rules: list[FrequencyCap], now: datetime
) -> bool:
    """The rules said without SQL: `person` are all addresses of one contact."""
    for rule in rules:
        since = now - timedelta(days=rule.days)
        waiting = (Stage.PENDING, Stage.IN_FLIGHT)
        count = sum(
            one.address in person
            and rule.channel in ("", one.channel)
            and (one.stage in waiting or (one.stage in COUNTS and one.at > since))
            for one in messages
        )
        if count >= rule.messages:
            return True
    return False


@pytest.mark.parametrize("seed", range(12))
def test_are_what_a_plain_evaluator_says_of_any_history(
    people: ledgers.People, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "FIRST_CHUNK", 3)
    monkeypatch.setattr(building, "CHUNK", 7)
    monkeypatch.setattr(counting, "CHUNK", 5)
    if seed >= 6:  # as a very large run does
        monkeypatch.setattr(shortlisting, "WORTH_FROM", 1)
        monkeypatch.setattr(shortlisting, "AT_MOST", 1)
        monkeypatch.setattr(capping, "MANY", -1 if seed >= 9 else 10_000)
        monkeypatch.setattr(candidates, "CLOSE", 1_000 if seed % 4 == 1 else 0)
    chance, now = random.Random(seed), timezone.now()
    contacts = Contact.objects.bulk_create(
        Contact(workspace=people.workspace, email=f"p{n}@example.test", phone=f"+4930{n:06}")
        for n in range(24)
    )
    known = {c.email: c.pk for c in contacts} | {c.phone: c.pk for c in contacts}
    messages: list[Message] = []
    for _run in range(8):
        channel = chance.choice(["email", "email", "sms"])
        who = chance.sample(contacts, chance.randint(1, 20))
        # A file's recipients are no contacts when they are written to; the address tells later who it was.
        of = known if chance.random() < 0.7 or channel == "sms" else None
        messages += sent_run(
            people,
            [
                (
                    c.email if channel == "email" else c.phone,
                    chance.choice(STAGES if chance.random() < 0.5 else (Stage.SENT, Stage.FAILED)),
                    now - timedelta(hours=chance.randint(1, 24 * 12)),
                )
                for c in who
            ],
            channel=channel,
            contacts=of,
        )
    for channel, days in {("", chance.randint(1, 12)), ("email", chance.randint(1, 12)), ("sms", 3)}:
        if chance.random() < 0.8:
            cap(people, chance.randint(1, 4), days, channel)
    rules = [rule for rule in FrequencyCap.objects.all() if rule.channel in ("", "email")]
    if seed % 3:
        counting.count_finished(seconds=float("inf") if seed % 2 else 0)
    if seed % 2:
        source = everybody(people)
    else:
        source = ledgers.make_source(people.workspace)
        SourceRow.objects.bulk_create(
            SourceRow(source_id=source.pk, id=n, address=c.email, data={"email": c.email})
            for n, c in enumerate(contacts, start=1)
        )
        source.row_count, source.counts = len(contacts), frozen_counts(source)
        source.save()
    campaign = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source)
    promised = estimate(source, "email", campaign_id=campaign.pk)
    assert reaches_anybody(source, "email", campaign_id=campaign.pk) == (promised.will_receive > 0)

    shown = people_of(source, "email", "capped", campaign_id=campaign.pk)

    run = built(campaign)

    wanted = {c.email for c in contacts if plainly_capped({c.email, c.phone}, messages, rules, now)}
    assert capped_addresses(run) == wanted
    assert {one.address for one in shown.people} == wanted
    assert promised.capped == len(wanted) == run.waterfall.get("capped", 0)


def test_of_very_many_people_some_are_asked_and_the_numbers_still_add_up(
    people: ledgers.People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "CAPS_COUNTED", 200)
    monkeypatch.setattr(sources, "CAPS_SAMPLED", 100)
    cap(people, 1, 7)
    one_each(people, 600)
    sent_run(people, [(f"p{n}@example.test", Stage.SENT, timezone.now()) for n in range(300)])

    found = estimate(everybody(people), "email")

    assert found.is_about
    assert 180 < found.capped < 420
    assert found.matched == found.capped + found.will_receive


def one_each(people: ledgers.People, n: int = 3) -> list[Contact]:
    return Contact.objects.bulk_create(
        Contact(workspace=people.workspace, email=f"p{i}@example.test") for i in range(n)
    )


def test_two_campaigns_that_wait_together_do_not_share_a_place(people: ledgers.People) -> None:
    one_each(people)
    cap(people, 1, 7)
    first, second = (
        ledgers.make_campaign(people.alice, status=Status.BUILDING, source=everybody(people))
        for _ in range(2)
    )

    runs = [built(first), built(second)]

    assert [run.waterfall.get("capped", 0) for run in runs] == [0, 3]


def test_what_failed_after_all_leaves_the_place_free(people: ledgers.People) -> None:
    one_each(people)
    cap(people, 1, 7)
    now = timezone.now()
    sent_run(people, [("p0@example.test", Stage.FAILED, now), ("p1@example.test", Stage.CANCELLED, now)])
    counting.count_finished()

    run = built(ledgers.make_campaign(people.alice, status=Status.BUILDING, source=everybody(people)))

    assert run.pending == 3
    assert not Contacted.objects.exists()


def test_a_priority_campaign_goes_to_everybody_and_says_so(people: ledgers.People) -> None:
    one_each(people)
    cap(people, 1, 7)
    sent_run(people, [("p0@example.test", Stage.SENT, timezone.now())])
    draft = ledgers.make_campaign(people.alice, status=Status.DRAFT, source=everybody(people))
    by = actors.of_member(people.alice)
    assert [c.code for c in preflight.check(draft) if "cap" in c.code] == ["capped"]

    with pytest.raises(NotAllowed):
        campaigns.ignore_caps(
            campaign=draft, by=actors.of_member(people.bob), ignored=True, reason="A recall"
        )
    with pytest.raises(CampaignInvalid):
        campaigns.ignore_caps(campaign=draft, by=by, ignored=True, reason=" ")
    campaigns.ignore_caps(campaign=draft, by=by, ignored=True, reason="A recall of the product")

    event = AuditEvent.objects.get(action="campaign.ignore_caps")
    assert (event.reason, event.changes) == ("A recall of the product", {"ignores_caps": [False, True]})
    draft.refresh_from_db()
    assert [c.code for c in preflight.check(draft) if "cap" in c.code] == ["caps_ignored"]
    Campaign.objects.filter(pk=draft.pk).update(status=Status.BUILDING)
    assert built(draft).pending == 3


def test_a_copy_of_a_priority_campaign_is_held_to_the_caps(people: ledgers.People) -> None:
    draft = ledgers.make_campaign(people.alice, status=Status.DRAFT)
    by = actors.of_member(people.alice)
    campaigns.ignore_caps(campaign=draft, by=by, ignored=True, reason="A recall")

    assert not campaigns.duplicate(campaign=draft, by=by).ignores_caps


def test_whoever_is_pushed_is_held_to_them_too(people: ledgers.People) -> None:
    cap(people, 1, 7)
    sent_run(people, [("p0@example.test", Stage.SENT, timezone.now())])
    campaign = ledgers.make_campaign(
        people.alice, status=Status.BUILDING, launch="TRIGGER", source=None,
        ends_at=timezone.now() + timedelta(days=1), starts_at=timezone.now(),
    )  # fmt: skip

    found = pushing.push(
        campaign=campaign,
        by=actors.of_member(people.alice),
        people=[
            {"key": str(n), "address": f"p{n}@example.test", "variables": {"first_name": "Ada"}}
            for n in range(2)
        ],
    )

    assert [one.skip for one in found] == [Skip.CAPPED, None]


class TestNotes:
    """What is kept in `deliveries_contacted`."""

    def test_are_made_for_workspaces_with_caps_only_and_dropped_with_the_last(
        self, people: ledgers.People
    ) -> None:
        sent_run(people, [("p0@example.test", Stage.SENT, timezone.now())])
        counting.count_finished()
        assert not Contacted.objects.exists()

        cap(people, 1, 7)
        counting.count_finished()
        assert Contacted.objects.count() == 1

        FrequencyCap.objects.all().delete()
        counting.count_finished()
        assert not Contacted.objects.exists()
        assert Run.objects.get().counted_id == 0
        assert OptOutRules.objects.get().counted_days == 0

    def test_reach_back_as_far_as_a_rule_that_was_made_longer_and_shorter_and_longer(
        self, people: ledgers.People
    ) -> None:
        one_each(people)
        sent_run(people, [("p0@example.test", Stage.SENT, timezone.now() - timedelta(days=20))])
        for days in (7, 30, 3, 30):
            FrequencyCap.objects.all().delete()
            cap(people, 1, days)
            assert estimate(everybody(people), "email").capped == (days == 30)
            counting.count_finished()
            assert estimate(everybody(people), "email").capped == (days == 30)

    def test_are_made_anew_of_a_run_that_went_on_again(self, people: ledgers.People) -> None:
        one_each(people)
        cap(people, 2, 7)
        now = timezone.now()
        (message, _other) = sent_run(
            people, [("p0@example.test", Stage.SENT, now), ("p1@example.test", Stage.FAILED, now)]
        )
        sent_run(people, [("p1@example.test", Stage.SENT, now)])
        counting.count_finished()
        ledgers.change("delivery", Run.objects.get(pk=message.run), "id = 32", stage=Stage.SENT, problem=None)
        Run.objects.filter(pk=message.run).update(counted_id=0, sent=2, failed=0)  # as a retry leaves it

        assert estimate(everybody(people), "email").capped == 1
        counting.count_finished()
        assert estimate(everybody(people), "email").capped == 1


def test_caps_are_settled_by_whoever_manages_the_workspace_and_told(people: ledgers.People) -> None:
    audience.set_caps(by=actors.of_member(people.alice), caps=[("", 4, 7), ("sms", 1, 1)])

    with pytest.raises(NotAllowed):
        audience.set_caps(by=actors.of_member(people.bob), caps=[])
    for wrong in ([("fax", 1, 1)], [("", 0, 1)], [("", 1, 400)], [("", 1, 1), ("", 2, 1)]):
        with pytest.raises(RulesInvalid):
            audience.set_caps(by=actors.of_member(people.alice), caps=wrong)

    event = AuditEvent.objects.get(action="workspace.caps_set")
    assert event.changes == {"frequency_caps": [[], ["all: 4 / 7 d", "sms: 1 / 1 d"]]}
    assert FrequencyCap.objects.count() == 2
