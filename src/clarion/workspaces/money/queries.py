"""Reading accounts and their ledgers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import F

from clarion.workspaces.models import Account, EntryKind, LedgerEntry, Membership, Workspace
from clarion.workspaces.money import amounts

#: Entries on a page.
PAGE = 50
#: The columns of a ledger's file.
HEADER = (
    "number", "at", "kind", "balance_change", "reserved_change", "balance", "reserved", "currency", "campaign", "run",
    "step", "by", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some entries, the newest first. `newer` and `older` are numbers to go on from; None at the ends."""

    rows: Sequence[LedgerEntry]
    newer: int | None
    older: int | None


def account_for(member: Membership) -> Account | None:
    """Return the account of the member's workspace; None when it never had one."""
    return account_of(member.workspace)


def account_of(workspace: Workspace) -> Account | None:
    """Return the workspace's account; None when it never had one."""
    return Account.objects.filter(workspace=workspace).first()


def low_account_of(workspace: Workspace) -> Account | None:
    """Return the workspace's account when less is available than somebody wants to be told of; else None.

    Without a query where campaigns are not paid from a balance.
    """
    if not workspace.has_balance:
        return None
    mine = Account.objects.filter(workspace=workspace, warn_below__isnull=False)
    return mine.filter(balance__lt=F("reserved") + F("warn_below")).first()


def entries_of(
    account: Account,
    *,
    kind: EntryKind | None = None,
    after: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Page:
    """Return a page of an account's ledger: what is older than `after`, or newer than `before`, else the newest."""
    found = LedgerEntry.objects.filter(account=account)
    if kind is not None:
        found = found.filter(kind=kind)
    if before is not None:
        rows = list(found.filter(number__gt=before).order_by("number")[: limit + 1])
        is_more, rows = len(rows) > limit, rows[:limit][::-1]
        newer, older = (rows[0].number if is_more else None), (rows[-1].number if rows else None)
        return Page(rows=rows, newer=newer, older=older)
    if after is not None:
        found = found.filter(number__lt=after)
    rows = list(found.order_by("-number")[: limit + 1])
    is_more, rows = len(rows) > limit, rows[:limit]
    return Page(
        rows=rows,
        newer=rows[0].number if rows and after is not None else None,
        older=rows[-1].number if rows and is_more else None,
    )


def ledger_lines(account: Account) -> Iterator[list[str]]:
    """Yield the whole ledger as lines of a file, its header first, the oldest entry after that."""
    yield list(HEADER)
    for one in LedgerEntry.objects.filter(account=account).order_by("number").iterator(chunk_size=2_000):
        yield [
            str(one.number), one.at.isoformat(timespec="seconds"), one.kind.lower(), amounts.plain(one.balance_change),
            amounts.plain(one.reserved_change), amounts.plain(one.balance), amounts.plain(one.reserved),
            account.currency, _safe(one.campaign_name), _number(one.run_id), _number(one.step), _safe(one.by),
            _safe(one.note),
        ]  # fmt: skip


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _safe(text: str) -> str:
    """Return a text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
