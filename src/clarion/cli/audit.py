"""`clarion audit …`: read the audit trail and prove that it is whole."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told

if TYPE_CHECKING:
    from clarion.workspaces.models import Workspace
    from clarion.workspaces.trail import Event

#: Some chain is broken.
BROKEN = 1

group = typer.Typer(no_args_is_help=True, help="Read the audit trail and prove that it is whole.")

Slug = Annotated[
    str, typer.Option("--workspace", metavar="SLUG", help="Of this workspace only; without it of all.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="audit")


@group.command()
def verify(
    workspace: Slug = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check that no event was altered, removed or put in.

    Each event's hash covers the one before it. The end of the chain is compared with where the last check, of the
    night or by hand, left it. Without a workspace the trail of sign-ins is checked too; its `workspace` is null.

    Exit codes: 0 all is whole; 1 a trail is broken, and at which event is said; 2 no such workspace.
    """
    session.quiet()
    with session.opened():
        from clarion.workspaces import operations

        checks = [(one, operations.check_audit(workspace=one)) for one in _workspaces(workspace)]
        found = [
            {
                "workspace": one.slug,
                "events": check.event_count,
                "whole": check.broken_number is None,
                "first_broken": check.broken_number,
            }
            for one, check in checks
        ]
        if not workspace:
            found.append(_installation())
    is_whole = all(row["whole"] for row in found)
    if as_json:
        told.dump({"whole": is_whole, "workspaces": found})
    for row in found if not as_json else ():
        state = "whole" if row["whole"] else f"broken at event {row['first_broken']}"
        typer.echo(f"{row['workspace'] or 'sign-ins'}: {state}, {row['events']:,} events")
    if not is_whole:
        raise typer.Exit(BROKEN)


def _installation() -> dict[str, Any]:
    """The trail of sign-ins, which belongs to no workspace."""
    from clarion.workspaces.access import queries

    broken = queries.first_broken()
    return {
        "workspace": None, "events": queries.event_count(), "whole": broken is None, "first_broken": broken,
    }  # fmt: skip


@group.command(name="list")
def list_(
    workspace: Slug = "",
    kind: Annotated[str, typer.Option(metavar="KIND", help="Such as campaign, list or sender.")] = "",
    action: Annotated[str, typer.Option(metavar="ACTION", help="Such as campaign.pause.")] = "",
    search: Annotated[str, typer.Option(metavar="TEXT", help="In the name of what it happened to.")] = "",
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="The newest so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List what was done, the newest first."""
    session.quiet()
    with session.opened():
        from clarion.workspaces import trail

        filters = trail.Filters(kind=kind, action=action, words=search)
        rows = [
            (one, event)
            for one in _workspaces(workspace)
            for event in trail.newest_events(one, filters, limit)
        ]
    rows.sort(key=lambda row: (row[1].at, row[1].number), reverse=True)
    for one, event in rows[:limit]:
        told.dump(_as_json(one, event)) if as_json else typer.echo(_line(one, event))


def _workspaces(slug: str) -> "list[Workspace]":
    from clarion.workspaces.models import Workspace

    return [session.workspace(slug)] if slug else list(Workspace.objects.order_by("slug"))


def _line(workspace: "Workspace", event: "Event") -> str:
    facts = [
        f"{event.at:%Y-%m-%d %H:%M:%S}",
        workspace.slug,
        str(event.number),
        event.actor,
        event.action,
        event.object_name or event.object_id,
        " ".join(event.reason.split()),
    ]
    return "\t".join(facts).rstrip()


def _as_json(workspace: "Workspace", event: "Event") -> dict[str, Any]:
    return {
        "workspace": workspace.slug,
        "number": event.number,
        "at": told.moment(event.at),
        "actor": event.actor,
        "via": event.via,
        "address": event.address,
        "action": event.action,
        "kind": event.kind,
        "object": event.object_id,
        "name": event.object_name,
        "reason": event.reason,
        "changes": event.changes,
    }
