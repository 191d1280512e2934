"""`clarion mail …`: the system sender, by which Clarion itself writes to its people."""

from typing import Annotated

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson

group = typer.Typer(
    no_args_is_help=True, help="The system sender, by which Clarion itself writes to its people."
)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="mail")


@group.command()
def show(as_json: AsJson = False) -> None:
    """Say by what Clarion writes, and whether its mails go out. Exit code 1 when they do not."""
    session.quiet()
    with session.opened():
        from clarion.senders.system import queries

        state = queries.state()
        row = state.row
        sender = str(row.sender.public_id) if row is not None and row.sender is not None else None
        server = row.config.get("host") if row is not None and row.sender is None else None
    facts = {"sender": sender, "server": server, "from": state.from_address, "waiting": state.waiting}
    if as_json:
        told.dump(facts | {"problem": state.problem})
    elif row is None:
        typer.echo("Clarion writes to nobody: no system sender is chosen.")
    else:
        typer.echo(f"{sender or server}\tfrom {state.from_address}\t{state.waiting} waiting")
        if state.problem:
            typer.echo(state.problem, err=True)
    if row is None or state.problem:
        raise typer.Exit(1)


@group.command()
def use(
    sender: Annotated[
        str, typer.Argument(metavar="SENDER", help="A mail sender: its id, or the beginning of it.")
    ],
) -> None:
    """Write by one of the mail senders, once its server takes the credentials."""
    session.quiet()
    with session.opened():
        from clarion.senders.system import operations, queries
        from clarion.senders.system.errors import SystemSenderRefused

        found = [one for one in queries.all_choices() if str(one.public_id).startswith(sender.lower())]
        if len(found) != 1:
            known = "".join(
                f"\n  {one.public_id}  {one.workspace.slug}: {one.name}" for one in queries.all_choices()
            )
            session.refuse([f"No one mail sender begins with {sender!r}. There are:{known or ' none'}"])
        try:
            operations.choose_sender(by=None, sender=found[0])
        except SystemSenderRefused as refusal:
            session.refuse([str(refusal)])


@group.command()
def server(
    url: Annotated[
        str,
        typer.Option("--url", metavar="URL", help="Such as smtp+starttls://user:password@mail.example.org."),
    ],
    sender: Annotated[
        str, typer.Option("--from", metavar="ADDRESS", help="Such as “Clarion <clarion@example.org>”.")
    ],
) -> None:
    """Write by a mail server of its own, once it takes the credentials."""
    session.quiet()
    with session.opened():
        from clarion.channels import registry
        from clarion.channels.base import ConfigInvalid
        from clarion.senders.system import operations
        from clarion.senders.system.errors import SystemSenderRefused

        try:
            config = registry.get(operations.CHANNEL).config_from_url(url, sender)
            operations.use_server(by=None, config=config)
        except ConfigInvalid as invalid:
            session.refuse([f"{name}: {sentence}" for name, sentence in invalid.problems.items()])
        except SystemSenderRefused as refusal:
            session.refuse([str(refusal)])


@group.command()
def test(to: Annotated[str, typer.Argument(metavar="EMAIL", help="Where to.")]) -> None:
    """Write a test mail now, and say what the mail server answered. Exit code 1 when it was not taken."""
    session.quiet()
    with session.opened():
        from clarion.senders.system import operations
        from clarion.senders.system.errors import SystemSenderUnusable

        text = "This is a test of Clarion’s system sender. It works."
        try:
            outcome = operations.send_test(by=None, to=to, subject="Test mail", text=text)
            problem = operations.sentence_of(outcome)
        except SystemSenderUnusable as unusable:
            problem = str(unusable)
    if problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1)
    typer.echo("The mail server took it.")


@group.command()
def off() -> None:
    """Write to nobody any more; letters that wait are given up."""
    session.quiet()
    with session.opened():
        from clarion.senders.system import operations

        operations.use_none(by=None)
