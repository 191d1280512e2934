"""What messages cost: held when they are claimed, charged when they are accepted, and never more than there is."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from clarion.campaigns import operations as campaigns
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import PauseCause, Status
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.deliveries import ledger, pushing, receipts, unknowns
from clarion.deliveries import operations as runs
from clarion.deliveries.causes import Kind
from clarion.deliveries.explain import explain_now
from clarion.deliveries.models import Delivery, Refund, Run, RunStep
from clarion.deliveries.money import checking, operations, tending
from clarion.deliveries.store import PostgresStore
from clarion.engine.outcomes import Reason
from clarion.engine.plan import Batch, Settled, Settlement
from clarion.runtime import scheduler
from clarion.senders.prices.tariff import Rate
from clarion.workspaces import actors
from clarion.workspaces.models import Account, LedgerEntry
from clarion.workspaces.money import operations as accounts
from tests import paying
from tests.paying import UNIT, make_paid, spec_of, step_of, with_store
from tests.runs import MadeRun

pytestmark = pytest.mark.django_db(transaction=True)

NAMED = {"first_name": "Ana", "city": "Leipzig", "points": 1}
SMS = (Rate("", UNIT), Rate("49", 2 * UNIT), Rate("4915", 5 * UNIT))


def all_of(batch: Batch, stage: Settled = Settled.SENT, **facts: Any) -> list[Settlement]:
    return [Settlement(batch.claim_id, one.delivery_id, stage, **facts) for one in batch.claims]


def send(made: MadeRun, limit: int = 100, stage: Settled = Settled.SENT, **facts: Any) -> int:
    """Claim and settle what can be; return how many those were."""
    sent = 0

    async def story(store: PostgresStore) -> None:
        nonlocal sent
        for number in range(1, 9):
            batch = await store.claim(spec_of(made), made.run.pk * 100 + number, limit)
            await store.settle(spec_of(made).key, all_of(batch, stage, **facts), [batch.claim_id])
            sent += len(batch.claims)

    with_store(story)
    return sent


def now(made: MadeRun) -> Campaign:
    return Campaign.objects.select_related("workspace").get(pk=made.campaign.pk)


def kinds(made: MadeRun) -> list[tuple[str, int]]:
    found = LedgerEntry.objects.filter(account__workspace=made.workspace).order_by("number")
    return [(entry.kind, entry.amount // UNIT) for entry in found]


class TestCharging:
    def test_each_accepted_message_is_charged_by_the_longest_prefix_and_its_parts(self) -> None:
        made = make_paid(count=3, units=100, rates=SMS, most=4)
        paying.set_addresses(made, ["+491512345678", "+493012345678", "+33123456789"])

        assert send(made, units=2) == 3

        costs = Delivery.objects.filter(run_id=made.run.pk).order_by("id").values_list("cost", flat=True)
        assert list(costs) == [10 * UNIT, 4 * UNIT, 2 * UNIT]
        assert (step_of(made).charged, step_of(made).held) == (16 * UNIT, 0)
        paying.assert_it_adds_up(made.workspace)

    def test_what_is_under_way_holds_the_most_that_it_may_cost(self) -> None:
        made = make_paid(count=3, units=100, most=4)

        async def story(store: PostgresStore) -> None:
            await store.claim(spec_of(made), 1, 2)

        with_store(story)
        assert (step_of(made).held, step_of(made).charged) == (8 * UNIT, 0)
        paying.assert_it_adds_up(made.workspace)

        async def given_back(store: PostgresStore) -> None:
            await store.release([1])

        with_store(given_back)
        assert (step_of(made).held, step_of(made).charged) == (0, 0)
        paying.assert_it_adds_up(made.workspace)

    @pytest.mark.parametrize("stage", [Settled.FAILED, Settled.PENDING])
    def test_what_was_not_accepted_costs_nothing(self, stage: Settled) -> None:
        made = make_paid(count=3, units=10)

        send(made, stage=stage, reason=Reason.PROVIDER_BUSY, not_before=timezone.now().timestamp() + 60)

        assert (step_of(made).held, step_of(made).charged) == (0, 0)
        assert not Delivery.objects.filter(run_id=made.run.pk, cost__isnull=False).exists()
        paying.assert_it_adds_up(made.workspace)

    def test_settling_a_batch_again_charges_nothing_more(self) -> None:
        made = make_paid(count=3, units=10)

        async def story(store: PostgresStore) -> None:
            batch = await store.claim(spec_of(made), 1, 3)
            for _ in range(3):
                await store.settle(spec_of(made).key, all_of(batch), [1])

        with_store(story)
        assert step_of(made).charged == 3 * UNIT
        paying.assert_it_adds_up(made.workspace)

    def test_a_provider_that_counts_more_than_was_held_is_not_believed(self) -> None:
        made = make_paid(count=1, units=4, most=4)

        send(made, units=99)

        assert step_of(made).charged == 4 * UNIT
        paying.assert_it_adds_up(made.workspace)

    def test_the_seconds_of_a_call_are_charged_by_begun_periods(self) -> None:
        made = make_paid(count=1, units=100, rates=[Rate("", UNIT, 60)], most=600)

        send(made, units=61)

        assert step_of(made).charged == 2 * UNIT

    def test_a_run_without_a_price_list_costs_nothing(self) -> None:
        made = make_paid(count=3, units=0)
        RunStep.objects.filter(run=made.run).update(tariff=None)

        assert send(made) == 3
        assert not Delivery.objects.filter(cost__isnull=False).exists()


class TestUnknown:
    def make(self) -> MadeRun:
        made = make_paid(count=2, units=10, most=3)
        send(made, stage=Settled.UNKNOWN, reason=Reason.CONNECTION_LOST, units=2)
        assert (step_of(made).held, step_of(made).charged) == (4 * UNIT, 0)
        return made

    def test_it_keeps_what_it_may_cost_and_is_charged_when_it_turns_out_as_sent(self) -> None:
        made = self.make()

        by = actors.operator(made.workspace)
        unknowns.settle_unknown(made.run, by=by, choice=unknowns.Choice.SENT, deliveries=[16])

        assert (step_of(made).held, step_of(made).charged) == (2 * UNIT, 2 * UNIT)
        paying.assert_it_adds_up(made.workspace)

    def test_sent_again_it_holds_nothing_until_it_is_claimed(self) -> None:
        made = self.make()

        by = actors.operator(made.workspace)
        unknowns.settle_unknown(made.run, by=by, choice=unknowns.Choice.AGAIN)

        assert (step_of(made).held, step_of(made).charged) == (0, 0)
        paying.assert_it_adds_up(made.workspace)


class TestTheEndOfTheBalance:
    def test_no_more_is_claimed_than_can_be_paid(self) -> None:
        made = make_paid(count=10, units=4)

        assert send(made) == 4

        assert step_of(made).starved == UNIT
        paying.assert_it_adds_up(made.workspace)

    def test_the_campaign_pauses_says_why_and_goes_on_after_a_top_up(self) -> None:
        made = make_paid(count=10, units=4)
        send(made)

        scheduler.look_after_money()

        paused = now(made)
        assert (paused.status, paused.pause_cause) == (Status.PAUSED, PauseCause.BALANCE)
        assert "may cost 1.00 EUR, and 0.00 EUR is available" in paused.status_reason
        assert explain_now(paused).causes[0].kind is Kind.PAUSED_BALANCE

        scheduler.look_after_money()
        assert now(made).status == Status.PAUSED

        accounts.top_up(by=actors.operator(made.workspace), amount=20 * UNIT)
        scheduler.look_after_money()
        assert now(made).status == Status.SENDING
        assert send(made) == 6
        paying.assert_it_adds_up(made.workspace)

    def test_people_who_are_pushed_are_paid_as_they_come(self) -> None:
        made = make_paid(count=0, units=2, campaign={"launch": Launch.TRIGGER})
        Run.objects.filter(pk=made.run.pk).update(built_at=None)
        by = actors.operator(made.workspace)

        def push(*numbers: int) -> None:
            people = [{"key": str(n), "address": f"p{n}@example.test", "variables": NAMED} for n in numbers]
            pushing.push(campaign=made.campaign, people=people, by=by)

        push(1)
        assert send(made) == 1
        push(2, 3)
        assert send(made) == 1

        scheduler.look_after_money()
        assert now(made).pause_cause == PauseCause.BALANCE
        accounts.top_up(by=by, amount=UNIT)
        scheduler.look_after_money()
        assert (now(made).status, send(made)) == (Status.SENDING, 1)
        paying.assert_it_adds_up(made.workspace)

    def test_it_does_not_pause_while_what_is_under_way_may_leave_something_over(self) -> None:
        made = make_paid(count=10, units=4, most=2)

        async def story(store: PostgresStore) -> None:
            batch = await store.claim(spec_of(made), 1, 2)
            assert (await store.claim(spec_of(made), 2, 2)).claims == []
            assert (await store.claim(spec_of(made), 3, 2)).claims == []
            await store.settle(spec_of(made).key, all_of(batch)[:1], [])

        with_store(story)
        scheduler.look_after_money()
        assert now(made).status == Status.SENDING

    def test_a_pause_of_a_persons_is_left_alone(self) -> None:
        made = make_paid(count=10, units=4)
        campaigns.pause(campaign=made.campaign, by=actors.operator(made.workspace))

        with pytest.raises(TransitionRefused):
            campaigns.resume_paid(campaign=now(made), by=actors.system(made.workspace))


class TestBooking:
    def test_a_run_is_entered_at_its_end_and_the_rest_is_free_again(self) -> None:
        made = make_paid(count=4, units=100)
        send(made)
        assert paying.account_of(made.workspace).available < 96 * UNIT
        runs.finish_run(made.run.pk)

        scheduler.look_after_money()

        account = paying.account_of(made.workspace)
        assert (account.balance, account.reserved) == (96 * UNIT, 0)
        assert [kind for kind, _ in kinds(made)] == ["TOP_UP", "RESERVE", "CHARGE", "RELEASE"]
        assert step_of(made).is_booked
        paying.assert_it_adds_up(made.workspace)
        assert tending.open_steps() == []

    def test_booking_again_enters_nothing_more(self) -> None:
        made = make_paid(count=4, units=100)
        send(made)
        for _ in range(3):
            operations.book(step_of(made).pk)

        assert [kind for kind, _ in kinds(made)] == ["TOP_UP", "RESERVE", "CHARGE"]
        paying.assert_it_adds_up(made.workspace)

    def test_unknown_messages_keep_their_money_after_the_end(self) -> None:
        made = make_paid(count=2, units=100)
        send(made, stage=Settled.UNKNOWN, reason=Reason.CONNECTION_LOST)
        runs.finish_run(made.run.pk)
        scheduler.look_after_money()
        assert paying.account_of(made.workspace).reserved == 2 * UNIT

        by = actors.operator(made.workspace)
        unknowns.settle_unknown(Run.objects.get(), by=by, choice=unknowns.Choice.SENT)
        scheduler.look_after_money()

        account = paying.account_of(made.workspace)
        assert (account.balance, account.reserved) == (98 * UNIT, 0)
        paying.assert_it_adds_up(made.workspace)

    def test_an_entry_is_never_changed(self) -> None:
        made = make_paid(count=1, units=1)

        with pytest.raises(Exception, match="never changed"):
            LedgerEntry.objects.filter(account__workspace=made.workspace).update(note="Mine")


class TestRefunds:
    def bounce(self, made: MadeRun, *numbers: int) -> None:
        receipts.apply(
            ReceiptEvent(
                kind=ReceiptKind.BOUNCED_HARD,
                run_id=made.run.pk,
                delivery_id=number * 16,
                event_id=f"e{number}",
            )
            for number in numbers
        )

    def test_what_failed_after_acceptance_is_given_back_once_where_the_price_says_so(self) -> None:
        made = make_paid(count=3, units=10, rates=[Rate("", UNIT), Rate("49", 2 * UNIT, 0, True)])
        paying.set_addresses(made, ["+493012345678", "+33123456789", "+493012345679"])
        send(made)

        for _ in range(2):
            self.bounce(made, 1, 2)

        assert step_of(made).refunded == 2 * UNIT
        assert Refund.objects.count() == 1
        runs.finish_run(made.run.pk)
        scheduler.look_after_money()
        assert paying.account_of(made.workspace).balance == 7 * UNIT
        paying.assert_it_adds_up(made.workspace)

    def test_a_receipt_that_overtakes_its_acceptance_counts_at_the_end(self) -> None:
        made = make_paid(count=1, units=10, rates=[Rate("", UNIT, 0, True)])

        async def story(store: PostgresStore) -> None:
            await store.claim(spec_of(made), 1, 1)

        with_store(story)
        self.bounce(made, 1)
        assert step_of(made).refunded == 0

        async def ending(store: PostgresStore) -> None:
            await store.settle(spec_of(made).key, [Settlement(1, 16, Settled.SENT)], [1])

        with_store(ending)
        runs.finish_run(made.run.pk)
        scheduler.look_after_money()

        assert paying.account_of(made.workspace).balance == 10 * UNIT
        paying.assert_it_adds_up(made.workspace)


def test_the_proof_finds_what_was_changed_behind_its_back() -> None:
    made = make_paid(count=3, units=10)
    send(made)
    with connection.cursor() as cursor:
        cursor.execute(
            "update deliveries_delivery set cost = cost + 1 where run_id = %s and id = 16", [made.run.pk]
        )

    assert [one.rule for one in ledger.check(made.run).findings] == ["money.charged"]
    Account.objects.filter(workspace=made.workspace).update(balance=11 * UNIT)
    rules = [rule for rule, *_ in checking.check_account(paying.account_of(made.workspace)).findings]
    assert rules == ["account.balance"]
