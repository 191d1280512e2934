"""What runs and campaigns have cost, and how an account stands at this moment. From counters alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, QuerySet, Sum

from clarion.deliveries.models import Run, RunStep
from clarion.workspaces.models import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What something has cost, in millionths of the currency."""

    currency: str
    #: What accepted messages cost, and what of that was given back since.
    charged: int
    refunded: int
    #: What messages on their way and unknown ones may cost at most, and what else is set apart.
    held: int
    reserved: int
    #: Accepted messages, of which the average is told.
    accepted: int

    @property
    def net(self) -> int:
        return self.charged - self.refunded

    @property
    def each(self) -> int:
        """What an accepted message cost on average, rounded down."""
        return self.net // self.accepted if self.accepted else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an account stands now, with what its ledger does not have yet. In millionths."""

    currency: str
    balance: int
    reserved: int

    @property
    def available(self) -> int:
        return self.balance - self.reserved


_SUMS = {
    "charged_": Sum("charged"), "refunded_": Sum("refunded"), "held_": Sum("held"), "accepted_": Sum("accepted"),
    "rest": Sum(F("reserved") - F("charged") - F("held")),
}  # fmt: skip


def spent_by_run(run: Run) -> Spent | None:
    """Return what a run has cost; None when nothing of it costs anything."""
    return spent_by_runs([run.pk]).get(run.pk)


def spent_by_runs(ids: Iterable[int]) -> dict[int, Spent]:
    """Return what runs have cost, by their ids; runs that cost nothing are absent."""
    found = _priced().filter(run_id__in=list(ids)).order_by().values("run_id", _CURRENCY).annotate(**_SUMS)
    return {row["run_id"]: _spent(row) for row in found}


def spent_by_campaigns(ids: Iterable[int]) -> dict[int, Spent]:
    """Return what campaigns have cost in all their runs, by their ids; those that cost nothing are absent."""
    mine = _priced().filter(run__campaign_id__in=list(ids)).order_by()
    rows = mine.values("run__campaign_id", _CURRENCY).annotate(**_SUMS)
    return {row["run__campaign_id"]: _spent(row) for row in rows}


def steps_of(run: Run) -> Sequence[RunStep]:
    """Return the steps of a run that cost something, without what they say."""
    return list(_priced().filter(run=run).defer("content", "tariff").order_by("step"))


def standing(account: Account) -> Standing:
    """Return how an account stands, what messages cost since the last booking included. Two queries."""
    open_ = RunStep.objects.filter(run__workspace=account.workspace_id, is_booked=False).aggregate(
        charges=Sum(F("charged") - F("booked")), refunds=Sum(F("refunded") - F("refunds_booked"))
    )
    charges, refunds = open_["charges"] or 0, open_["refunds"] or 0
    return Standing(
        currency=account.currency,
        balance=account.balance - charges + refunds,
        reserved=account.reserved - charges,
    )


_CURRENCY = "run__workspace__account__currency"


def _priced() -> QuerySet[RunStep]:
    return RunStep.objects.filter(tariff__isnull=False)


def _spent(row: dict[str, object]) -> Spent:
    def number(name: str) -> int:
        return int(str(row[name] or 0))

    return Spent(
        currency=str(row[_CURRENCY] or ""), charged=number("charged_"), refunded=number("refunded_"),
        held=number("held_"), reserved=number("rest"), accepted=number("accepted_"),
    )  # fmt: skip
