"""`clarion export`: a run's recipients as a file, made by this command itself."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clarion.cli import progress, session, told

if TYPE_CHECKING:
    from clarion.deliveries.models import Run
    from clarion.deliveries.wanted import Wanted

#: As the file's name says.
_FORMATS = ("csv", "txt", "xlsx")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(export)


def export(
    id_: Annotated[
        str, typer.Argument(metavar="ID", help="A campaign's id for its latest run, or a run's number.")
    ],
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="The file to write; - for stdout.")],
    kind: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="csv, txt or xlsx; else as the file is called.")
    ] = "",
    status: Annotated[
        str, typer.Option(metavar="STATUS", help="Only these: sent, failed, unknown, pending, skipped …")
    ] = "",
    result: Annotated[
        str,
        typer.Option(metavar="RESULT", help="Only these: delivered, read, bounced …; none for no receipt."),
    ] = "",
    skip: Annotated[str, typer.Option(metavar="WHY", help="Only who was left out: suppressed …")] = "",
    reason: Annotated[
        str, typer.Option(metavar="REASON", help="Only messages with this reason, such as mailbox_full.")
    ] = "",
    code: Annotated[
        str, typer.Option(metavar="CODE", help="Only with this provider's code; - for none.")
    ] = "",
    search: Annotated[
        str, typer.Option(metavar="TEXT", help="Address's beginning, name, #number or provider's id.")
    ] = "",
    bom: Annotated[bool, typer.Option("--bom/--no-bom", help="Begin text with a UTF-8 mark.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object when done.")] = False,
) -> None:
    """Write the recipients of a run to a file. Needs no server; the file is there whole or not at all.

    Addresses are whole: whoever runs this command holds the database.
    """
    session.quiet()
    chosen = _format(kind, out)
    words = {"status": status, "result": result, "skip": skip, "code": code, "q": search}
    with session.opened():
        run = session.run(id_)
        wanted = _wanted(words, reason)
        count, size = _write(run, wanted, chosen, out, has_bom=bom)
    if as_json and out != "-":
        told.dump({"run": run.pk, "file": out, "format": chosen, "people": count, "bytes": size})
    elif out != "-":
        typer.echo(f"{out}: {count:,} people, {size:,} bytes.", err=True)


def _format(kind: str, out: str) -> str:
    chosen = (kind or Path(out).suffix.removeprefix(".") or "csv").lower()
    if chosen not in _FORMATS:
        session.refuse([f"--format: choose one of: {', '.join(_FORMATS)}."])
    if out != "-" and not Path(out).absolute().parent.is_dir():
        session.refuse([f"--out: there is no folder {Path(out).parent}."])
    if out == "-" and chosen == "xlsx" and sys.stdout.isatty():
        session.refuse(["--out: a workbook is not written to a terminal."])
    return chosen


def _wanted(words: dict[str, str], reason: str) -> "Wanted":
    """Return the filter; a word that means nothing ends the command, where a page would leave it out."""
    from clarion.deliveries.states import Result, Skip, Stage
    from clarion.deliveries.wanted import NO_RESULT, NOT_OPENED, SEARCH_FROM, Wanted
    from clarion.engine.outcomes import Reason

    problems = []
    for name, names in (
        ("status", Stage.names),
        ("skip", Skip.names),
        ("result", [*(one.name for one in Result if one), NO_RESULT.upper(), NOT_OPENED.upper()]),
    ):
        words[name] = words[name].lower()
        if words[name] and words[name].upper() not in names:
            problems.append(f"--{name}: choose one of: {', '.join(names).lower()}.")
    if 0 < len(words["q"].strip()) < SEARCH_FROM:
        problems.append(f"--search: {SEARCH_FROM} characters or more.")
    if reason and reason.upper() not in Reason.__members__:
        problems.append(f"--reason: choose one of: {', '.join(Reason.__members__).lower()}.")
    if problems:
        session.refuse(problems)
    return Wanted.read(words | ({"reason": str(int(Reason[reason.upper()]))} if reason else {}))


def _write(run: "Run", wanted: "Wanted", kind: str, out: str, *, has_bom: bool) -> tuple[int, int]:
    """Write the file, with progress, and note it in the trail; return people and octets."""
    from clarion.deliveries.errors import ExportRefused
    from clarion.deliveries.exporting import operations, writing
    from clarion.workspaces import actors

    is_stdout = out == "-"
    scratch = Path(tempfile.mkdtemp(prefix="clarion-export-")) if is_stdout else None
    path = scratch / f"out.{kind}" if scratch else Path(out).absolute()
    total = writing.expected(run, wanted)
    try:
        with progress.display() as shown:
            made = writing.write(
                run,
                wanted,
                kind=kind.upper(),
                path=path,
                is_masked=False,
                has_bom=has_bom,
                progress=lambda count: shown.writing(count, total),
            )
        operations.record_file(
            run=run, wanted=wanted, kind=kind.upper(), count=made.count, by=actors.operator(run.workspace)
        )
        if is_stdout:
            _copy(path)
    except ExportRefused as refused:
        session.refuse([str(refused)])
    except OSError as problem:
        typer.echo(f"{out} cannot be written: {problem.strerror or problem}.", err=True)
        raise typer.Exit(1) from None
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
    return made.count, made.size


def _copy(path: Path) -> None:
    with path.open("rb") as file:
        try:
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # the reader has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
