"""Price lists as CSV: channel, sender, prefix, price, currency, period, refunds."""

import csv
import io
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from clarion.senders.models import Price, Sender
from clarion.senders.prices.errors import PriceInvalid, PriceListInvalid
from clarion.senders.prices.operations import MOST, Said
from clarion.workspaces.models import Workspace
from clarion.workspaces.money import amounts

HEADER = ("channel", "sender", "prefix", "price", "currency", "period", "refunds")
#: Octets of a file.
MOST_OCTETS = 1_000_000
#: Problems that are told.
_SHOWN = 10
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"", "no", "false", "0"})


def lines(prices: Sequence[Price], currency: str) -> Iterator[list[str]]:
    """Yield a price list's lines, its header first."""
    yield list(HEADER)
    for one in prices:
        yield [
            one.channel, _safe(one.sender.name) if one.sender else "", one.prefix, amounts.plain(one.amount), currency,
            str(one.period or ""), "yes" if one.refunds else "no",
        ]  # fmt: skip


def _safe(name: str) -> str:
    """Return a name so that no spreadsheet takes it for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def read(data: bytes, *, workspace: Workspace, currency: str) -> list[Said]:
    """Return what a file says. Raises PriceListInvalid with a sentence for each line that is wrong."""
    if len(data) > MOST_OCTETS:
        raise PriceListInvalid([_("The file is too large.")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PriceListInvalid([_("The file is not in UTF-8.")]) from None
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\x00", "")), delimiter=delimiter, strict=True))
    except csv.Error as problem:
        raise PriceListInvalid([_("The file is no CSV: %(why)s") % {"why": problem}]) from None
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    lacking = [name for name in ("channel", "price") if name not in header]
    if lacking:
        raise PriceListInvalid([_("The file lacks the column %(names)s.") % {"names": ", ".join(lacking)}])
    if len(rows) > MOST + 1:
        raise PriceListInvalid([_("A price list has at most %(n)d lines.") % {"n": MOST}])
    return _said(rows[1:], header, workspace, currency)


def _said(
    rows: Sequence[Sequence[str]], header: Sequence[str], workspace: Workspace, currency: str
) -> list[Said]:
    senders = {one.name: one for one in Sender.objects.filter(workspace=workspace).defer("config", "sealed")}
    found, problems = [], []
    for number, row in enumerate(rows, start=2):
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
        if not any(cells.values()):
            continue
        try:
            found.append(_line(cells, senders, currency))
        except ValueError as problem:
            problems.append(_("Line %(n)d: %(why)s") % {"n": number, "why": problem})
    if problems:
        more = [_("… and %(n)d more.") % {"n": len(problems) - _SHOWN}] if len(problems) > _SHOWN else []
        raise PriceListInvalid(problems[:_SHOWN] + more)
    return found


def _line(cells: dict[str, str], senders: dict[str, Sender], currency: str) -> Said:
    sender = None
    if name := cells.get("sender", ""):
        sender = senders.get(name) or senders.get(name.removeprefix("'"))
        if sender is None:
            raise PriceInvalid({"sender": _("There is no sender “%(name)s”.") % {"name": name}})
    if (code := cells.get("currency", "").upper()) not in ("", currency):
        raise PriceInvalid({"currency": _("The balance is in %(ours)s, not in %(code)s.") % {
            "ours": currency, "code": code
        }})  # fmt: skip
    refunds = cells.get("refunds", "").lower()
    if refunds not in _YES | _NO:
        raise PriceInvalid({"refunds": _("Refunds are yes or no.")})
    period = cells.get("period", "") or "0"
    if not (period.isascii() and period.isdigit() and len(period) <= 4):
        raise PriceInvalid({"period": _("A period is a number of seconds.")})
    return Said(
        channel=cells.get("channel", "").lower(), sender=sender, prefix=cells.get("prefix", ""),
        amount=amounts.parse(cells.get("price", "")), period=int(period), refunds=refunds in _YES,
    ).checked()  # fmt: skip
