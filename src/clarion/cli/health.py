"""Commands that tell whether all is well: check, doctor."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from clarion.cli import bootstrap

if TYPE_CHECKING:
    from clarion.runtime.doctor import Finding


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(check)
    app.command()(doctor)


def check(
    migrations: Annotated[
        bool, typer.Option("--migrations", help="Also that no migration is missing.")
    ] = False,
    templates: Annotated[
        bool, typer.Option("--templates", help="Also that every template compiles.")
    ] = False,
) -> None:
    """Check the settings and the program without touching the database. Exit code 1 on an error."""
    bootstrap.django()
    from django.core.management import CommandError, call_command

    try:
        call_command("check")
    except CommandError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    if migrations:
        _check_migrations()
    if templates:
        _check_templates()


def _check_migrations() -> None:
    from clarion.runtime import migration_check

    if missing := migration_check.missing():
        typer.echo("Models changed without a migration: " + ", ".join(missing), err=True)
        raise typer.Exit(1)


def _check_templates() -> None:
    from clarion.runtime import template_check

    problems = template_check.problems()
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as one JSON object.")] = False,
) -> None:
    """Examine what Clarion depends on: versions, database, clock, disk, workers, mail domains, senders' credentials.

    Signs in with each sender's provider, and sends nothing. Exit code 1 when something is bad; a sender that is not
    taken is a warning.
    """
    with bootstrap.database():
        from clarion.runtime.doctor import Verdict, examine, worst

        findings = []
        for finding in examine():
            findings.append(finding)
            if not as_json:
                _print(finding)
        verdict = worst(findings)
        if as_json:
            rows = [
                {"subject": row.subject, "verdict": row.verdict, "seen": row.seen, "cure": row.cure}
                for row in findings
            ]
            typer.echo(json.dumps({"verdict": verdict, "findings": rows}, ensure_ascii=False))
        if verdict is Verdict.BAD:
            raise typer.Exit(1)


def _print(finding: "Finding") -> None:
    mark = {"good": "ok", "unseen": "?", "warning": "warning", "bad": "BAD"}[finding.verdict]
    typer.echo(f"{mark:8} {finding.subject}: {finding.seen}")
    if finding.cure:
        typer.echo(f"{'':8} → {finding.cure}")
