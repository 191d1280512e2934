"""What messages cost: the price list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.frame import actor
from clarion.api.shapes.common import BIG, INT, ChannelWord, Input
from clarion.senders import queries as senders
from clarion.senders.models import Price
from clarion.senders.prices import operations, queries
from clarion.workspaces.money import amounts
from clarion.workspaces.money.queries import account_for

router = Router()


class PriceIn(Input):
    """What a message costs on a channel, perhaps by one sender, perhaps to numbers that begin so."""

    channel: ChannelWord = Field(examples=["sms"])
    sender: UUID | None = None
    prefix: str = Field("", max_length=40, description="Digits that a number begins with.", examples=["49"])
    price: str = Field(
        max_length=30, description="Of a message, a part of an SMS, or a period.", examples=["0.045"]
    )
    period: int = Field(0, ge=0, le=INT, description="Of calls: for each so many seconds that have begun.")
    refunds: bool = Field(False, description="Give back what failed after the provider had accepted it.")


class PriceOut(Schema):
    """A price of the list."""

    id: int
    channel: str
    sender: UUID | None
    prefix: str
    price: str
    period: int
    refunds: bool


def _told(one: Price) -> dict[str, Any]:
    return {
        "id": one.pk, "channel": one.channel, "sender": one.sender.public_id if one.sender else None,
        "prefix": one.prefix, "price": amounts.plain(one.amount), "period": one.period, "refunds": one.refunds,
    }  # fmt: skip


def _said(request: Any, said: PriceIn, field: str = "") -> operations.Said:
    sender = None
    if said.sender is not None:
        sender = finding.named(f"{field}sender", senders.sender_for(request.member, said.sender))
    return operations.Said(
        channel=said.channel, sender=sender, prefix=said.prefix, amount=amount(said.price, f"{field}price"),
        period=said.period, refunds=said.refunds,
    )  # fmt: skip


def amount(text: str, field: str, *, is_signed: bool = False) -> int:
    """Return an amount in millionths. Raises `invalid`."""
    try:
        return amounts.parse_signed(text) if is_signed else amounts.parse(text)
    except ValueError as problem:
        raise problems.own("invalid", errors=[{"field": field, "detail": str(problem)}]) from None


def _need_account(request: Any) -> None:
    if account_for(request.member) is None:
        raise problems.own("not_found", "This workspace has no balance: switch it on first.")


@router.get("/prices", response=list[PriceOut], summary="List prices")
def list_prices(request: Any) -> Any:
    """The whole list; the longest beginning of a number wins, and of two alike the sender's own."""
    _need_account(request)
    return [_told(one) for one in queries.prices_for(request.member)]


@router.post("/prices", response={201: PriceOut}, summary="Set a price")
def set_price(request: Any, said: PriceIn) -> Any:
    """Set a price, in place of the one for the same channel, sender and beginning; needs `manage_money`."""
    _need_account(request)
    return Status(201, _told(operations.set_price(by=actor(request), said=_said(request, said))))


class PricesIn(Input):
    """A whole list."""

    prices: list[PriceIn] = Field(max_length=20_000)


@router.put("/prices", response=list[PriceOut], summary="Replace the price list")
def replace_prices(request: Any, said: PricesIn) -> Any:
    """Put a whole list in place of the one there is; with one wrong line nothing is changed."""
    _need_account(request)
    every = [_said(request, one, f"prices.{number}.") for number, one in enumerate(said.prices)]
    operations.replace_prices(by=actor(request), said=every)
    return [_told(one) for one in queries.prices_for(request.member)]


@router.delete("/prices/{int:id}", response={204: None}, summary="Remove a price")
def remove_price(request: Any, id: int) -> Any:
    """Take a price out of the list; runs under way keep the prices that they began with."""
    found = queries.price_for(request.member, id) if 0 < id <= BIG else None
    if found is None:
        raise problems.own("not_found")
    operations.remove_price(by=actor(request), price=found)
    return Status(204, None)
