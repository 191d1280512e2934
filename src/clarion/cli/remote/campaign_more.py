"""`clarion --server URL campaign …`: what moderators do, dates, speed, links, people pushed, what came of it."""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from clarion.cli.options import AsJson, Note, Reason, Yes
from clarion.cli.remote import Id, asked, campaign_id, pages, refuse, sure
from clarion.cli.remote.campaigns import show_one

Digest = Annotated[
    str, typer.Option(metavar="SHA256", help="Refuse unless the campaign is still what this digest says.")
]
#: People of one call.
_AT_ONCE = 1_000


def register(group: typer.Typer) -> None:
    """Add the commands to `campaign`."""
    for one in (
        approve,
        release,
        schedule,
        edit,
        delete,
        purge,
        runs,
        speed,
        links,
        refresh,
        push,
        analytics,
    ):
        group.command()(one)


def _decide(id_: str, verb: str, said: dict[str, Any], digest: str, as_json: bool) -> None:
    whose = campaign_id(id_)
    seen = digest or asked("GET", f"/campaigns/{whose}")["digest"]
    show_one(asked("POST", f"/campaigns/{whose}/actions/{verb}", said | {"digest": seen}), as_json)


def approve(
    id_: Id,
    note: Note = "",
    canary: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=99, help="Only the first N per cent, until they are released."),
    ] = None,
    digest: Digest = "",
    as_json: AsJson = False,
) -> None:
    """Approve a submitted campaign as it is; it then starts, waits for its time, or is ready."""
    _decide(id_, "approve", {"reason": note, "canary_percent": canary}, digest, as_json)


def release(id_: Id, note: Note = "", digest: Digest = "", as_json: AsJson = False) -> None:
    """Let the rest of a campaign go of which only a first part was approved."""
    _decide(id_, "release", {"reason": note}, digest, as_json)


def schedule(
    id_: Id,
    at: Annotated[
        str, typer.Option(metavar="WHEN", help="Such as 2027-03-01T09:00:00Z; else its own time.")
    ] = "",
    zone: Annotated[str, typer.Option(metavar="NAME", help="Such as Europe/Berlin.")] = "",
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Let a campaign start by itself when its time comes."""
    said = {"reason": reason, "starts_at": at or None, "zone": zone}
    show_one(asked("POST", f"/campaigns/{campaign_id(id_)}/actions/schedule", said), as_json)


def edit(id_: Id, reason: Reason = "", as_json: AsJson = False) -> None:
    """Make a ready, scheduled, stopped or failed campaign a draft again, so that it can be changed."""
    show_one(asked("POST", f"/campaigns/{campaign_id(id_)}/actions/edit", {"reason": reason}), as_json)


def delete(id_: Id, yes: Yes = False) -> None:
    """Remove a campaign for good that was never started."""
    sure(yes, "delete a campaign")
    asked("DELETE", f"/campaigns/{campaign_id(id_)}")


def purge(id_: Id, yes: Yes = False) -> None:
    """Remove an archived campaign for good, with the record of every message."""
    sure(yes, "purge a campaign")
    asked("DELETE", f"/campaigns/{campaign_id(id_)}?purge=true")


def runs(id_: Id, as_json: AsJson = False) -> None:
    """List a campaign's runs, the newest first."""
    found = list(pages(f"/campaigns/{campaign_id(id_)}/runs", 1_000))
    if as_json:
        typer.echo(json.dumps(found))
        return
    for one in found:
        typer.echo(f"{one['number']:>6}  {one['created_at'][:16]}  {one['sent']:,} of {one['total']:,} sent")


def speed(
    id_: Id,
    rate: Annotated[
        float | None, typer.Option(metavar="N", help="At most so many messages a second; 0 for no limit.")
    ] = None,
    delay: Annotated[
        str | None,
        typer.Option(metavar="SECONDS", help="Between two people: 5, or 5-20 for random; 0 for none."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change how fast a campaign on its way sends; it holds within a second."""
    whose = campaign_id(id_)
    now = asked("GET", f"/campaigns/{whose}")
    low, high = now["delay_min"], now["delay_max"]
    if delay is not None:
        first, _dash, last = delay.partition("-")
        try:
            low, high = float(first), float(last or first)
        except ValueError:
            refuse("--delay: seconds such as 5, or two with a dash such as 5-20.")
    limit = now["rate_limit"] if rate is None else rate or None
    said = {"rate_limit": limit, "delay_min": low, "delay_max": high}
    show_one(asked("PUT", f"/campaigns/{whose}/speed", said), as_json)


def links(
    id_: Id,
    on: Annotated[bool, typer.Option("--on/--off", help="Whether they lead to their targets.")] = True,
    as_json: AsJson = False,
) -> None:
    """Switch the followed links of all messages of a campaign off, or on again."""
    show_one(asked("PUT", f"/campaigns/{campaign_id(id_)}/links", {"on": on}), as_json)


def refresh(
    id_: Id,
    apply: Annotated[bool, typer.Option("--apply", help="Change the run; without it only tell.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read a draft's or a paused campaign's audience anew: who was added, removed or changed.

    Waits where very many people are compared in the background.
    """
    query = "" if apply else "?dry_run=true"
    path = f"/campaigns/{campaign_id(id_)}/refresh"
    found = asked("POST", f"{path}{query}")
    while found.get("status") in ("QUEUED", "RUNNING"):
        time.sleep(1)
        found = asked("GET", path)
    if "status" in found:
        if found["failure"]:
            typer.echo(found["failure"], err=True)
            raise typer.Exit(1)
        found = found["result"]
    if as_json:
        typer.echo(json.dumps(found | {"applied": apply}))
        return
    typer.echo(
        f"{found['added']:,} added, {found['removed']:,} removed, {found['changed']:,} changed."
        f" People: {found['now']:,} now."
    )


def push(
    id_: Id,
    key: Annotated[str, typer.Option(metavar="K", help="Yours for this message: pushed again, nothing happens.")] = "",
    address: Annotated[str, typer.Option(metavar="A", help="Whom it is for.")] = "",
    var: Annotated[
        list[str] | None,
        typer.Option("--var", metavar="NAME=VALUE", help="A variable of the message; repeatable."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False,
            help='Many at once: an object {"key", "address", "variables"} a line.',
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Push people to a triggered campaign that is on its way; each gets one message."""
    if (file is None) == (not key):
        refuse("Give --key with --address, or --file.")
    if file is None:
        people = [
            {"key": key, "address": address, "variables": dict(pair.split("=", 1) for pair in _pairs(var))}
        ]
    else:
        people = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    whose, found = campaign_id(id_), []
    for start in range(0, len(people), _AT_ONCE):
        said = {"people": people[start : start + _AT_ONCE]}
        found += asked("POST", f"/campaigns/{whose}/people", said)["people"]
    if as_json:
        typer.echo(json.dumps(found))
        return
    fresh = sum(one["new"] and not one["skip"] for one in found)
    typer.echo(f"{fresh:,} pushed, {len(found) - fresh:,} were before or get nothing.")


def _pairs(given: list[str] | None) -> list[str]:
    for one in given or []:
        if "=" not in one:
            refuse(f"--var {one}: write NAME=VALUE.")
    return given or []


def analytics(id_: Id, as_json: AsJson = False) -> None:
    """Show what came of the latest run's messages: deliveries, opens, clicks, replies, and its links."""
    found = asked("GET", f"/campaigns/{campaign_id(id_)}/analytics")
    if as_json:
        typer.echo(json.dumps(found))
        return
    for one in found["steps"]:
        told = [f"{name} {one[name]:,}" for name in ("accepted", "delivered", "opened", "clicked", "replied")
                if one[name] is not None]  # fmt: skip
        typer.echo(f"{one['channel']}: {', '.join(told)}")
    for one in found["links"]:
        typer.echo(f"{one['people']:>9,}  {one['clicks']:>9,}  {one['target']}")
