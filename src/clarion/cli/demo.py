"""`clarion demo …`: the sample data."""

from typing import Annotated

import typer

from clarion.cli import session

group = typer.Typer(no_args_is_help=True, help="Load or remove the sample data of the first start.")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="demo")


@group.command()
def load(
    large: Annotated[
        bool, typer.Option("--large", help="Make a further workspace with generated campaigns and messages.")
    ] = False,
    campaigns: Annotated[
        int, typer.Option(min=1, max=100_000, help="With --large: so many campaigns.")
    ] = 1_000,
    deliveries: Annotated[
        int, typer.Option(min=1, max=1_000_000_000, help="With --large: about so many messages in all.")
    ] = 10_000_000,
    contacts: Annotated[
        int, typer.Option(min=1, max=100_000_000, help="With --large: so many contacts.")
    ] = 100_000,
) -> None:
    """Make the demo workspace unless it is there; the first administrator becomes its owner.

    With --large, make one to measure with: nothing in it was ever sent, and ten million messages take about
    four gigabytes and ten minutes.
    """
    session.quiet()
    with session.opened():
        from clarion.runtime import demo
        from clarion.workspaces.models import User

        owner = User.objects.filter(is_superuser=True).order_by("pk").first()
        if large:
            size = demo.Size(campaigns=campaigns, deliveries=deliveries, contacts=contacts)
            workspace = demo.load_large(owner, size, _tell)
        else:
            workspace = demo.load(owner)
        typer.echo(f"The demo is in the workspace {workspace.slug}.")


def _tell(done: int, of: int) -> None:
    if done % 50 == 0 or done == of:
        typer.echo(f"{done:,} of {of:,} runs", err=True)


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
