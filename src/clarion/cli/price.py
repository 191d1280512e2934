"""`clarion price …`: what messages cost, by channel, sender and beginning of the number."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.options import Channel, OfSender, Period, Prefix, Price, Refunds, Slug

if TYPE_CHECKING:
    from clarion.senders.models import Sender
    from clarion.workspaces.actors import Actor

group = typer.Typer(no_args_is_help=True, help="Prices: what a message costs; the longest prefix wins.")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="price")


def _by(slug: str) -> "Actor":
    from clarion.workspaces import actors

    return actors.operator(session.workspace(slug))


def _currency(by: "Actor") -> str:
    from clarion.workspaces.money import queries

    account = queries.account_of(by.workspace)
    if account is None:
        session.refuse(
            [f"{by.workspace.name} has no balance. `clarion balance on --currency EUR` begins one."]
        )
    return account.currency


def _sender(by: "Actor", name: str) -> "Sender | None":
    from clarion.senders.models import Sender

    if not name:
        return None
    found = Sender.objects.filter(workspace=by.workspace, name=name).first()
    if found is None:
        session.refuse([f"--sender: there is no sender {name!r}."])
    return found


@group.command(name="list")
def list_(
    workspace: Slug = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Print the price list as CSV."""
    session.quiet()
    with session.opened():
        from clarion.senders.prices import csvfile, queries

        by = _by(workspace)
        lines = list(csvfile.lines(queries.prices_of(by.workspace), _currency(by)))
        if as_json:
            rows: Any = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
            told.dump(rows)
            return
        writer = csv.writer(sys.stdout)
        for line in lines:
            writer.writerow(line)


@group.command(name="set")
def set_(
    channel: Channel,
    amount: Price,
    prefix: Prefix = "",
    sender: OfSender = "",
    period: Period = 0,
    refunds: Refunds = False,
    workspace: Slug = "",
) -> None:
    """Set what a message costs: an SMS for each part, a call for each period, anything else for each message."""
    session.quiet()
    with session.opened():
        from clarion.senders.prices import operations
        from clarion.workspaces.money import amounts

        by = _by(workspace)
        _currency(by)
        try:
            said = operations.Said(
                channel=channel, sender=_sender(by, sender), prefix=prefix, amount=amounts.parse(amount),
                period=period, refunds=refunds,
            )  # fmt: skip
            operations.set_price(by=by, said=said)
        except ValueError as problem:
            session.refuse([str(problem)])
        typer.echo("set")


@group.command()
def remove(channel: Channel, prefix: Prefix = "", sender: OfSender = "", workspace: Slug = "") -> None:
    """Take a price out of the list."""
    session.quiet()
    with session.opened():
        from clarion.senders.models import Price
        from clarion.senders.prices import operations

        by = _by(workspace)
        where = {"workspace": by.workspace, "channel": channel, "prefix": prefix.removeprefix("+")}
        found = Price.objects.filter(**where, sender=_sender(by, sender)).first()
        if found is None:
            session.refuse(["There is no such price."])
        operations.remove_price(by=by, price=found)
        typer.echo("removed")


@group.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV as `list` prints it.")],
    workspace: Slug = "",
) -> None:
    """Put a whole list in place of the one there is."""
    session.quiet()
    with session.opened():
        from clarion.senders.prices import csvfile, operations
        from clarion.senders.prices.errors import PriceListInvalid

        by = _by(workspace)
        try:
            said = csvfile.read(file.read_bytes(), workspace=by.workspace, currency=_currency(by))
            count = operations.replace_prices(by=by, said=said)
        except PriceListInvalid as problem:
            session.refuse(problem.problems)
        typer.echo(f"{count} prices")
