"""`clarion campaign …`: see campaigns and change their state."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import following, session, told
from clarion.cli.options import AsJson, Note, Reason

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.workspaces.actors import Actor

Id = Annotated[
    str, typer.Argument(metavar="ID", help="The campaign's id, or as much of it as makes it unique.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end also when a server sends it.")]
Settle = Annotated[bool, typer.Option("--wait", help="Wait until what is under way is settled.")]

Digest = Annotated[
    str,
    typer.Option(
        metavar="SHA256",
        help="Refuse unless the campaign is still what this digest, from `show --json`, says.",
    ),
]

group = typer.Typer(
    no_args_is_help=True,
    help="""See campaigns and change their state.

    Exit codes: 0 done; 2 no such campaign; 3 its state does not allow that, or it ended otherwise than completed.
    """,
)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    from clarion.cli import timing, within

    timing.add(group)
    within.add(group)
    app.add_typer(group, name="campaign")


@group.command(name="list")
def list_(
    workspace: Annotated[
        str, typer.Option(metavar="SLUG", help="Of this workspace only; without it of all.")
    ] = "",
    status: Annotated[str, typer.Option(metavar="STATUS", help="In this state only, such as sending.")] = "",
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="The newest so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array of campaigns.")] = False,
) -> None:
    """List campaigns, the newest first."""
    session.quiet()
    with session.opened():
        from clarion.campaigns.models import Campaign
        from clarion.campaigns.states import Status
        from clarion.runtime import watching

        found = Campaign.objects.filter(archived_at=None, is_one_off=False)
        if workspace:
            found = found.filter(workspace=session.workspace(workspace))
        if status:
            if status.upper() not in Status.values:
                session.refuse([f"--status: choose one of: {', '.join(Status.values).lower()}."])
            found = found.filter(status=status.upper())
        newest = (
            found.select_related("workspace").prefetch_related("steps").order_by("-created_at", "-id")[:limit]
        )
        rows = watching.snapshots(newest)
        if as_json:
            told.dump([told.campaign(seen) for seen in rows])
        else:
            _print(rows)


def _print(rows: "list[Any]") -> None:
    if not rows:
        typer.echo("There are no campaigns.")
        return
    lines = [("ID", "STATUS", "SENT", "TARGET", "CREATED", "NAME")]
    for seen in rows:
        one = seen.campaign
        sent = f"{seen.run.sent:,}" if seen.run else "-"
        target = f"{seen.target:,}" if seen.run else "-"
        lines.append(
            (
                str(one.public_id)[:8],
                one.status.lower(),
                sent,
                target,
                f"{one.created_at:%Y-%m-%d %H:%M}",
                one.name,
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    for line in lines:
        cells = [
            cell.rjust(width) if column in (2, 3) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line[:5], widths, strict=True))
        ]
        typer.echo("  ".join([*cells, line[5]]))


@group.command()
def show(id_: Id, wait: Wait = False, as_json: AsJson = False) -> None:
    """Show a campaign with the totals of its latest run."""
    session.quiet()
    with session.opened():
        from clarion.runtime import watching

        campaign = session.campaign(id_)
        if not wait:
            from clarion.campaigns import review

            seen = watching.snapshot(campaign.pk)
            digest = {"digest": review.digest_of(campaign)}
            told.dump(told.campaign(seen) | digest) if as_json else typer.echo(following.summary(seen))
            return
        with following.Follower() as follower:
            seen = follower.follow(campaign, waits=True)
    following.finish(follower, seen, as_json=as_json, shape=told.campaign)


@group.command()
def start(id_: Id, reason: Reason = "", wait: Wait = False, as_json: AsJson = False) -> None:
    """Start a campaign. Without a server this command sends it to its end."""

    def begin(campaign: "Campaign", by: "Actor", reason: str) -> None:
        from clarion.cli import moves

        moves.started(campaign, by, reason)

    launch(id_, begin, reason=reason, waits=wait, as_json=as_json)


@group.command(name="continue")
def continue_(
    id_: Id,
    reason: Reason = "",
    activate_sender: Annotated[
        bool, typer.Option("--activate-sender", help="Also let its senders send again that were blocked.")
    ] = False,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a paused campaign, or with one that a killed command left behind.

    Without a server this command sends it to its end.
    """

    def go_on(campaign: "Campaign", by: "Actor", reason: str) -> None:
        from clarion.cli import moves

        moves.continued(campaign, by, reason, activates=activate_sender)

    launch(id_, go_on, reason=reason, waits=wait, as_json=as_json)


@group.command()
def pause(id_: Id, reason: Reason = "", wait: Settle = False, as_json: AsJson = False) -> None:
    """Halt a campaign until it is continued."""
    _move(id_, "pause", reason=reason, waits=wait, as_json=as_json)


@group.command()
def stop(id_: Id, reason: Reason = "", wait: Settle = False, as_json: AsJson = False) -> None:
    """End a campaign's run; the campaign may be changed and started again."""
    _move(id_, "stop", reason=reason, waits=wait, as_json=as_json)


@group.command()
def cancel(id_: Id, reason: Reason = "", wait: Settle = False, as_json: AsJson = False) -> None:
    """Give a campaign up for good."""
    _move(id_, "cancel", reason=reason, waits=wait, as_json=as_json)


@group.command()
def submit(id_: Id, note: Note = "", as_json: AsJson = False) -> None:
    """Hand a campaign to the moderators."""
    _decide(id_, "submit", as_json=as_json, note=note)


@group.command()
def withdraw(id_: Id, note: Note = "", as_json: AsJson = False) -> None:
    """Take a submitted campaign back; it is a draft again."""
    _decide(id_, "withdraw", as_json=as_json, note=note)


@group.command()
def approve(
    id_: Id,
    note: Note = "",
    canary: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=99, help="Only the first N per cent, until they are released."),
    ] = None,
    canary_people: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Only the first N people; of a triggered campaign those pushed first."
        ),
    ] = None,
    digest: Digest = "",
    as_json: AsJson = False,
) -> None:
    """Approve a submitted campaign as it is; it then starts, waits for its time, or is ready."""
    part = {"canary_percent": canary, "canary_people": canary_people}
    _decide(id_, "approve", as_json=as_json, note=note, digest=digest, **part)


@group.command()
def reject(
    id_: Id,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why: its author reads it. Required.")] = "",
    as_json: AsJson = False,
) -> None:
    """Reject a submitted campaign, which cancels it."""
    _decide(id_, "reject", as_json=as_json, reason=reason)


@group.command()
def release(
    id_: Id, note: Note = "", digest: Digest = "", wait: Wait = False, as_json: AsJson = False
) -> None:
    """Let the rest of a campaign go of which only a first part was approved.

    Without a server this command sends it to its end.
    """

    def let_go(campaign: "Campaign", by: "Actor", reason: str) -> None:
        from clarion.cli import moves

        moves.decided(campaign, "release", by, note=reason, digest=digest)

    launch(id_, let_go, reason=note, waits=wait, as_json=as_json)


def launch(
    words: str,
    move: "Callable[[Campaign, Actor, str], None]",
    *,
    reason: str,
    waits: bool,
    as_json: bool,
) -> None:
    """Set a campaign going, and see it to its end where nobody else sends it."""
    session.quiet()
    with session.opened():
        from clarion.workspaces import actors

        campaign = session.campaign(words)
        move(campaign, actors.operator(campaign.workspace), reason)
        with following.Follower() as follower:
            follower.prepare()
            seen = follower.follow(campaign, waits=waits)
    following.finish(follower, seen, as_json=as_json, shape=told.campaign)


def _move(words: str, name: str, *, reason: str, waits: bool, as_json: bool) -> None:
    """Change a campaign's state and show it."""
    session.quiet()
    with session.opened():
        from clarion.cli.moves import moved
        from clarion.runtime import closing, watching
        from clarion.workspaces import actors

        campaign = session.campaign(words)
        moved(campaign, name, actors.operator(campaign.workspace), reason)
        closing.close_where_nobody_sends(campaign.pk)
        seen = watching.settled(campaign.pk) if waits else watching.snapshot(campaign.pk)
        told.dump(told.campaign(seen)) if as_json else typer.echo(following.summary(seen))


def _decide(words: str, name: str, *, as_json: bool, **said: Any) -> None:
    """Do a step of moderation and show the campaign."""
    session.quiet()
    with session.opened():
        from clarion.cli.moves import decided
        from clarion.runtime import watching
        from clarion.workspaces import actors

        campaign = session.campaign(words)
        decided(campaign, name, actors.operator(campaign.workspace), **said)
        seen = watching.snapshot(campaign.pk)
        told.dump(told.campaign(seen)) if as_json else typer.echo(following.summary(seen))
