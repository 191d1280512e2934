"""The command that returned mails are read by, from a mail server's pipe or out of a mailbox: bounce."""

import sys
from pathlib import Path
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
    mailbox: Annotated[
        str,
        typer.Option(
            metavar="URL", help="Read all unseen mails of this mailbox instead: imaps://user@host/INBOX."
        ),
    ] = "",
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The mailbox's password, on the first line.")
    ] = None,
    delete: Annotated[
        bool,
        typer.Option("--delete", help="Delete the mails that were read instead of marking them as seen."),
    ] = False,
) -> None:
    """Read one returned mail from standard input: a delivery report or a complaint about a mail of ours.

    For a mail server's pipe. A mail that is neither is dropped without an error, so that nothing bounces back. With
    `--mailbox` it reads a mailbox by IMAP, for a timer to call: mails are marked after they were taken in.
    """
    if mailbox:
        _from_mailbox(mailbox, password_file, delete=delete)
        return
    octets = sys.stdin.buffer.read(MOST_OCTETS)
    with bootstrap.database():
        from clarion.runtime import receipts

        count = receipts.take_mail(octets, envelope_to=to)
    typer.echo(_told(count), err=True)


def _from_mailbox(url: str, password_file: Path | None, *, delete: bool) -> None:
    from clarion.lib.mailbox import Mailbox, MailboxUnreadable

    try:
        place = Mailbox.of(url)
        if password_file is None:
            raise MailboxUnreadable("Name the file with the mailbox's password: --password-file.")
        password = password_file.read_text().partition("\n")[0]
        with bootstrap.database():
            from clarion.runtime import receipts

            mails, count = place.read(password, receipts.take_mail, delete=delete)
    except (MailboxUnreadable, OSError, UnicodeDecodeError) as problem:
        typer.echo(f"clarion bounce: {problem}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{mails} mails, {_told(count)}" if mails != 1 else f"1 mail, {_told(count)}", err=True)


def _told(count: int) -> str:
    return f"{count} receipts" if count != 1 else "1 receipt"
