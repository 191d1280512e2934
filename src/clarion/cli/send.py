"""`clarion send`: a campaign from a file, in one command."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clarion.cli import bootstrap, following, session

if TYPE_CHECKING:
    from clarion.runtime.orders import Checked, Order
    from clarion.runtime.watching import Snapshot


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(send)


def send(
    name: Annotated[str, typer.Option(help="The campaign's name.")] = "",
    channel: Annotated[
        str, typer.Option(help="email, sms, voice, telegram, webpush, or sandbox: nothing leaves.")
    ] = "email",
    sender_url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="The account to send with: smtp://user:password@host:port, smtp+starttls:// or smtps://; "
            "for SMS smpp:// or smpps://user:password@host:port?source=Shop. "
            "Settings may follow: ?connections=20&command_timeout=30.",
        ),
    ] = "",
    from_: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="Shop <shop@example.com>.")] = "",
    subject: Annotated[str, typer.Option(help="May hold variables: Hello {{ first_name }}.")] = "",
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="The message as HTML.")] = None,
    mjml: Annotated[Path | None, typer.Option(metavar="FILE", help="The message as MJML.")] = None,
    text: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The message as plain text, alone or beside HTML or MJML."),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Who gets it, as CSV, XLSX or ODS: a column with the addresses; the others are variables.",
        ),
    ] = None,
    sheet_url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Who gets it, as a spreadsheet on the web (CSV, XLSX, ODS or a shared Google sheet) that is read "
            "when it is sent.",
        ),
    ] = "",
    watch: Annotated[
        str,
        typer.Option(
            metavar="PATH",
            help="Who gets it, as a file in a folder of CLARION_WATCH_FOLDERS that is read when it is sent.",
        ),
    ] = "",
    address: Annotated[
        str, typer.Option(metavar="COLUMN", help="The column with the addresses, where it is not plain.")
    ] = "",
    sheet: Annotated[
        str, typer.Option(metavar="NAME", help="The sheet of a spreadsheet; without it the first with data.")
    ] = "",
    rate: Annotated[
        float | None, typer.Option(metavar="N", help="At most so many messages a second.")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="What the channel's messages have beside a text, such as retries=2 of a call; repeatable.",
        ),
    ] = None,
    reply_to: Annotated[str, typer.Option(metavar="ADDRESS", help="Where answers go.")] = "",
    cascade: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A TOML file with further channels, each a [[step]] with channel, sender_url, from, subject, text, "
            "html or mjml; tier = 0 goes together with the first channel, others only where those before failed. "
            "receipt_wait = 30 at its head falls back too when no delivery receipt came within so many minutes.",
        ),
    ] = None,
    workspace: Annotated[
        str, typer.Option(metavar="SLUG", help="The workspace; without it the first one.")
    ] = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end also when a server sends it.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as one JSON object.")] = False,
) -> None:
    """Send a campaign to everyone in a CSV, XLSX or ODS file, or in a live spreadsheet.

    Makes what is missing: the workspace, the sender, the source, the campaign. Where a server runs (`clarion up`),
    it sends; else this command does, until all is done, and Ctrl-C pauses.

    Exit codes: 0 completed, or started without --wait; 2 bad input, nothing was started; 3 ended otherwise, or
    paused because the sender was refused; 130 interrupted.
    """
    session.quiet()
    bootstrap.django()
    from clarion.runtime import orders

    order = orders.Order(
        name=name, channel=channel, sender_url=sender_url, sender=from_, subject=subject, html=html, mjml=mjml,
        text=text, csv=csv, rate=rate, reply_to=reply_to, address=address,
        sheet=sheet, sheet_url=sheet_url, watch=watch, cascade=cascade, fields=tuple(field or ()),
    )  # fmt: skip
    checked = _checked(order)
    with session.opened(), following.Follower() as follower:
        seen = _sent(checked, follower, workspace, waits=wait)
    following.finish(follower, seen, as_json=as_json)


def _checked(order: "Order") -> "Checked":
    from clarion.runtime import orders

    try:
        return orders.check(order)
    except orders.OrderInvalid as invalid:
        session.refuse(invalid.problems)


def _sent(checked: "Checked", follower: following.Follower, workspace: str, *, waits: bool) -> "Snapshot":
    from clarion.runtime import orders
    from clarion.workspaces import actors

    by = actors.operator(session.workspace(workspace))
    follower.prepare()
    try:
        campaign = orders.place(checked, by=by, progress=follower.display.reading)
    except orders.OrderInvalid as invalid:
        session.refuse(invalid.problems)
    except KeyboardInterrupt:
        follower.display.note("Interrupted; nothing was started.")
        raise typer.Exit(session.INTERRUPTED) from None
    return follower.follow(campaign, waits=waits)
