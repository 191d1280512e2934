"""`clarion run …`: what a run has come to."""

from typing import Annotated

import typer

from clarion.cli import session, told

group = typer.Typer(no_args_is_help=True, help="See runs.")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="run")


@group.callback()
def _group() -> None:
    """See runs."""


@group.command()
def show(
    id_: Annotated[
        str, typer.Argument(metavar="ID", help="A run's number, or a campaign's id for its latest run.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show a run: its totals, who was left out and why, and what went wrong."""
    session.quiet()
    with session.opened():
        one = session.run(id_)
        facts = told.run(one)
        if as_json:
            told.dump(facts)
            return
        typer.echo(f"run {one.pk} (number {one.number}) of {one.campaign.name}: {facts['status']}")
        typer.echo(f"  {told.counts_in_words(one)}")
        for name, count in facts["waterfall"].items():
            if count:
                typer.echo(f"  left out, {name.replace('_', ' ')}: {count:,}")
        for problem in facts["problems"]:
            typer.echo(f"  {problem['count']:,} {problem['stage']}: {problem['sentence']}")
            for code in problem["codes"]:
                typer.echo(f"    {code['count']:,} × {code['code'] or 'no code'} {code['sample']}".rstrip())
