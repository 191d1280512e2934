"""Every write to prices. Runs under way keep the prices that they began with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clarion.channels import registry
from clarion.senders.models import Price, Sender
from clarion.senders.prices.errors import PriceInvalid, PriceListInvalid
from clarion.senders.prices.queries import bills_seconds
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.money import amounts
from clarion.workspaces.permissions import Permission

#: Prices of one workspace.
MOST = 5_000
#: Seconds of a period.
MOST_PERIOD = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A price as somebody says it. `amount` is in millionths."""

    channel: str
    sender: Sender | None = None
    prefix: str = ""
    amount: int
    period: int = 0
    refunds: bool = False

    def checked(self) -> "Said":
        """Return it cleaned. Raises PriceInvalid."""
        problems = {}
        prefix = "".join(self.prefix.replace("+", "", 1).split())
        if self.channel not in registry.CHANNELS:
            problems["channel"] = _("There is no such channel.")
        elif self.sender is not None and self.sender.channel != self.channel:
            problems["sender"] = _("The sender is on another channel.")
        elif prefix and registry.get(self.channel).address_kind != "phone":
            problems["prefix"] = _("Only telephone numbers have a prefix.")
        if prefix and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 15):
            problems["prefix"] = _("A prefix is up to 15 digits, such as 49 or 49151.")
        if not 0 <= self.amount <= amounts.MOST:
            problems["amount"] = _("This is no price.")
        if self.period and not bills_seconds(self.channel):
            problems["period"] = _("Only calls are priced by their time.")
        elif not 0 <= self.period <= MOST_PERIOD:
            problems["period"] = _("A period has at most %(n)d seconds.") % {"n": MOST_PERIOD}
        if problems:
            raise PriceInvalid(problems)
        return Said(
            channel=self.channel, sender=self.sender, prefix=prefix, amount=self.amount, period=self.period,
            refunds=self.refunds,
        )  # fmt: skip

    @property
    def key(self) -> tuple[str, int | None, str]:
        """What is once in a list."""
        return (self.channel, self.sender.pk if self.sender else None, self.prefix)


@transaction.atomic
def set_price(*, by: Actor, said: Said) -> Price:
    """Set a price, in place of the one for the same channel, sender and prefix; return it.

    Raises NotAllowed and PriceInvalid.
    """
    by.require(Permission.MANAGE_MONEY)
    plain = said.checked()
    if plain.sender is not None and plain.sender.workspace_id != by.workspace.pk:
        raise PriceInvalid({"sender": _("There is no such sender.")})
    where: dict[str, Any] = {
        "workspace": by.workspace,
        "channel": plain.channel,
        "sender": plain.sender,
        "prefix": plain.prefix,
    }
    before = Price.objects.select_for_update().filter(**where).first()
    if before is None and Price.objects.filter(workspace=by.workspace).count() >= MOST:
        raise PriceInvalid({"prefix": _("A price list has at most %(n)d lines.") % {"n": MOST}})
    values: dict[str, Any] = {"amount": plain.amount, "period": plain.period, "refunds": plain.refunds}
    if before is not None and all(getattr(before, name) == value for name, value in values.items()):
        return before
    old = _shown(before) if before is not None else None
    price, _is_new = Price.objects.update_or_create(**where, defaults=values)
    _told(by, "workspace.price_set", {_name(price): (old, _shown(price))})
    return price


@transaction.atomic
def remove_price(*, by: Actor, price: Price) -> None:
    """Take a price out of the list. Raises NotAllowed."""
    by.require(Permission.MANAGE_MONEY)
    found = Price.objects.filter(pk=price.pk, workspace=by.workspace).select_related("sender").first()
    if found is None:
        return
    name, old = _name(found), _shown(found)
    found.delete()
    _told(by, "workspace.price_removed", {name: (old, None)})


@transaction.atomic
def replace_prices(*, by: Actor, said: Sequence[Said]) -> int:
    """Put a whole list in place of the one there is; return how many lines it has.

    Raises NotAllowed, and PriceListInvalid when it is too long or says something twice.
    """
    by.require(Permission.MANAGE_MONEY)
    if len(said) > MOST:
        raise PriceListInvalid([_("A price list has at most %(n)d lines.") % {"n": MOST}])
    plain = [one.checked() for one in said]
    if len({one.key for one in plain}) != len(plain):
        raise PriceListInvalid([_("The same channel, sender and prefix is there twice.")])
    before = Price.objects.filter(workspace=by.workspace)
    count = before.count()
    before.delete()
    Price.objects.bulk_create(
        Price(
            workspace=by.workspace, channel=one.channel, sender=one.sender, prefix=one.prefix, amount=one.amount,
            period=one.period, refunds=one.refunds,
        )
        for one in plain
    )  # fmt: skip
    _told(by, "workspace.prices_replaced", {"lines": (count, len(plain))})
    return len(plain)


def _name(price: Price) -> str:
    sender = f" {price.sender.name}" if price.sender is not None else ""
    return f"{price.channel}{sender} {price.prefix or '*'}"


def _shown(price: Price) -> str:
    period = f" / {price.period} s" if price.period else ""
    return f"{amounts.plain(price.amount)}{period}{' (refunded)' if price.refunds else ''}"


def _told(by: Actor, action: str, changes: dict[str, tuple[Any, Any]]) -> None:
    audit.record(
        by=by, action=action, kind="workspace", object_id=by.workspace.slug, object_name=by.workspace.name,
        changes=changes,
    )  # fmt: skip
