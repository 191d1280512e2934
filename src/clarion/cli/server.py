"""Commands that run the installation: version, migrate."""

import typer

from clarion.cli import bootstrap


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(version)
    app.command()(migrate)


def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("clarion"))


def migrate() -> None:
    """Bring the database's tables up to this version. Safe to repeat."""
    with bootstrap.database():
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=1)
