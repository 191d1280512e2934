"""Every write to the money of runs but what the engine does with each batch (`purses`).

A step's row is locked before the account's, everywhere.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.deliveries.models import Refund, Run, RunStep
from clarion.deliveries.states import STEPS, Result, Stage
from clarion.senders.models import Sender
from clarion.senders.prices import queries as prices
from clarion.senders.prices.tariff import Tariff
from clarion.workspaces.models import Account, EntryKind, Hold
from clarion.workspaces.money import operations as accounts

#: What a step was charged comes into the account's ledger this long after the first of it, and at the run's end.
BOOK_AFTER = timedelta(seconds=60)


def begin(run: Run, campaign: Campaign, steps: Sequence[RunStep]) -> None:
    """Freeze what the messages of a run cost, in the caller's transaction, and take over what its launch set apart."""
    if not campaign.workspace.has_balance:
        return
    senders = Sender.objects.in_bulk([step.sender_id for step in steps])
    first = min(step.tier for step in steps)
    left = accounts.take_over(campaign_id=campaign.pk)
    for step in sorted(steps, key=lambda one: (one.tier != first, one.step)):
        sender = senders.get(step.sender_id)
        config = sender.config if sender is not None else {}
        step.tariff = prices.tariff(campaign.workspace, step.channel, step.sender_id, config).dump()
        # What one step does not need of it is given back at its end, and another takes what it needs by itself.
        step.reserved, left = left, 0
        step.is_booked, step.booked_at = False, timezone.now()
        step.save(update_fields=["tariff", "reserved", "is_booked", "booked_at"])


@transaction.atomic
def book(step_id: int, *, is_ending: bool = False) -> bool:
    """Enter what a step was charged, and given back, into its account's ledger; return whether something was.

    Of a run that has ended, or is ended by it (`is_ending`), the rest of what was set apart is given free.
    """
    step = RunStep.objects.select_for_update(of=("self",)).select_related("run__campaign").get(pk=step_id)
    run = step.run
    is_over = is_ending or run.finished_at is not None
    charges, refunds = step.charged - step.booked, step.refunded - step.refunds_booked
    rest = step.reserved - step.charged - step.held if is_over else 0
    account = accounts.locked(run.campaign.workspace) if rest or charges or refunds else None
    if account is None:
        RunStep.objects.filter(pk=step_id).update(is_booked=is_over)
        return False
    facts: dict[str, Any] = {
        "campaign_id": run.campaign_id, "campaign_name": run.campaign.name[:200], "run_id": run.pk,
        "step": step.step,
    }  # fmt: skip
    if charges:
        accounts.enter(account, EntryKind.CHARGE, balance_change=-charges, reserved_change=-charges, **facts)
    if refunds:
        accounts.enter(account, EntryKind.REFUND, balance_change=refunds, **facts)
    if rest:
        accounts.enter(account, EntryKind.RELEASE, reserved_change=-rest, **facts)
    # What is unknown keeps what it may cost until somebody settles it.
    RunStep.objects.filter(pk=step_id).update(
        booked=F("charged"), refunds_booked=F("refunded"), reserved=F("reserved") - rest,
        booked_at=timezone.now(), is_booked=is_over, starved=None if is_over else step.starved,
    )  # fmt: skip
    return True


@transaction.atomic
def close_books(run: Run) -> None:
    """Enter everything of a run that is about to be removed, and give free all of it that is left."""
    for step in RunStep.objects.select_for_update().filter(run=run, tariff__isnull=False).order_by("step"):
        RunStep.objects.filter(pk=step.pk).update(held=0)
        book(step.pk, is_ending=True)


@transaction.atomic
def free_hold(hold: Hold) -> None:
    """Give free what a launch has set apart that came to nothing."""
    account = Account.objects.select_for_update().get(pk=hold.account_id)
    accounts.free(campaign_id=hold.campaign_id, account=account)


@transaction.atomic
def give_up_starving(step_id: int) -> None:
    """Forget that a step could not be paid: it can now, or will be told again."""
    RunStep.objects.filter(pk=step_id).update(starved=None)


_COST_OF = """
select coalesce(sum(cost), 0)::bigint from deliveries_delivery
where run_id = %(run)s and id = any(%(ids)s) and cost is not null
"""
_UNKNOWN_SETTLED = """
update deliveries_runstep
set held = held - %(cost)s, charged = charged + case when %(is_sent)s then %(cost)s else 0 end, is_booked = false
where run_id = %(run)s and step = %(step)s
"""
_NO_COST = "update deliveries_delivery set cost = null where run_id = %(run)s and id = any(%(ids)s)"


def settle_unknown(cursor: Any, run_id: int, step: int, ids: Sequence[int], *, is_sent: bool) -> None:
    """Charge unknown messages of a step that turned out as sent, or free what was held for those that go again.

    In the caller's transaction, which has changed them.
    """
    facts = {"run": run_id, "step": step, "ids": list(ids), "is_sent": is_sent}
    cursor.execute(_COST_OF, facts)
    cost = cursor.fetchone()[0]
    if not cost:
        return
    cursor.execute(_UNKNOWN_SETTLED, facts | {"cost": cost})
    if not is_sent:
        cursor.execute(_NO_COST, facts)


def take_back(cursor: Any, run: Run, step: int, ids: Sequence[int]) -> None:
    """Take back what accepted messages of a step were charged that are to be sent again: it is set apart for them.

    In the caller's transaction, which has changed them and holds the step's row and the run's.
    """
    cursor.execute(_COST_OF, {"run": run.pk, "ids": list(ids)})
    cost = cursor.fetchone()[0]
    if not cost:
        return
    cursor.execute(_NO_COST, {"run": run.pk, "ids": list(ids)})
    row = RunStep.objects.select_for_update().get(run=run, step=step)
    charged = row.charged - cost
    too_much = max(0, row.booked - charged)
    account = accounts.locked(run.campaign.workspace) if too_much else None
    if account is not None:
        accounts.enter(
            account, EntryKind.CHARGE, balance_change=too_much, reserved_change=too_much,
            campaign_id=run.campaign_id, campaign_name=run.campaign.name[:200], run_id=run.pk, step=step,
        )  # fmt: skip
    RunStep.objects.filter(pk=row.pk).update(charged=charged, booked=row.booked - too_much, is_booked=False)


_FAILED_AFTERWARDS = """
select d.id, d.cost, coalesce(d.address, r.address) from deliveries_delivery d
join deliveries_recipient r on r.run_id = %(run)s and r.id = d.id >> 4
where d.run_id = %(run)s and d.id & 15 = %(step)s and d.stage = %(sent)s and d.result = %(bounced)s and d.cost > 0
  and {which} and not exists (
    select from deliveries_refund f where f.run_id = %(run)s and f.delivery_id = d.id)
"""


@transaction.atomic
def refund(run_id: int, deliveries: Sequence[int] | None) -> int:
    """Give back what these messages cost, or all of the run, that failed after acceptance; return how many were.

    Only where the prices say so, and each once.
    """
    priced = RunStep.objects.filter(run_id=run_id, tariff__isnull=False)
    tariffs = {step.step: Tariff.load(step.tariff) for step in priced.order_by("step") if step.tariff}
    count = 0
    for step, tariff in tariffs.items():
        mine = None if deliveries is None else [one for one in deliveries if one % STEPS == step]
        if tariff.gives_back and mine != []:
            count += _refund(run_id, step, tariff, mine)
    return count


def _refund(run_id: int, step: int, tariff: Tariff, deliveries: Sequence[int] | None) -> int:
    row = RunStep.objects.select_for_update().get(run_id=run_id, step=step)
    facts = {
        "run": run_id, "step": step, "sent": int(Stage.SENT), "bounced": int(Result.BOUNCED),
        "ids": None if deliveries is None else list(deliveries),
    }  # fmt: skip
    which = "true" if deliveries is None else "d.id = any(%(ids)s)"
    with connection.cursor() as cursor:
        cursor.execute(_FAILED_AFTERWARDS.format(which=which), facts)
        found = [(pk, cost) for pk, cost, address in cursor.fetchall() if tariff.rate(address).refunds]
    if not found:
        return 0
    Refund.objects.bulk_create(Refund(run_id=run_id, delivery_id=pk, amount=cost) for pk, cost in found)
    amount = sum(cost for _pk, cost in found)
    RunStep.objects.filter(pk=row.pk).update(refunded=F("refunded") + amount, is_booked=False)
    return len(found)
