"""Every write to accounts that a person or a launch causes. What messages cost is booked by `deliveries.money`.

Each is one transaction, and what a person does leaves an audit event.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import Account, EntryKind, Hold, LedgerEntry, Workspace
from clarion.workspaces.money import amounts
from clarion.workspaces.money.errors import BalanceTooLow, MoneyInvalid
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake

#: Characters of an entry's note.
NOTE_LENGTH = 200


@transaction.atomic
def switch_on(*, by: Actor, currency: str) -> Account:
    """Let the workspace's campaigns be paid from its balance; return the account.

    It holds for runs that begin from now on. The currency stays once something was entered. Raises NotAllowed and
    MoneyInvalid.
    """
    by.require(Permission.MANAGE_MONEY)
    try:
        code = amounts.currency_of(currency)
    except ValueError as problem:
        raise MoneyInvalid(_("A currency is three letters, such as EUR or USD.")) from problem
    account, _is_new = Account.objects.select_for_update().get_or_create(
        workspace=by.workspace, defaults={"currency": code}
    )
    if account.currency != code and account.last_number:
        raise MoneyInvalid(_("The currency cannot be changed: the ledger has entries in %(code)s.") % {
            "code": account.currency
        })  # fmt: skip
    before = (by.workspace.has_balance, account.currency)
    account.currency = code
    account.save(update_fields=["currency"])
    _switch(by, is_on=True, changes={"currency": (before[1] if before[0] else None, code)})
    return account


@transaction.atomic
def switch_off(*, by: Actor) -> None:
    """Let campaigns cost nothing any more. Runs under way are paid to their end; the balance and the ledger stay."""
    by.require(Permission.MANAGE_MONEY)
    _switch(by, is_on=False, changes={})


def _switch(by: Actor, *, is_on: bool, changes: dict[str, tuple[Any, Any]]) -> None:
    was = Workspace.objects.values_list("has_balance", flat=True).get(pk=by.workspace.pk)
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if was == is_on and not changes:
        return
    Workspace.objects.filter(pk=by.workspace.pk).update(has_balance=is_on)
    by.workspace.has_balance = is_on
    _told(by, "workspace.balance_on" if is_on else "workspace.balance_off", changes | {"on": (was, is_on)})


@transaction.atomic
def top_up(*, by: Actor, amount: int, note: str = "") -> LedgerEntry:
    """Add so much (millionths) to the workspace's balance; campaigns that waited for it go on by themselves.

    Raises NotAllowed, and MoneyInvalid when the workspace has no balance or the amount makes no sense.
    """
    by.require(Permission.MANAGE_MONEY)
    if not 0 < amount <= amounts.MOST:
        raise MoneyInvalid(_("Say how much is to be added."))
    return _by_person(by, EntryKind.TOP_UP, amount, note)


@transaction.atomic
def correct(*, by: Actor, amount: int, note: str) -> LedgerEntry:
    """Change the balance by so much, up or down, with a reason. What is reserved for campaigns stays theirs.

    Raises NotAllowed, MoneyInvalid, and BalanceTooLow when less than that is available.
    """
    by.require(Permission.MANAGE_MONEY)
    if not amount or abs(amount) > amounts.MOST:
        raise MoneyInvalid(_("Say by how much it is to be changed."))
    if not note.strip():
        raise MoneyInvalid(_("Say why: the ledger keeps it."))
    return _by_person(by, EntryKind.CORRECTION, amount, note)


@transaction.atomic
def warn_below(*, by: Actor, amount: int | None) -> Account:
    """Have people told when less than this is available; None for never. Returns the account.

    Raises NotAllowed, and MoneyInvalid when the workspace has no balance or the amount makes no sense.
    """
    by.require(Permission.MANAGE_MONEY)
    account = locked(by.workspace)
    if account is None:
        raise MoneyInvalid(_("This workspace has no balance: switch it on first."))
    if amount is not None and not 0 < amount <= amounts.MOST:
        raise MoneyInvalid(_("Say an amount, or nothing for no warning."))
    if account.warn_below != amount:
        before, account.warn_below = account.warn_below, amount
        account.save(update_fields=["warn_below"])
        told = tuple(None if one is None else amounts.plain(one) for one in (before, amount))
        _told(by, "workspace.balance_warning", {"below": (told[0], told[1])})
    return account


def _by_person(by: Actor, kind: EntryKind, amount: int, note: str) -> LedgerEntry:
    account = locked(by.workspace)
    if account is None or not by.workspace.has_balance:
        raise MoneyInvalid(_("This workspace has no balance: switch it on first."))
    if account.available + amount < 0:
        raise BalanceTooLow(needed=-amount, available=account.available, currency=account.currency)
    if account.balance + amount > amounts.MOST:
        raise MoneyInvalid(_("The balance would be too large."))
    before = account.balance
    entry = enter(
        account, kind, balance_change=amount, by=by.name,
        note=" ".join(note.replace("\x00", "").split())[:NOTE_LENGTH],
    )  # fmt: skip
    shown = {"amount": (None, amounts.plain(amount)), "currency": (account.currency, account.currency)}
    shown["balance"] = (amounts.plain(before), amounts.plain(entry.balance))
    _told(by, f"workspace.balance_{kind.value.lower()}", shown, reason=entry.note)
    wake(balance=account.workspace_id)
    return entry


@transaction.atomic
def hold(*, workspace: Workspace, campaign_id: int, name: str, amount: int, by: str) -> None:
    """Set so much apart for a campaign that is being launched, instead of what was before.

    Raises BalanceTooLow, with the numbers. Nothing happens when the workspace has no balance.
    """
    account = locked(workspace)
    if account is None:
        return
    free(campaign_id=campaign_id, account=account)
    if amount > account.available:
        raise BalanceTooLow(needed=amount, available=account.available, currency=account.currency)
    if amount:
        facts: dict[str, Any] = {"campaign_id": campaign_id, "campaign_name": name[:200]}
        enter(account, EntryKind.RESERVE, reserved_change=amount, by=by, **facts)
        Hold.objects.create(account=account, amount=amount, **facts)


def free(*, campaign_id: int, account: Account) -> int:
    """Give free what the campaign's launch has set apart of a locked account; return how much that was."""
    found = Hold.objects.select_for_update().filter(campaign_id=campaign_id, account=account).first()
    if found is None:
        return 0
    found.delete()
    enter(
        account, EntryKind.RELEASE, reserved_change=-found.amount, campaign_id=campaign_id,
        campaign_name=found.campaign_name,
    )  # fmt: skip
    return found.amount


def take_over(*, campaign_id: int) -> int:
    """Return what the campaign's launch has set apart, which is the caller's from now on; it stays reserved."""
    found = Hold.objects.select_for_update().filter(campaign_id=campaign_id).first()
    if found is None:
        return 0
    found.delete()
    return found.amount


def locked(workspace: Workspace) -> Account | None:
    """Return the workspace's account, held until the transaction ends; None when it never had one."""
    return Account.objects.select_for_update().filter(workspace_id=workspace.pk).first()


def enter(
    account: Account,
    kind: EntryKind,
    *,
    balance_change: int = 0,
    reserved_change: int = 0,
    by: str = "system",
    **facts: Any,
) -> LedgerEntry:
    """Append an entry to a locked account. The database refuses what would overdraw it."""
    account.balance += balance_change
    account.reserved += reserved_change
    account.last_number += 1
    account.save(update_fields=["balance", "reserved", "last_number"])
    return LedgerEntry.objects.create(
        account=account, number=account.last_number, kind=kind, balance_change=balance_change,
        reserved_change=reserved_change, balance=account.balance, reserved=account.reserved, by=by[:254], **facts,
    )  # fmt: skip


def _told(by: Actor, action: str, changes: dict[str, tuple[Any, Any]], reason: str = "") -> None:
    audit.record(
        by=by, action=action, kind="workspace", object_id=by.workspace.slug, object_name=by.workspace.name,
        reason=reason, changes=changes,
    )  # fmt: skip
