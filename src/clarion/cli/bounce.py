"""The command that a mail server hands returned mails to: bounce."""

import sys
from typing import Annotated

import typer

from clarion.cli import bootstrap

#: Octets of a mail that are read; the report stands at its beginning.
MOST_OCTETS = 1_000_000


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(bounce)


def bounce(
    to: Annotated[str, typer.Option("--to", help="The address that the mail was delivered to.")] = "",
) -> None:
    """Read one returned mail from standard input: a delivery report or a complaint about a mail of ours.

    For a mail server's pipe. A mail that is neither is dropped without an error, so that nothing bounces back.
    """
    octets = sys.stdin.buffer.read(MOST_OCTETS)
    with bootstrap.database():
        from clarion.runtime import receipts

        count = receipts.take_mail(octets, envelope_to=to)
    typer.echo(f"{count} receipts" if count != 1 else "1 receipt", err=True)
