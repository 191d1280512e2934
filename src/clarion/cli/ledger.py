"""Commands that prove the records: check-ledger."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import bootstrap

if TYPE_CHECKING:
    from clarion.deliveries.ledger import LedgerReport
    from clarion.deliveries.money.checking import AccountReport

#: Something in a ledger is off.
OFF = 3


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(name="check-ledger")(check_ledger)


def check_ledger(
    run: Annotated[int | None, typer.Option("--run", metavar="ID", help="Check this run only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count every run again from its rows and compare with its counters, and every account. Changes nothing.

    Exit codes: 0 all is right; 2 no such run; 3 something is off.
    """
    with bootstrap.database():
        from clarion.deliveries import ledger
        from clarion.deliveries.models import Run
        from clarion.deliveries.money import checking
        from clarion.workspaces.connections import snapshot
        from clarion.workspaces.models import Account

        runs = Run.objects.order_by("pk")
        if run is not None:
            runs = runs.filter(pk=run)
            if not runs.exists():
                typer.echo(f"There is no run {run}.", err=True)
                raise typer.Exit(2)
        reports = []
        for one in runs.iterator(chunk_size=200):
            reports.append(ledger.check(one))
            if not as_json:
                _print(reports[-1])
        accounts = []
        for account in Account.objects.order_by("pk") if run is None else []:
            with snapshot():
                accounts.append(checking.check_account(account))
            if not as_json:
                _print_account(accounts[-1])
    right = all(one.is_right for one in reports) and all(one.is_right for one in accounts)
    if as_json:
        found = {"right": right, "runs": [_as_json(report) for report in reports]}
        typer.echo(json.dumps(found | {"accounts": [_account_as_json(report) for report in accounts]}))
    elif not reports:
        typer.echo("There are no runs yet.")
    if not right:
        raise typer.Exit(OFF)


def _print(report: "LedgerReport") -> None:
    told = "right" if report.is_right else f"{len(report.findings)} problem(s)"
    typer.echo(f"run {report.run_id}: {report.total} people, {told}")
    for finding in report.findings:
        where = f" (such as {', '.join(map(str, finding.ids))})" if finding.ids else ""
        typer.echo(f"  {finding.rule}: {finding.sentence}{where}")
        typer.echo(f"    expected {finding.expected}, found {finding.found}")


def _print_account(report: "AccountReport") -> None:
    from clarion.workspaces.money import amounts

    told = "right" if report.is_right else f"{len(report.findings)} problem(s)"
    balance = amounts.told(report.balance, report.currency)
    typer.echo(f"account of {report.workspace}: {balance} after {report.entries} entries, {told}")
    for rule, sentence, expected, found in report.findings:
        typer.echo(f"  {rule}: {sentence}")
        typer.echo(f"    expected {expected}, found {found}")


def _account_as_json(report: "AccountReport") -> dict[str, Any]:
    return {
        "workspace": report.workspace,
        "currency": report.currency,
        "right": report.is_right,
        "balance": report.balance,
        "reserved": report.reserved,
        "entries": report.entries,
        "problems": [
            {"rule": rule, "sentence": sentence, "expected": expected, "found": found}
            for rule, sentence, expected, found in report.findings
        ],
    }


def _as_json(report: "LedgerReport") -> dict[str, Any]:
    return {
        "run": report.run_id,
        "number": report.number,
        "campaign": report.campaign,
        "right": report.is_right,
        "total": report.total,
        "persons": report.persons,
        "seconds": report.seconds,
        "problems": [
            {
                "rule": finding.rule,
                "sentence": finding.sentence,
                "expected": finding.expected,
                "found": finding.found,
                "ids": list(finding.ids),
            }
            for finding in report.findings
        ],
    }
