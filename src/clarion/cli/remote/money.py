"""`clarion --server URL balance …` and `price`."""

import csv
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from clarion.cli.options import Amount, AsJson, Channel, OfSender, Period, Prefix, Price, Refunds, Why
from clarion.cli.remote import asked, one_of, pages, refuse, tell

balance = typer.Typer(no_args_is_help=True, help="The balance from which the workspace's campaigns are paid.")
price = typer.Typer(no_args_is_help=True, help="Prices: what a message costs; the longest prefix wins.")

_COLUMNS = ("channel", "sender", "prefix", "price", "period", "refunds")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(balance, name="balance")
    app.add_typer(price, name="price")


def _standing(one: Any) -> str:
    first = "" if one["on"] else "Campaigns cost nothing: the balance is switched off.\n"
    names = ("balance", "reserved", "available")
    return first + "\n".join(f"{name:<10} {one[name]:>16} {one['currency'] or ''}".rstrip() for name in names)


@balance.command()
def show(as_json: AsJson = False) -> None:
    """Print what the workspace has, what of it is reserved for campaigns, and what is available."""
    tell(asked("GET", "/balance"), _standing, as_json=as_json)


@balance.command()
def on(
    currency: Annotated[str, typer.Option("--currency", metavar="CODE", help="Three letters, such as EUR.")],
) -> None:
    """Let the workspace's campaigns be paid from its balance, from the next run on."""
    tell(asked("PUT", "/balance", {"on": True, "currency": currency}), _standing, as_json=False)


@balance.command()
def off() -> None:
    """Let campaigns cost nothing any more. The balance and its ledger stay."""
    tell(asked("PUT", "/balance", {"on": False}), _standing, as_json=False)


@balance.command(name="top-up")
def top_up(amount: Amount, note: Why = "", as_json: AsJson = False) -> None:
    """Add to the balance. Campaigns that wait for it go on by themselves."""
    tell(asked("POST", "/balance/top-ups", {"amount": amount, "note": note}), _standing, as_json=as_json)


@balance.command(context_settings={"ignore_unknown_options": True})
def correct(amount: Amount, note: Why = "", as_json: AsJson = False) -> None:
    """Change the balance up or, with a minus, down. A note is needed."""
    tell(asked("POST", "/balance/corrections", {"amount": amount, "note": note}), _standing, as_json=as_json)


@balance.command()
def warn(
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Such as 50; 0 for no warning.")],
) -> None:
    """Have people told, on every page, when less than this is available."""
    is_off = not amount.strip("0., ")
    asked("PUT", "/balance/warning", {"below": None if is_off else amount})
    typer.echo("set")


@balance.command()
def ledger(
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="The newest so many.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Print the ledger, the newest entry first."""
    tell(list(pages("/balance/ledger", limit)), _entry, as_json=as_json)


def _entry(one: Any) -> str:
    change = one["balance_change"] if float(one["balance_change"]) else one["reserved_change"]
    about = one["campaign"] or one["note"]
    when = f"{one['number']:>6}  {one['at'][:16]}  {one['kind']:<10}"
    return f"{when} {change:>14}  {one['balance']:>14}  {about}".rstrip()


@price.command(name="list")
def list_prices(as_json: AsJson = False) -> None:
    """Print the price list as CSV; a sender is told by its id."""
    found = asked("GET", "/prices")
    if as_json:
        tell(found, str, as_json=True)
        return
    writer = csv.DictWriter(sys.stdout, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(found)


@price.command(name="set")
def set_price(
    channel: Channel,
    amount: Price,
    prefix: Prefix = "",
    sender: OfSender = "",
    period: Period = 0,
    refunds: Refunds = False,
) -> None:
    """Set what a message costs: an SMS for each part, a call for each period, anything else for each message."""
    whose = one_of("/senders", sender, "sender")["id"] if sender else None
    said = {"channel": channel, "price": amount, "prefix": prefix, "sender": whose, "period": period}
    asked("POST", "/prices", said | {"refunds": refunds})
    typer.echo("set")


@price.command(name="remove")
def remove_price(channel: Channel, prefix: Prefix = "", sender: OfSender = "") -> None:
    """Take a price out of the list."""
    whose = one_of("/senders", sender, "sender")["id"] if sender else None
    wanted = (channel, prefix.removeprefix("+"), whose)
    found = [
        one for one in asked("GET", "/prices") if (one["channel"], one["prefix"], one["sender"]) == wanted
    ]
    if not found:
        refuse("There is no such price.")
    asked("DELETE", f"/prices/{found[0]['id']}")
    typer.echo("removed")


@price.command(name="import")
def import_prices(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV as `list` prints it.")],
) -> None:
    """Put a whole list in place of the one there is."""
    with file.open(newline="", encoding="utf-8-sig") as opened:
        rows = [_row(row) for row in csv.DictReader(opened)]
    typer.echo(f"{len(asked('PUT', '/prices', {'prices': rows}))} prices")


def _row(row: dict[str, str]) -> dict[str, Any]:
    given = {name: (row.get(name) or "").strip() for name in _COLUMNS}
    try:
        period = int(given["period"] or 0)
    except ValueError:
        refuse(f"{given['period']!r} is no number of seconds.")
    is_refunded = given["refunds"].lower() in ("yes", "true", "1")
    return given | {"sender": given["sender"] or None, "period": period, "refunds": is_refunded}
