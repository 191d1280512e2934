"""`clarion demo …`: the sample data."""

import typer

from clarion.cli import session

group = typer.Typer(no_args_is_help=True, help="Load or remove the sample data of the first start.")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="demo")


@group.command()
def load() -> None:
    """Make the demo workspace unless it is there; the first administrator becomes its owner."""
    session.quiet()
    with session.opened():
        from clarion.runtime import demo
        from clarion.workspaces.models import User

        workspace = demo.load(User.objects.filter(is_superuser=True).order_by("pk").first())
        typer.echo(f"The demo is in the workspace {workspace.slug}.")


@group.command()
def remove() -> None:
    """Remove the demo workspace with all that is in it."""
    session.quiet()
    with session.opened():
        from clarion.runtime import demo
        from clarion.workspaces import actors
        from clarion.workspaces.models import Workspace

        found = list(Workspace.objects.filter(is_demo=True))
        if not found:
            typer.echo("There is no demo.")
        for workspace in found:
            try:
                gone = demo.remove(actors.operator(workspace))
            except demo.StillSending:
                typer.echo("Messages of the demo are still under way; try again in a moment.", err=True)
                raise typer.Exit(1) from None
            typer.echo(
                f"Removed the workspace {workspace.slug}: {gone.contacts:,} contacts, {gone.templates:,} templates,"
                f" {gone.campaigns:,} campaigns with {gone.recipients:,} recipients."
            )
