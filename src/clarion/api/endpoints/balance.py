"""What the workspace has to spend, and every movement of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.prices import amount
from clarion.api.frame import actor
from clarion.api.shapes.common import BIG, Input, Page, cursor_of, key_of, lower, words
from clarion.deliveries.money import queries as spending
from clarion.workspaces.models import Account, EntryKind, LedgerEntry
from clarion.workspaces.money import amounts, operations, queries

router = Router()

Kind: Any = words(lower(EntryKind.values))


class BalanceOut(Schema):
    """What there is. Amounts are texts, so that nothing is rounded."""

    on: bool = Field(description="Whether campaigns are paid from it.")
    currency: str | None
    balance: str
    reserved: str = Field(description="For campaigns under way.")
    available: str
    warn_below: str | None = Field(description="People are told when less is available; null for never.")


def _told(request: Any) -> dict[str, Any]:
    account = queries.account_for(request.member)
    is_on = request.member.workspace.has_balance
    if account is None:
        return {"on": is_on, "currency": None, "balance": "0.00", "reserved": "0.00", "available": "0.00",
                "warn_below": None}  # fmt: skip
    now = spending.standing(account)
    names = {"balance": now.balance, "reserved": now.reserved, "available": now.available}
    warn = None if account.warn_below is None else amounts.plain(account.warn_below)
    return {
        "on": is_on,
        "currency": now.currency,
        "warn_below": warn,
        **{name: amounts.plain(n) for name, n in names.items()},
    }


@router.get("/balance", response=BalanceOut, summary="Show the balance")
def show_balance(request: Any) -> Any:
    """What the workspace has, what of it is reserved for campaigns, and what is available."""
    return _told(request)


class BalanceIn(Input):
    """Whether campaigns are paid."""

    on: bool
    currency: str = Field("", max_length=3, description="To switch it on: three letters.", examples=["EUR"])


@router.put("/balance", response=BalanceOut, summary="Switch the balance on or off")
def switch_balance(request: Any, said: BalanceIn) -> Any:
    """Let campaigns be paid from the balance, or cost nothing, from their next run on; needs `manage_money`."""
    if said.on:
        operations.switch_on(by=actor(request), currency=said.currency)
    else:
        operations.switch_off(by=actor(request))
    return _told(request)


class WarningIn(Input):
    """From where on people are told."""

    below: str | None = Field(max_length=30, examples=["50.00"], description="Null for no warning.")


@router.put("/balance/warning", response=BalanceOut, summary="Set a warning of a low balance")
def warn_below(request: Any, said: WarningIn) -> Any:
    """Have people told, on every page, when less than this is available; needs `manage_money`."""
    below = None if said.below is None else amount(said.below, "below")
    operations.warn_below(by=actor(request), amount=below)
    return _told(request)


class TopUpIn(Input):
    """How much."""

    amount: str = Field(max_length=30, examples=["250.00"])
    note: str = Field("", max_length=200)


@router.post("/balance/top-ups", response={201: BalanceOut}, summary="Top the balance up")
def top_up(request: Any, said: TopUpIn) -> Any:
    """Add to the balance; campaigns that wait for it go on by themselves. Send an `Idempotency-Key`."""
    operations.top_up(by=actor(request), amount=amount(said.amount, "amount"), note=said.note)
    return Status(201, _told(request))


class CorrectionIn(Input):
    """By how much, up or with a minus down, and why."""

    amount: str = Field(max_length=30, examples=["-12.50"])
    note: str = Field(min_length=1, max_length=200)


@router.post("/balance/corrections", response={201: BalanceOut}, summary="Correct the balance")
def correct(request: Any, said: CorrectionIn) -> Any:
    """Change the balance up or down; what is reserved for campaigns stays theirs."""
    by = actor(request)
    operations.correct(by=by, amount=amount(said.amount, "amount", is_signed=True), note=said.note)
    return Status(201, _told(request))


class EntryOut(Schema):
    """One movement; entries are numbered without gaps and never changed."""

    number: int
    at: datetime
    kind: str
    balance_change: str
    reserved_change: str
    balance: str
    reserved: str
    campaign: str = Field(description="Its name then; empty for none.")
    by: str
    note: str


class LedgerWanted(Cursor):
    """Which entries."""

    kind: Kind | None = None


def _entry(one: LedgerEntry) -> dict[str, Any]:
    names = ("balance_change", "reserved_change", "balance", "reserved")
    return {
        "number": one.number, "at": one.at, "kind": one.kind.lower(), "campaign": one.campaign_name, "by": one.by,
        "note": one.note, **{name: amounts.plain(getattr(one, name)) for name in names},
    }  # fmt: skip


@router.get("/balance/ledger", response=Page[EntryOut], summary="Show the ledger")
def ledger(request: Any, wanted: Query[LedgerWanted]) -> Any:
    """Every movement, the newest first."""
    account: Account | None = queries.account_for(request.member)
    if account is None:
        raise problems.own("not_found", "This workspace has no balance: switch it on first.")
    key = key_of(wanted.cursor, int)
    page = queries.entries_of(
        account, kind=EntryKind(wanted.kind.upper()) if wanted.kind else None,
        after=min(key[0], BIG) if key else None, limit=wanted.limit,
    )  # fmt: skip
    return {
        "items": [_entry(one) for one in page.rows],
        "next": cursor_of(page.older) if page.older is not None else None,
    }
