"""Putting a run's people together: who is in it, that it agrees with what was promised, and going on after breaks."""

import random

import pytest

from clarion.audience.models import (
    Address,
    Contact,
    ContactState,
    List,
    ListMember,
    Segment,
    Source,
    SourceKind,
    Suppression,
)
from clarion.audience.queries import estimate, people_of, reaches_anybody
from clarion.campaigns import operations as campaigns
from clarion.campaigns.states import Status
from clarion.deliveries import building, candidates, ledger, listing, operations, optout
from clarion.deliveries.models import Recipient, Run
from clarion.deliveries.states import Skip
from clarion.runtime import scheduler
from clarion.workspaces import actors
from tests import ledgers
from tests.integration.deliveries.putting_together import built, launched, persons, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


def tagged(people: ledgers.People, tag: str) -> Segment:
    rule = {"all": [{"field": "tag", "op": "has", "value": tag}]}
    return Segment.objects.create(workspace=people.workspace, name=tag, rule=rule)


NAMES = ("no_address", "invalid", "duplicate", "suppressed", "do_not_contact", "no_consent", "excluded")


def waterfall(run: Run) -> dict[str, int]:
    counts = dict.fromkeys(NAMES, 0)
    return counts | {name: n for name, n in run.waterfall.items() if n}


def expected(source: Source) -> dict[str, int]:
    promised = estimate(source, "email")
    return {name: getattr(promised, name) for name in NAMES}


def listed(source: Source, step: str) -> list[str]:
    """Return the addresses on a step of the estimate, page by page there and back again."""
    there, page = [], people_of(source, "email", step, limit=4)
    while True:
        there.append(page)
        if page.after is None:
            break
        page = people_of(source, "email", step, limit=4, after=page.after)
    for earlier in reversed(there[:-1]):
        assert page.before is not None
        page = people_of(source, "email", step, limit=4, before=page.before)
        assert page == earlier
    assert page.before is None
    return [one.address for page in there for one in page.people]


class TestWaterfall:
    @pytest.mark.parametrize("seed", range(16))
    def test_is_what_the_estimate_said(
        self, people: ledgers.People, seed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Chunks smaller than the data, so that what one chunk knows of the others is put to the test.
        monkeypatch.setattr(building, "FIRST_CHUNK", 3)
        monkeypatch.setattr(building, "CHUNK", 17)
        # Every kind of source by spans and without, each with few suppressions and with many.
        monkeypatch.setattr(candidates, "CLOSE", 1_000 if seed // 4 % 2 else 0)
        monkeypatch.setattr(building, "FEW", 40_000 if seed // 8 else 0)
        chance = random.Random(seed)
        some = persons(60)
        states = [ContactState.ACTIVE] * 4 + [ContactState.INACTIVE, ContactState.DO_NOT_CONTACT]
        contacts = Contact.objects.bulk_create(
            Contact(
                workspace=people.workspace,
                email=address if chance.random() < 0.9 else "",
                state=chance.choice(states),
                **chance.choice([{}, {}, {"consents": ["email"]}, {"refusals": ["email", "sms"]}]),
                tags=[
                    name for name, every in (("odd", 2), ("third", 3), ("seventh", 7)) if number % every == 0
                ],
            )
            for number, address in enumerate(some[:40])
        )
        Suppression.objects.bulk_create(
            Suppression(workspace=people.workspace, channel="email", address=a, reason="MANUAL")
            for a in chance.sample(some, 9)
        )
        Address.objects.bulk_create(
            Address(workspace=people.workspace, contact=one, kind="email", address=address)
            for one, address in zip(chance.sample(contacts, 8), some[44:52], strict=True)
        )
        if seed >= 12:
            people.workspace.consent_channels = ["email"]
            people.workspace.save()
        kind = list(SourceKind)[seed % 4]
        if kind is SourceKind.UPLOAD:
            odd = ["", "", "no address", "no address", "neither"]
            source = upload(people, chance.choices(some + odd, k=150))
        else:
            source = Source.objects.create(workspace=people.workspace, kind=kind)
            for number in range(3):
                one = List.objects.create(workspace=people.workspace, name=f"List {number}")
                ListMember.objects.bulk_create(
                    ListMember(list=one, contact=c) for c in contacts if chance.random() < 0.5
                )
                source.lists.add(one)
            for tag in ("odd", "third"):
                source.segments.add(tagged(people, tag))
        if seed % 2:
            without = List.objects.create(workspace=people.workspace, name="Without")
            ListMember.objects.bulk_create(ListMember(list=without, contact=c) for c in contacts[::5])
            source.excluded_lists.add(without)
            source.excluded_segments.add(tagged(people, "seventh"))
        promised = estimate(source, "email")
        assert reaches_anybody(source, "email") == (promised.will_receive > 0)

        run = built(launched(people, source))

        assert waterfall(run) == expected(source)
        for step in Skip:
            if step is not Skip.REMOVED:
                was = Recipient.objects.filter(run_id=run.pk, skip=step).values_list("address", flat=True)
                assert sorted(listed(source, step.name.lower())) == sorted(was)
        getting = Recipient.objects.filter(run_id=run.pk, skip=None).values_list("address", flat=True)
        assert sorted(listed(source, "will_receive")) == sorted(getting)
        assert len(listed(source, "matched")) == promised.matched
        assert (run.total, run.pending) == (promised.matched, promised.will_receive)

    def test_rows_with_gaps_between_their_numbers_are_all_taken(
        self, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(building, "FIRST_CHUNK", 4)

        run = built(launched(people, upload(people, persons(9), every=50)))

        assert run.total == 9


class TestGoingOn:
    def test_a_crash_between_two_chunks_changes_nothing(
        self, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(building, "FIRST_CHUNK", 10)
        monkeypatch.setattr(building, "CHUNK", 10)
        source = upload(people, persons(35) + persons(5))
        campaign = launched(people, source)

        assert building.build(campaign.pk, seconds=0)  # one chunk, and the process is gone
        run = campaign.runs.get()
        assert (run.total, run.built_at) == (10, None)
        run = built(campaign)

        assert (run.total, run.pending, run.skipped) == (40, 35, 5)

    def test_it_tells_how_far_it_is_while_nobody_can_be_written_to_yet(
        self, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(building, "FIRST_CHUNK", 10)
        campaign = launched(people, upload(people, ["nobody"] * 10 + persons(30)))

        building.build(campaign.pk, seconds=0)

        campaign.refresh_from_db()
        told = listing.progress_of(campaign.runs.get(), campaign)
        assert told is not None
        assert (told.shown_done, told.shown_total, told.percent) == (10, 40, 25)

    def test_paused_while_it_was_built_it_sends_when_it_is_continued(self, people: ledgers.People) -> None:
        campaign = launched(people, upload(people, persons(5)))
        run = operations.begin_run(campaign.pk)
        assert run is not None
        by = actors.of_member(people.alice)
        campaigns.pause(campaign=campaign, by=by)
        building.build_run(run)

        campaigns.continue_(campaign=campaign, by=by)
        scheduler.build_due()

        campaign.refresh_from_db()
        assert campaign.status == Status.SENDING

    def test_a_run_that_is_called_off_while_a_chunk_is_made_gets_nobody_of_it(
        self, people: ledgers.People
    ) -> None:
        campaign = launched(people, upload(people, persons(5)))
        run = operations.begin_run(campaign.pk)
        assert run is not None
        facts = building._facts(run)
        # What another process does between the look at the run and the count of what was added.
        facts["statement"] = facts["statement"].replace(
            "with judged as",
            "with called_off as (update deliveries_run set closing_stage = 7 where id = %(run)s), judged as",
        )

        assert not building._build_chunk(run, facts)

        assert not Recipient.objects.filter(run_id=run.pk).exists()

    def test_whoever_is_suppressed_while_it_is_built_is_left_out(
        self, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(building, "FIRST_CHUNK", 5)
        campaign = launched(people, upload(people, persons(8)))
        building.build(campaign.pk, seconds=0)
        Suppression.objects.create(
            workspace=people.workspace, channel="email", address="person2@example.test", reason="MANUAL"
        )

        run = built(campaign)

        assert (run.pending, run.skipped) == (7, 1)
        assert Recipient.objects.get(run_id=run.pk, address="person2@example.test").skip == Skip.SUPPRESSED

    def test_nobody_to_write_to_is_a_campaign_that_completes(self, people: ledgers.People) -> None:
        campaign = launched(people, upload(people, ["nonsense", ""]))

        run = built(campaign)
        scheduler.tick()

        run.refresh_from_db()
        campaign.refresh_from_db()
        assert (campaign.status, run.total, run.skipped) == (Status.COMPLETED, 2, 2)
        assert run.finished_at is not None

    def test_a_campaign_that_cannot_be_built_keeps_no_other_from_it(
        self, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        odd, fine = (launched(people, upload(people, persons(2))) for _ in range(2))
        begin = operations.begin_run

        def begun(campaign_id: int) -> Run | None:
            if campaign_id == odd.pk:
                raise RuntimeError("a fault of ours")
            return begin(campaign_id)

        monkeypatch.setattr(operations, "begin_run", begun)

        scheduler.build_due()

        fine.refresh_from_db()
        assert fine.status == Status.SENDING


def test_opting_out_takes_what_waits_before_the_message_itself(people: ledgers.People) -> None:
    campaign = ledgers.make_campaign(people.alice)
    run = ledgers.make_run(campaign, waiting=2, pending=1)

    count = optout.skip_in_run(run.pk, [0], "person0000001@example.test")

    run.refresh_from_db()
    assert (count, run.pending, run.skipped) == (1, 2, 1)
    assert ledger.check(run).findings == []


@pytest.mark.django_db(transaction=True)
def test_an_address_that_goes_to_somebody_else_while_it_is_built_is_written_to_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(building, "FIRST_CHUNK", 2)
    people = ledgers.make_people()
    ids = [Contact.objects.create(workspace=people.workspace, email=address).pk for address in persons(5)]
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
    campaign = launched(people, source)
    building.build(campaign.pk, seconds=0)  # the first two are there

    Contact.objects.filter(pk=ids[0]).update(email="new@example.test")
    Contact.objects.filter(pk=ids[3]).update(email="person0@example.test")
    run = built(campaign)

    assert (run.total, run.pending, run.waterfall["duplicate"]) == (5, 4, 1)
    assert Recipient.objects.get(run_id=run.pk, contact_id=ids[3]).skip == Skip.DUPLICATE
