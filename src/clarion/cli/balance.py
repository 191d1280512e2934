"""`clarion balance …`: what a workspace has to spend, and its ledger."""

import csv
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from clarion.cli import session, told
from clarion.cli.options import Amount, AsJson, Slug, Why

if TYPE_CHECKING:
    from clarion.workspaces.actors import Actor
    from clarion.workspaces.models import Account

group = typer.Typer(no_args_is_help=True, help="The balance from which a workspace's campaigns are paid.")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="balance")


def _by(slug: str) -> "Actor":
    from clarion.workspaces import actors

    return actors.operator(session.workspace(slug))


def _account(by: "Actor") -> "Account":
    from clarion.workspaces.money import queries

    account = queries.account_of(by.workspace)
    if account is None:
        session.refuse(
            [f"{by.workspace.name} has no balance. `clarion balance on --currency EUR` begins one."]
        )
    return account


@group.command()
def show(workspace: Slug = "", as_json: AsJson = False) -> None:
    """Print what the workspace has, what of it is reserved for campaigns, and what is available."""
    session.quiet()
    with session.opened():
        _print(_by(workspace), as_json=as_json)


def _print(by: "Actor", *, as_json: bool) -> None:
    from clarion.deliveries.money import queries
    from clarion.workspaces.money import amounts

    now = queries.standing(_account(by))
    names = {"balance": now.balance, "reserved": now.reserved, "available": now.available}
    if as_json:
        facts = {name: amounts.plain(amount) for name, amount in names.items()}
        on = by.workspace.has_balance
        told.dump({"workspace": by.workspace.slug, "on": on, "currency": now.currency, **facts})
        return
    if not by.workspace.has_balance:
        typer.echo("Campaigns cost nothing: the balance is switched off.")
    for name, amount in names.items():
        typer.echo(f"{name:<10} {amounts.told(amount, now.currency):>20}")


@group.command()
def on(
    currency: Annotated[str, typer.Option("--currency", metavar="CODE", help="Three letters, such as EUR.")],
    workspace: Slug = "",
) -> None:
    """Let the workspace's campaigns be paid from its balance, from the next run on."""
    session.quiet()
    with session.opened():
        from clarion.workspaces.money import operations
        from clarion.workspaces.money.errors import MoneyInvalid

        by = _by(workspace)
        try:
            operations.switch_on(by=by, currency=currency)
        except MoneyInvalid as problem:
            session.refuse([str(problem)])
        typer.echo(f"Campaigns of {by.workspace.name} are paid from its balance.")


@group.command()
def off(workspace: Slug = "") -> None:
    """Let campaigns cost nothing any more. The balance and its ledger stay."""
    session.quiet()
    with session.opened():
        from clarion.workspaces.money import operations

        by = _by(workspace)
        operations.switch_off(by=by)
        typer.echo(f"Campaigns of {by.workspace.name} cost nothing.")


@group.command(name="top-up")
def top_up(amount: Amount, note: Why = "", workspace: Slug = "", as_json: AsJson = False) -> None:
    """Add to the balance. Campaigns that wait for it go on by themselves."""
    _change(workspace, amount, note, as_json=as_json)


@group.command(context_settings={"ignore_unknown_options": True})
def correct(amount: Amount, note: Why = "", workspace: Slug = "", as_json: AsJson = False) -> None:
    """Change the balance up or, with a minus, down. A note is needed."""
    _change(workspace, amount, note, as_json=as_json, is_correction=True)


def _change(slug: str, text: str, note: str, *, as_json: bool, is_correction: bool = False) -> None:
    session.quiet()
    with session.opened():
        from clarion.workspaces.money import amounts, operations
        from clarion.workspaces.money.errors import BalanceTooLow

        by = _by(slug)
        _account(by)
        try:
            if is_correction:
                operations.correct(by=by, amount=amounts.parse_signed(text), note=note)
            else:
                operations.top_up(by=by, amount=amounts.parse(text), note=note)
        except (ValueError, BalanceTooLow) as problem:
            session.refuse([str(problem)])
        _print(by, as_json=as_json)


@group.command()
def warn(
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Such as 50; 0 for no warning.")],
    workspace: Slug = "",
) -> None:
    """Have people told, on every page, when less than this is available."""
    session.quiet()
    with session.opened():
        from clarion.workspaces.money import amounts, operations

        by = _by(workspace)
        _account(by)
        try:
            operations.warn_below(by=by, amount=amounts.parse(amount) or None)
        except ValueError as problem:
            session.refuse([str(problem)])
        typer.echo("set")


@group.command()
def ledger(
    workspace: Slug = "",
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="The newest so many.")] = 30,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all of it as CSV, the oldest first.")] = False,
) -> None:
    """Print the ledger, the newest entry first."""
    session.quiet()
    with session.opened():
        from clarion.workspaces.money import amounts, queries

        account = _account(_by(workspace))
        if as_csv:
            writer = csv.writer(sys.stdout)
            for line in queries.ledger_lines(account):
                writer.writerow(line)
            return
        for one in queries.entries_of(account, limit=limit).rows:
            about = one.campaign_name or one.note
            amount = amounts.told(one.amount, account.currency)
            typer.echo(
                f"{one.number:>6}  {one.at:%Y-%m-%d %H:%M}  {one.kind.lower():<10} {amount:>18}  "
                f"{amounts.told(one.balance, account.currency):>18}  {about}".rstrip()
            )
