"""`clarion --server URL campaign …`, `run`, `deliveries` and `send`."""

import csv
import json
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from clarion.cli.options import AsJson, Reason
from clarion.cli.remote import Id, Limit, asked, campaign_id, pages, refuse

#: Seconds for the reading of uploaded rows.
READING_PATIENCE = 600.0

campaign = typer.Typer(no_args_is_help=True, help="See campaigns and change their state.")
run = typer.Typer(no_args_is_help=True, help="See runs.")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(campaign, name="campaign")
    app.add_typer(run, name="run")
    app.command()(deliveries)
    app.command()(send)


def show_one(one: dict[str, Any], as_json: bool) -> None:
    """Print a campaign."""
    if as_json:
        typer.echo(json.dumps(one))
        return
    progress = one["progress"] or {}
    sent = f"{progress['sent']:,} of {progress['target']:,} sent, " if progress else ""
    reason = f" ({one['reason']})" if one["reason"] else ""
    typer.echo(f"{one['id'][:8]}  {one['status']}{reason}  {sent}{one['name']}")


@campaign.command(name="list")
def list_(
    status: Annotated[str, typer.Option(metavar="STATUS", help="In this state only.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List campaigns, the newest first."""
    found = list(pages("/campaigns", limit, status=status.lower()))
    if as_json:
        typer.echo(json.dumps(found))
        return
    for one in found:
        show_one(one, as_json=False)


@campaign.command()
def show(id_: Id, as_json: AsJson = False) -> None:
    """Show a campaign."""
    show_one(asked("GET", f"/campaigns/{campaign_id(id_)}"), as_json)


@campaign.command()
def why(id_: Id, as_json: AsJson = False) -> None:
    """Say why a campaign is not moving."""
    found = asked("GET", f"/campaigns/{campaign_id(id_)}/why")
    if as_json:
        typer.echo(json.dumps(found))
        return
    for cause in found["causes"]:
        typer.echo(f"{cause['count']:>9,}  {cause['title']}\n{'':11}{cause['cure']}")
    if not found["causes"]:
        typer.echo("Nothing holds it.")


def _action(name: str) -> None:
    def act(id_: Id, reason: Reason = "", as_json: AsJson = False) -> None:
        show_one(asked("POST", f"/campaigns/{campaign_id(id_)}/actions/{name}", {"reason": reason}), as_json)

    campaign.command(name=name, help=f"{name.capitalize()} a campaign.")(act)


for _name in ("start", "pause", "continue", "stop", "cancel", "submit", "withdraw", "reject", "retry", "duplicate",
              "archive", "restore"):  # fmt: skip
    _action(_name)


@run.command(name="show")
def show_run(
    id_: Id, number: Annotated[int | None, typer.Option(metavar="N", help="Without it the latest.")] = None
) -> None:
    """Show a run with its totals, channels and problems, as JSON."""
    whose = campaign_id(id_)
    if number is None:
        latest = next(pages(f"/campaigns/{whose}/runs", 1), None)
        if latest is None:
            refuse("The campaign was not started yet, so it has no run.")
        number = latest["number"]
    typer.echo(json.dumps(asked("GET", f"/campaigns/{whose}/runs/{number}")))


def deliveries(
    id_: Id,
    status: Annotated[str, typer.Option(metavar="STATUS", help="sent, failed, unknown, pending …")] = "",
    limit: Limit = 1_000_000_000,
    as_json: AsJson = False,
) -> None:
    """List what became of each person of the latest run."""
    for one in pages(f"/campaigns/{campaign_id(id_)}/deliveries", limit, status=status.lower()):
        if as_json:
            typer.echo(json.dumps(one))
        else:
            why_ = [message["reason"] or "" for message in one["messages"]]
            typer.echo("\t".join([str(one["recipient"]), one["status"], one["address"], *filter(None, why_)]))


def send(
    name: Annotated[str, typer.Option(help="The campaign's name.")],
    sender: Annotated[str, typer.Option(metavar="NAME", help="A sender that the server has, by its name.")],
    csv_: Annotated[
        Path,
        typer.Option("--csv", metavar="FILE", exists=True, dir_okay=False, help="Who gets it, in UTF-8."),
    ],
    text: Annotated[
        Path, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="The message as plain text.")
    ],
    subject: Annotated[str, typer.Option(help="Of a mail.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send a campaign to everyone in a CSV file: uploads it, makes the campaign and starts it."""
    ways = [one for one in pages("/senders", 1_000, q=sender) if one["name"] == sender]
    if not ways:
        refuse(f"--sender: there is no sender {sender!r}.")
    channel = ways[0]["channel"]
    with csv_.open(newline="", encoding="utf-8-sig") as file:
        rows = b"".join(json.dumps(row).encode() + b"\n" for row in csv.DictReader(file))
    query = urlencode({"channel": channel, "name": csv_.stem[:100]})
    source = asked("POST", f"/sources?{query}", rows=rows)
    _await(source["id"])
    body = {"mode": "text", "source": text.read_text(encoding="utf-8"), "subject": subject}
    step = {"channel": channel, "sender": ways[0]["id"], "body": body}
    made = asked("POST", "/campaigns", {"name": name, "audience": {"source": source["id"]}, "steps": [step]})
    show_one(asked("POST", f"/campaigns/{made['id']}/actions/start", {}), as_json)


def _await(source: str) -> None:
    """Wait until the rows are read. Ends the command when they cannot be."""
    until = time.monotonic() + READING_PATIENCE
    while (seen := asked("GET", f"/sources/{source}"))["status"] in ("waiting", "reading"):
        if time.monotonic() > until:
            refuse("The server takes too long to read the rows; nothing was started.")
        time.sleep(0.5)
    if seen["status"] == "failed":
        refuse(str(seen["failure"]))
