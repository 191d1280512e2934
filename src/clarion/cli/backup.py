"""`clarion backup` and `clarion restore`: the whole installation in one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from clarion.cli import bootstrap, session

#: It was refused, or did not work; the reason is said.
FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.")],
) -> None:
    """Write database and uploaded files into one file, also while Clarion runs. The secret key is not in it.

    Whoever has the file has everybody's addresses; credentials are sealed in it with the key, which you keep elsewhere.
    Exit codes: 0 it is written; 1 it is not, and why is said.
    """
    session.quiet()
    with session.opened():
        from clarion.runtime.backup import BackupRefused, write

        try:
            made = write(file)
        except (BackupRefused, OSError) as problem:
            typer.echo(str(problem), err=True)
            raise typer.Exit(FAILED) from None
        from django.conf import settings

        kept = Path(settings.CLARION_HOME) / "secret_key"
    typer.echo(
        f"{made.path}: {made.size / 1_000_000:,.1f} MB, the database and {made.files:,} uploaded files."
    )
    where = str(kept) if kept.exists() else "CLARION_SECRET_KEY"
    typer.echo(f"The secret key ({where}) is not in it: keep that elsewhere.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `clarion backup` has written.")],
    any_key: Annotated[
        bool, typer.Option("--any-key", help="The backup's secret key is lost: type credentials anew.")
    ] = False,
) -> None:
    """Make an installation out of a backup, in an empty home with an empty database, and halt its workspaces.

    What was sent since the backup is not in it and would be sent again: look at the campaigns, then `clarion lift`.
    Exit codes: 0 it is there; 1 it is not, and why is said.
    """
    session.quiet()
    with bootstrap.database():
        from clarion.runtime.backup import BackupRefused
        from clarion.runtime.backup import restore as do
        from clarion.runtime.preparation import DatabaseUnusable

        try:
            done = do(file, any_key=any_key)
        except (BackupRefused, DatabaseUnusable, OSError) as problem:
            typer.echo(str(problem), err=True)
            raise typer.Exit(FAILED) from None
    typer.echo(
        f"Restored the backup of {done.at:%Y-%m-%d %H:%M} UTC: {done.workspaces:,} workspaces, "
        f"{done.campaigns:,} campaigns, {done.files:,} uploaded files."
    )
    typer.echo(
        "Every workspace is halted: what was sent since then would be sent again. "
        "Look at the campaigns, then lift it: clarion lift --workspace SLUG."
    )
