"""`clarion source …`: live sources, which are spreadsheets and groups that are read again for each run."""

import contextlib
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson, Slug

if TYPE_CHECKING:
    from clarion.audience.models import LiveSheet
    from clarion.senders.models import Sender

group = typer.Typer(
    no_args_is_help=True,
    help="Live sources: spreadsheets and groups that are read again for each run of a campaign.",
)

Which = Annotated[str, typer.Argument(metavar="SOURCE", help="Its whole id, or its name.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="source")


@group.command(name="list")
def list_(workspace: Slug = "", as_json: AsJson = False) -> None:
    """List the live sources by name: rows, when they were last read, and what was wrong then."""
    session.quiet()
    with session.opened():
        from clarion.audience import queries

        for one in queries.sheets_of(session.workspace(workspace)):
            _print(one, as_json)


@group.command()
def add(
    name: Annotated[str, typer.Argument(help="Its name.")],
    url: Annotated[str, typer.Option(metavar="URL", help="The address of the spreadsheet.")] = "",
    path: Annotated[
        str, typer.Option(metavar="PATH", help="Or a file in a folder of CLARION_WATCH_FOLDERS.")
    ] = "",
    channel: Annotated[str, typer.Option(help="Whose addresses it holds.")] = "email",
    address: Annotated[
        str, typer.Option(metavar="COLUMN", help="The column with the addresses, where it is not plain.")
    ] = "",
    sheet: Annotated[str, typer.Option(metavar="NAME", help="The sheet of a workbook.")] = "",
    keep_hours: Annotated[
        int,
        typer.Option(
            metavar="N", help="Use a copy of at most so many hours when it cannot be read; 0 fails the run."
        ),
    ] = 0,
    workspace: Slug = "",
    as_json: AsJson = False,
) -> None:
    """Keep a live source and read it for the first time. Exit code 3 when it cannot be read; it stays then."""
    session.quiet()
    with session.opened():
        overrides = {"address": address, "sheet": sheet}
        made = _kept(
            workspace, keep_hours, name=name, url=url, path=path, channel=channel, overrides=overrides
        )
        _read(made, as_json)


@group.command()
def groups(
    sender: Annotated[str, typer.Argument(metavar="SENDER", help="Its whole id, or its name.")],
    workspace: Slug = "",
    as_json: AsJson = False,
) -> None:
    """List the groups that a sender's phone is in, by name. Exit code 3 when its provider does not tell."""
    session.quiet()
    with session.opened():
        from clarion.channels.linked import Unreadable
        from clarion.senders import linking
        from clarion.workspaces import actors

        found = _sender(sender, workspace)
        try:
            listed = linking.groups_of(found, by=actors.operator(found.workspace))
        except Unreadable as problem:
            typer.echo(str(problem), err=True)
            raise typer.Exit(session.ENDED_OTHERWISE) from None
        for one in listed:
            if as_json:
                told.dump({"group": one.id, "name": one.name, "members": one.size})
            else:
                typer.echo(f"{one.id}\t{one.name}\t{'' if one.size is None else one.size}")


@group.command()
def add_group(
    name: Annotated[str, typer.Argument(help="Its name.")],
    sender: Annotated[str, typer.Option(metavar="SENDER", help="Whose phone is in the group.")],
    group_id: Annotated[
        str, typer.Option("--group", metavar="ID", help="The group, as `clarion source groups` lists it.")
    ],
    keep_hours: Annotated[
        int,
        typer.Option(
            metavar="N", help="Use a copy of at most so many hours when it cannot be read; 0 fails the run."
        ),
    ] = 0,
    workspace: Slug = "",
    as_json: AsJson = False,
) -> None:
    """Keep a group as a live source and read who is in it. Exit code 3 when it cannot be read; it stays then."""
    session.quiet()
    with session.opened():
        from clarion.audience.livesheets.groups import GroupPlace

        found = _sender(sender, workspace)
        place = GroupPlace(sender_id=found.public_id, group=group_id)
        _read(_kept(workspace, keep_hours, name=name, url=place.url, channel=found.channel), as_json)


@group.command()
def refresh(source: Which, workspace: Slug = "", as_json: AsJson = False) -> None:
    """Read a live source again now, and tell what differs. Exit code 3 when it cannot be read."""
    session.quiet()
    with session.opened():
        _read(_found(source, workspace), as_json)


@group.command()
def delete(source: Which, workspace: Slug = "") -> None:
    """Forget a live source that no campaign has. The spreadsheet stays where it is."""
    session.quiet()
    with session.opened():
        from clarion.audience import operations
        from clarion.audience.errors import SheetInUse
        from clarion.workspaces import actors

        found = _found(source, workspace)
        try:
            operations.delete_sheet(by=actors.operator(found.workspace), sheet=found)
        except SheetInUse as refusal:
            session.refuse([str(refusal)])


def _kept(workspace: str, keep_hours: int, **fields: Any) -> "LiveSheet":
    from clarion.audience import operations
    from clarion.audience.errors import SheetInvalid
    from clarion.workspaces import actors

    policy: Any = {"when_unreadable": "KEEP", "keep_hours": keep_hours} if keep_hours else {}
    by = actors.operator(session.workspace(workspace))
    try:
        return operations.create_sheet(by=by, **fields, **policy)
    except SheetInvalid as refusal:
        session.refuse([f"{field}: {sentence}" for field, sentence in refusal.problems.items()])


def _sender(words: str, workspace: str) -> "Sender":
    from clarion.senders import linking

    for one in linking.senders_with_groups(session.workspace(workspace)):
        if words in (one.name, str(one.public_id)):
            return one
    session.refuse([f"There is no sender {words!r} whose phone is in groups."])


def _read(sheet: "LiveSheet", as_json: bool) -> None:
    from clarion.audience.livesheets import rereading

    sheet = rereading.reread(sheet)
    _print(sheet, as_json)
    if sheet.problem:
        raise typer.Exit(session.ENDED_OTHERWISE)


def _found(words: str, workspace: str) -> "LiveSheet":
    from django.db.models import Q

    from clarion.audience import queries

    wanted = Q(name=words)
    with contextlib.suppress(ValueError):
        wanted |= Q(public_id=uuid.UUID(words))
    found = queries.sheets_of(session.workspace(workspace)).filter(wanted).first()
    if found is None:
        session.refuse([f"There is no live source {words!r}. `clarion source list` shows them."])
    return found


def _print(sheet: "LiveSheet", as_json: bool) -> None:
    if as_json:
        told.dump(_as_json(sheet))
        return
    rows = f"{sheet.copy.row_count:,} rows" if sheet.copy is not None else "not read yet"
    at = told.moment(sheet.current_at) or "never"
    changes = ", ".join(f"{count:,} {word}" for word, count in sheet.difference.items())
    typer.echo(f"{sheet.public_id}\t{sheet.name}\t{rows}\t{at}\t{sheet.problem or changes}")


def _as_json(sheet: "LiveSheet") -> dict[str, Any]:
    copy = sheet.copy
    return {
        "source": str(sheet.public_id), "name": sheet.name, "url": sheet.url, "path": sheet.path,
        "rows": copy.row_count if copy else None, "unusable_rows": copy.bad_count if copy else None,
        "read_at": told.moment(sheet.checked_at), "good_at": told.moment(sheet.current_at),
        "problem": sheet.problem, "difference": sheet.difference,
    }  # fmt: skip
