"""`clarion one-off …`: a message to one person without a campaign, and the history of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson, Reason, Slug

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.one_offs import OneOff
    from clarion.senders.models import Sender

group = typer.Typer(no_args_is_help=True, help="One-offs: a message to one person without a campaign.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The one-off's id, or its beginning.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="one-off")


@group.command()
def send(
    sender: Annotated[str, typer.Option(metavar="NAME", help="The sender, by its name.")],
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="A mail address, a phone number …")] = "",
    contact: Annotated[
        str, typer.Option(metavar="ID", help="In place of --to a contact, by id or address.")
    ] = "",
    text: Annotated[Path | None, typer.Option(metavar="FILE", help="The message as plain text.")] = None,
    subject: Annotated[str, typer.Option(help="Of a mail.")] = "",
    template: Annotated[
        str, typer.Option(metavar="NAME", help="In place of --text a template, in its latest version.")
    ] = "",
    value: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What the message to --to uses of its person; repeatable."),
    ] = None,
    at: Annotated[
        str, typer.Option(metavar="WHEN", help="2027-03-01 09:00, by the clocks of --zone; without it now.")
    ] = "",
    zone: Annotated[str, typer.Option(metavar="NAME", help="Such as Europe/Berlin.")] = "",
    workspace: Slug = "",
    as_json: AsJson = False,
) -> None:
    """Send a message to one person, now or at a time. Where the workspace moderates, it waits for a moderator.

    The server sends it, or whichever sending process runs.

    Exit codes: 0 it is on its way or waits; 2 bad input, nothing was made.
    """
    session.quiet()
    with session.opened():
        from clarion.campaigns import operations
        from clarion.campaigns.errors import CampaignInvalid
        from clarion.cli import contact as contacts
        from clarion.cli import template as templates
        from clarion.cli.timing import moment_of
        from clarion.content import queries as content
        from clarion.workspaces import actors

        home = session.workspace(workspace)
        _choose_one(("--to", to), ("--contact", contact))
        _choose_one(("--text", text), ("--template", template))
        version = content.latest_version(templates.found_by(template, workspace)) if template else None
        try:
            made = operations.send_one_off(
                by=actors.operator(home),
                sender=_sender(home.pk, sender),
                to=operations.Addressee(
                    contact=contacts.found_by(contact, workspace) if contact else None,
                    address=to,
                    values=values_of(value or []),
                ),
                said=operations.Said(template_version=version, body=body_of(text, subject)),
                starts_at=moment_of("--at", at, zone or home.zone),
                zone=zone,
            )
        except CampaignInvalid as invalid:
            session.refuse(invalid.problems)
        _tell(_seen(made), as_json)


@group.command(name="list")
def list_(
    state: Annotated[
        str, typer.Option(metavar="STATE", help="scheduled, sending, sent, failed, unknown, cancelled …")
    ] = "",
    channel: Annotated[str, typer.Option(metavar="CHANNEL", help="email, sms, …")] = "",
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="The newest so many.")] = 50,
    workspace: Slug = "",
    as_json: AsJson = False,
) -> None:
    """List one-offs, the newest first."""
    session.quiet()
    with session.opened():
        from clarion.deliveries import one_offs

        if state and state.lower() not in one_offs.STATES:
            session.refuse([f"--state: choose one of: {', '.join(one_offs.STATES)}."])
        home = session.workspace(workspace)
        rows = one_offs.newest_of(
            home, wanted=one_offs.Wanted(state=state.lower(), channel=channel), limit=limit
        )
        if as_json:
            told.dump([_facts(one) for one in rows])
            return
        for one in rows:
            typer.echo(line(_facts(one)))


@group.command()
def show(id_: Id, workspace: Slug = "", as_json: AsJson = False) -> None:
    """Show a one-off and what became of its message.

    The address is shown whole: whoever runs this command holds the database.
    """
    session.quiet()
    with session.opened():
        _tell(_seen(_found(id_, workspace)), as_json)


@group.command()
def cancel(id_: Id, workspace: Slug = "", reason: Reason = "", as_json: AsJson = False) -> None:
    """Cancel a one-off that has not been sent yet.

    Exit codes: 0 done; 2 there is no such one-off; 3 its state does not allow it.
    """
    session.quiet()
    with session.opened():
        from clarion.campaigns import operations
        from clarion.campaigns.errors import TransitionRefused
        from clarion.workspaces import actors

        found = _found(id_, workspace)
        try:
            operations.cancel(campaign=found, by=actors.operator(found.workspace), reason=reason)
        except TransitionRefused:
            seen = _seen(found)
            typer.echo(f"It is {seen.state} and cannot be cancelled any more.", err=True)
            raise typer.Exit(session.ENDED_OTHERWISE) from None
        found.refresh_from_db()
        _tell(_seen(found), as_json)


def body_of(text: Path | None, subject: str) -> dict[str, Any]:
    """Return the body that a file of plain text is."""
    if text is None:
        return {}
    try:
        words = text.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        session.refuse(
            [f"--text {text}: {getattr(problem, 'strerror', '') or 'the file is not UTF-8 text'}."]
        )
    return {"mode": "text", "subject": subject, "source": words}


def values_of(given: list[str]) -> dict[str, str]:
    """Return {name: value} of what was given as NAME=VALUE."""
    pairs = [one.partition("=") for one in given]
    if bad := [name for name, sign, _value in pairs if not sign or not name]:
        session.refuse([f"--value {one}: write a name, = and a value." for one in bad])
    return {name: value for name, _sign, value in pairs}


def line(one: Mapping[str, Any]) -> str:
    """Return a one-off, as JSON has it, in a line for people."""
    reason = f" ({one['reason']})" if one["reason"] else ""
    return f"{one['id'][:8]}  {one['state']}{reason}  {one['channel']}  {one['to'] or '-'}"


def _choose_one(*options: tuple[str, Any]) -> None:
    if sum(bool(given) for _name, given in options) != 1:
        session.refuse([f"{', '.join(name for name, _given in options)}: give one of them."])


def _sender(workspace_id: int, name: str) -> "Sender":
    from clarion.senders.models import Sender

    found = Sender.objects.filter(workspace_id=workspace_id, name=name).first()
    if found is None:
        names = (
            Sender.objects.filter(workspace_id=workspace_id).order_by("name").values_list("name", flat=True)
        )
        session.refuse(
            [f"--sender: there is no sender {name!r}. There are: {', '.join(names) or 'none yet'}."]
        )
    return found


def _found(words: str, slug: str) -> "Campaign":
    from clarion.campaigns import queries

    found = queries.find_oneoffs(session.workspace(slug), words)
    if len(found) != 1:
        session.refuse([f"There is no one-off {words!r}." if not found else f"Several begin with {words!r}."])
    return found[0]


def _seen(found: "Campaign") -> "OneOff":
    from clarion.deliveries import one_offs

    (row,) = one_offs.rows_of([found])
    return row


def _tell(seen: "OneOff", as_json: bool) -> None:
    facts = _facts(seen)
    if as_json:
        told.dump(facts)
        return
    typer.echo(line(facts))
    for one in facts["attempts"]:
        typer.echo(f"  {one['at'] or ''}  {one['status']}  {one['detail'] or one['code']}".rstrip())


def _facts(seen: "OneOff") -> dict[str, Any]:
    from clarion.deliveries import details

    one = seen.campaign
    whole = details.delivery_details(seen.run, 1) if seen.run is not None else None
    tries = [each for message in whole.messages for each in message.tries] if whole else []
    return {
        "id": str(one.public_id), "state": seen.state, "status": one.status.lower(), "reason": one.status_reason,
        "channel": seen.channel, "sender": seen.sender, "to": one.to_address,
        "author": str(one.created_by) if one.created_by else None, "created_at": told.moment(one.created_at),
        "starts_at": told.moment(one.starts_at), "finished_at": told.moment(one.finished_at),
        "attempts": [
            {"number": each.number, "status": each.stage.name.lower(), "at": told.moment(each.shown_at),
             "code": each.code, "detail": each.detail}
            for each in tries
        ],
    }  # fmt: skip
