"""`clarion --server URL one-off …`: a message to one person without a campaign."""

from pathlib import Path
from typing import Annotated, Any

import typer

from clarion.cli.one_off import body_of, line, values_of
from clarion.cli.options import AsJson, Reason
from clarion.cli.remote import Limit, asked, one_of, pages, refuse, tell

group = typer.Typer(no_args_is_help=True, help="One-offs: a message to one person without a campaign.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The one-off's id, or its beginning.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="one-off")


@group.command()
def send(
    sender: Annotated[str, typer.Option(metavar="NAME", help="A sender that the server has, by its name.")],
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="A mail address, a phone number …")] = "",
    contact: Annotated[str, typer.Option(metavar="ID", help="In place of --to a contact, by its id.")] = "",
    text: Annotated[Path | None, typer.Option(metavar="FILE", help="The message as plain text.")] = None,
    subject: Annotated[str, typer.Option(help="Of a mail.")] = "",
    template: Annotated[
        str, typer.Option(metavar="NAME", help="In place of --text a template, in its latest version.")
    ] = "",
    value: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What the message to --to uses of its person; repeatable."),
    ] = None,
    at: Annotated[str, typer.Option(metavar="WHEN", help="2027-03-01T09:00+01:00; without it now.")] = "",
    zone: Annotated[str, typer.Option(metavar="NAME", help="Such as Europe/Berlin.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send a message to one person, now or at a time. Where the workspace moderates, it waits for a moderator."""
    body = body_of(text, subject)
    person: dict[str, Any] = {"contact": contact} if contact else {"address": to}
    said: dict[str, Any] = {
        "sender": one_of("/senders", sender, "sender")["id"],
        "to": person | {"values": values_of(value or [])},
        "zone": zone,
    }
    said |= {"template": one_of("/templates", template, "template")["id"]} if template else {"body": body}
    said |= {"starts_at": at} if at else {}
    tell(asked("POST", "/one-offs", said), line, as_json=as_json)


@group.command(name="list")
def list_(
    state: Annotated[str, typer.Option(metavar="STATE", help="In this state only, such as failed.")] = "",
    channel: Annotated[str, typer.Option(metavar="CHANNEL", help="email, sms, …")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List one-offs, the newest first."""
    tell(list(pages("/one-offs", limit, state=state.lower(), channel=channel)), line, as_json=as_json)


@group.command()
def show(id_: Id, as_json: AsJson = False) -> None:
    """Show a one-off and what became of its message."""
    tell(asked("GET", f"/one-offs/{_id(id_)}"), line, as_json=as_json)


@group.command()
def cancel(id_: Id, reason: Reason = "", as_json: AsJson = False) -> None:
    """Cancel a one-off that has not been sent yet."""
    found = asked("POST", f"/one-offs/{_id(id_)}/actions/cancel", {"reason": reason})
    tell(found, line, as_json=as_json)


def _id(words: str) -> str:
    """Return the id of the one-off that begins so. Ends the command when it is none, or several."""
    found = [one for one in pages("/one-offs", 200, q=words) if one["id"].startswith(words.lower())]
    if len(found) != 1:
        refuse(f"{len(found)} one-offs have an id that begins with {words!r}.")
    return str(found[0]["id"])
