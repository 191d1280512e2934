"""`clarion source …`: live sources, which are spreadsheets that are read again for each run."""

import contextlib
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told

if TYPE_CHECKING:
    from clarion.audience.models import LiveSheet

group = typer.Typer(
    no_args_is_help=True, help="Live sources: spreadsheets that are read again for each run of a campaign."
)

Slug = Annotated[
    str, typer.Option("--workspace", metavar="SLUG", help="In this workspace; without it in the first.")
]
Which = Annotated[str, typer.Argument(metavar="SOURCE", help="Its whole id, or its name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
        from clarion.audience import operations
        from clarion.audience.errors import SheetInvalid
        from clarion.workspaces import actors

        policy: Any = {"when_unreadable": "KEEP", "keep_hours": keep_hours} if keep_hours else {}
        try:
            made = operations.create_sheet(
                by=actors.operator(session.workspace(workspace)),
                name=name,
                url=url,
                path=path,
                channel=channel,
                overrides={"address": address, "sheet": sheet},
                **policy,
            )
        except SheetInvalid as refusal:
            session.refuse([f"{field}: {sentence}" for field, sentence in refusal.problems.items()])
        _read(made, as_json)


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
