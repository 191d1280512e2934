"""Reading prices."""

from collections.abc import Mapping
from typing import Any

from clarion.channels import registry
from clarion.senders.models import Price
from clarion.senders.prices.tariff import Rate, Tariff
from clarion.workspaces.models import Membership, Workspace

#: Seconds of a period that every call is within: a price without one is for the whole call.
_WHOLE_CALL = 1_000_000


def prices_for(member: Membership) -> list[Price]:
    """Return the workspace's prices: by channel, those for all senders first, then by sender and prefix."""
    return prices_of(member.workspace)


def prices_of(workspace: Workspace) -> list[Price]:
    """Return the workspace's prices in the same order."""
    found = Price.objects.filter(workspace=workspace).select_related("sender").defer("sender__config")
    return sorted(
        found.defer("sender__sealed"),
        key=lambda one: (one.channel, one.sender.name if one.sender else "", one.prefix),
    )


def price_for(member: Membership, pk: int) -> Price | None:
    """Return one of the workspace's prices; None for a stranger."""
    return Price.objects.filter(workspace=member.workspace, pk=pk).select_related("sender").first()


def tariff(workspace: Workspace, channel: str, sender_id: int | None, config: Mapping[str, Any]) -> Tariff:
    """Return what holds for messages on a channel by a sender now. `config` is the sender's settings.

    The longest prefix wins; of two alike the sender's own.
    """
    rows = Price.objects.filter(workspace=workspace, channel=channel)
    merged: dict[str, Price] = {}
    for row in rows.filter(sender=None):
        merged[row.prefix] = row
    for row in rows.filter(sender_id=sender_id) if sender_id is not None else []:
        merged[row.prefix] = row
    whole = _WHOLE_CALL if bills_seconds(channel) else 0
    rates = [
        Rate(prefix, one.amount, one.period or whole, one.refunds) for prefix, one in sorted(merged.items())
    ]
    return Tariff(rates, most=most_units(channel, config))


def bills_seconds(channel: str) -> bool:
    """Whether what is billed on a channel is time: only there has a price a period."""
    return channel in registry.CHANNELS and bool(getattr(registry.get(channel), "bills_seconds", False))


def most_units(channel: str, config: Mapping[str, Any]) -> int:
    """Return how many units a message of a sender can have at most: parts of an SMS, seconds of a call, else one.

    A channel tells by its method `most_units(config)`.
    """
    ask = getattr(registry.get(channel), "most_units", None) if channel in registry.CHANNELS else None
    return max(1, int(ask(config))) if ask is not None else 1
