"""Proving the money: what steps and accounts say is counted again from deliveries, refunds and the ledger's entries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import F, Sum

from clarion.deliveries.models import Refund, Run, RunStep
from clarion.senders.prices.tariff import Tariff
from clarion.workspaces.models import Account, EntryKind, Hold, LedgerEntry

if TYPE_CHECKING:
    from clarion.deliveries.ledger import LedgerReport

#: Entries read at a time.
_CHUNK = 5_000

_COSTS = """
select coalesce(sum(cost) filter (where stage = 2), 0)::bigint,
       coalesce(sum(cost) filter (where stage = 5), 0)::bigint,
       count(*) filter (where stage in (2, 5) and cost is null),
       count(*) filter (where stage not in (2, 5) and cost is not null)
from deliveries_delivery where run_id = %(run)s and id & 15 = %(step)s
"""
_IN_FLIGHT = """
select coalesce(d.address, r.address) from deliveries_delivery d
join deliveries_recipient r on r.run_id = %(run)s and r.id = d.id >> 4
where d.run_id = %(run)s and d.id & 15 = %(step)s and d.stage = 1
"""


@dataclass(slots=True, kw_only=True)
class AccountReport:
    """What a check of one workspace's account came to. Amounts are in millionths."""

    workspace: str
    currency: str
    balance: int
    reserved: int
    entries: int
    #: (rule, sentence, expected, found)
    findings: list[tuple[str, str, int, int]] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        return not self.findings

    def compare(self, rule: str, sentence: str, *, expected: int, found: int) -> None:
        """Note a finding unless both are the same."""
        if expected != found:
            self.findings.append((rule, sentence, expected, found))


def check_steps(report: "LedgerReport", run: Run, steps: Sequence[RunStep]) -> None:
    """Compare the money of a run's steps with their messages, and with what the account's ledger has of them."""
    for step in steps:
        if step.tariff is not None:
            _check_step(report, run, step, Tariff.load(step.tariff))


def _check_step(report: "LedgerReport", run: Run, step: RunStep, tariff: Tariff) -> None:
    where = f"step {step.step}"
    facts = {"run": run.pk, "step": step.step}
    with connection.cursor() as cursor:
        cursor.execute(_COSTS, facts)
        charged, unknown, lacking, odd = cursor.fetchone()
        cursor.execute(_IN_FLIGHT, facts)
        under_way = sum(tariff.bound(row[0]) for row in cursor.fetchall())
    report.compare(
        "money.charged",
        f"What accepted messages cost is charged ({where}).",
        expected=charged,
        found=step.charged,
    )
    report.compare(
        "money.held", f"What messages in flight and unknown ones may cost is held ({where}).",
        expected=under_way + unknown, found=step.held,
    )  # fmt: skip
    sentence = f"Every accepted or unknown message says what it cost ({where})."
    report.compare("money.cost_told", sentence, expected=0, found=lacking)
    sentence = f"No other message says that it cost something ({where})."
    report.compare("money.cost_told", sentence, expected=0, found=odd)
    refunds = Refund.objects.filter(run_id=run.pk).annotate(step=F("delivery_id").bitand(15))
    given = refunds.filter(step=step.step).aggregate(n=Sum("amount"))["n"] or 0
    report.compare(
        "money.refunded", f"What was given back is counted ({where}).", expected=given, found=step.refunded
    )
    entered = _entered(run, step)
    report.compare(
        "money.booked", f"What counts as entered is in the ledger ({where}).",
        expected=-entered.get(EntryKind.CHARGE, 0), found=step.booked,
    )  # fmt: skip
    report.compare(
        "money.refunds_booked", f"Refunds that count as entered are in the ledger ({where}).",
        expected=entered.get(EntryKind.REFUND, 0), found=step.refunds_booked,
    )  # fmt: skip


def _entered(run: Run, step: RunStep) -> dict[str, int]:
    mine = LedgerEntry.objects.filter(account__workspace=run.workspace_id, run_id=run.pk, step=step.step)
    rows = mine.order_by().values_list("kind").annotate(balance=Sum("balance_change"))
    return dict(rows)


def check_account(account: Account) -> AccountReport:
    """Go through the account's ledger and compare its end with the account, and that with what campaigns hold.

    Reads one snapshot when the caller's transaction has one; otherwise a campaign under way may look wrong.
    """
    now = Account.objects.select_related("workspace").get(pk=account.pk)
    report = AccountReport(
        workspace=now.workspace.slug, currency=now.currency, balance=now.balance, reserved=now.reserved,
        entries=now.last_number,
    )  # fmt: skip
    _follow(report, now)
    steps = RunStep.objects.filter(run__workspace=now.workspace_id, tariff__isnull=False)
    promised = steps.aggregate(n=Sum(F("reserved") - F("booked")))["n"] or 0
    holds = Hold.objects.filter(account=now).aggregate(n=Sum("amount"))["n"] or 0
    report.compare(
        "account.reserved", "What is reserved is what launches and runs have set apart.",
        expected=promised + holds, found=now.reserved,
    )  # fmt: skip
    return report


def _follow(report: AccountReport, account: Account) -> None:
    """Add the entries up, one after another."""
    balance = reserved = count = 0
    names: Any = ("number", "balance_change", "reserved_change", "balance", "reserved")
    rows = LedgerEntry.objects.filter(account=account).order_by("number").values_list(*names)
    for number, balance_change, reserved_change, balance_then, reserved_then in rows.iterator(
        chunk_size=_CHUNK
    ):
        count, balance, reserved = count + 1, balance + balance_change, reserved + reserved_change
        sentence = f"Entry {number} follows from those before it."
        report.compare("account.number", sentence, expected=count, found=number)
        report.compare("account.balance_then", sentence, expected=balance, found=balance_then)
        report.compare("account.reserved_then", sentence, expected=reserved, found=reserved_then)
        if report.findings:
            return  # everything after it would be wrong for the same reason
    report.compare(
        "account.entries", "No entry is missing at the end.", expected=count, found=account.last_number
    )
    report.compare(
        "account.balance", "The balance is the sum of the entries.", expected=balance, found=account.balance
    )
    report.compare(
        "account.reserved_sum", "What is reserved is the sum of the entries.", expected=reserved,
        found=account.reserved,
    )  # fmt: skip
