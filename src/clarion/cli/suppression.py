"""`clarion suppression …` and `clarion cap …`: who is not written to, and how often everybody else may be."""

import csv
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson, Slug

if TYPE_CHECKING:
    from clarion.audience.queries import Wanted
    from clarion.workspaces.actors import Actor

suppressions = typer.Typer(no_args_is_help=True, help="Suppressions: addresses that no campaign writes to.")
caps = typer.Typer(no_args_is_help=True, help="Frequency caps: at most so many messages in so many days.")

#: Until a file is looked after again that another process reads.
LOOK_SECONDS = 0.5

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="A mail address or a phone number.")]
OnChannel = Annotated[str, typer.Option("--channel", metavar="CHANNEL", help="email, sms, …")]
Reason = Annotated[str, typer.Option("--reason", metavar="REASON", help="One of those that the list shows.")]
Days = Annotated[int, typer.Option("--days", min=0, help="Added within so many days; 0 for all.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(suppressions, name="suppression")
    app.add_typer(caps, name="cap")


def _by(slug: str) -> "Actor":
    from clarion.workspaces import actors

    return actors.operator(session.workspace(slug))


def _wanted(reason: str, channel: str, days: int) -> "Wanted":
    from clarion.audience.models import SuppressionReason
    from clarion.audience.queries import Wanted
    from clarion.channels import registry

    if reason and reason.upper() not in SuppressionReason.values:
        session.refuse([f"--reason: {reason!r} is none of {', '.join(SuppressionReason.values)}."])
    if channel and channel not in registry.CHANNELS:
        _no_channel(channel)
    return Wanted(reason=reason.upper(), channel=channel, days=days or None)


def _no_channel(channel: str) -> NoReturn:
    from clarion.channels import registry

    session.refuse([f"--channel: {channel!r} is none of {', '.join(registry.CHANNELS)}."])


@suppressions.command(name="list")
def list_(workspace: Slug = "", reason: Reason = "", channel: OnChannel = "", days: Days = 0) -> None:
    """Print the suppressions as CSV, the oldest first."""
    session.quiet()
    with session.opened():
        from clarion.audience.queries import suppression_lines

        wanted = _wanted(reason, channel, days)
        writer = csv.writer(sys.stdout)
        for row in suppression_lines(session.workspace(workspace), wanted):
            writer.writerow(row)


@suppressions.command()
def add(
    address: Address,
    workspace: Slug = "",
    channel: OnChannel = "email",
    note: Annotated[str, typer.Option("--note", help="Why, for others to read.")] = "",
) -> None:
    """Suppress an address."""
    session.quiet()
    with session.opened():
        from clarion.audience import operations
        from clarion.channels import registry

        if channel not in registry.CHANNELS:
            _no_channel(channel)
        try:
            added = operations.add_suppression(by=_by(workspace), channel=channel, address=address, note=note)
        except ValueError as problem:
            session.refuse([str(problem)])
        typer.echo("suppressed" if added else "suppressed before")


@suppressions.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX or ODS.")],
    workspace: Slug = "",
    channel: OnChannel = "email",
    as_json: AsJson = False,
) -> None:
    """Suppress every address of a file. A column `reason` is heeded where it holds one of ours."""
    session.quiet()
    with session.opened():
        from clarion.audience import importing, operations, queries
        from clarion.audience.errors import CsvInvalid
        from clarion.channels import registry
        from clarion.cli import progress

        if channel not in registry.CHANNELS:
            _no_channel(channel)
        try:
            with file.open("rb") as opened:
                made = operations.suppress_file(
                    by=_by(workspace), file=opened, file_name=file.name, channel=channel
                )
        except CsvInvalid as problem:
            session.refuse([str(problem)])
        with progress.display() as shown:
            while made.finished_at is None:
                importing.run_import(made, shown.reading)
                if made.finished_at is None:  # the background jobs are at it
                    time.sleep(LOOK_SECONDS)
                    made.refresh_from_db()
        if made.failure:
            session.refuse([made.failure])
        rejected = queries.rejected_rows(made)
        if as_json:
            told.dump({"added": made.created_count, "known": made.skipped_count, "rejected": made.bad_count})
            return
        for number, column, reason in rejected:
            typer.echo(f"Row {number}: {column}: {reason}", err=True)
        typer.echo(
            f"{made.created_count:,} added, {made.skipped_count:,} known before, {made.bad_count:,} not readable"
        )


@suppressions.command()
def remove(
    why: Annotated[str, typer.Option("--why", help="Kept in the audit trail; required.")],
    workspace: Slug = "",
    reason: Reason = "",
    channel: OnChannel = "",
    days: Days = 0,
    address: Annotated[str, typer.Option("--address", help="This one alone, or all that begin so.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it without being asked.")] = False,
) -> None:
    """Allow addresses again: those for which all that is given holds."""
    session.quiet()
    with session.opened():
        from dataclasses import replace

        from clarion.audience import operations, queries

        by = _by(workspace)
        wanted = replace(_wanted(reason, channel, days), search=address)
        if not wanted.is_narrowed:
            session.refuse(["Say which: --address, --reason, --channel or --days."])
        found = queries.suppressions_wanted(by.workspace, wanted)
        counts = queries.suppression_counts(found)
        total = sum(counts.values())
        told_counts = ", ".join(f"{n:,} {name}" for name, n in sorted(counts.items())) or "none"
        if not yes:
            typer.confirm(f"Write to these again ({told_counts})?", abort=True)
        try:
            gone = operations.unsuppress_many(by=by, found=found, reason=why, limit=total)
        except ValueError as problem:
            session.refuse([str(problem)])
        typer.echo(f"{gone:,} allowed again")


@caps.command(name="list")
def list_caps(workspace: Slug = "", as_json: AsJson = False) -> None:
    """List the frequency caps."""
    session.quiet()
    with session.opened():
        from clarion.audience.queries import caps_of

        for one in caps_of(session.workspace(workspace)):
            if as_json:
                told.dump({"channel": one.channel or None, "messages": one.messages, "days": one.days})
            else:
                typer.echo(f"{one.channel or 'all'}\t{one.messages} in {one.days} days")


@caps.command(name="set")
def set_caps(
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHANNEL:]MESSAGES/DAYS", help="Such as 3/7 or sms:1/1; none for no caps."),
    ] = None,
    workspace: Slug = "",
) -> None:
    """Let these be the frequency caps, in place of those there are."""
    session.quiet()
    with session.opened():
        from clarion.audience import operations
        from clarion.audience.errors import RulesInvalid

        wanted = []
        for rule in rules or []:
            channel, _colon, numbers = rule.rpartition(":")
            messages, _slash, days = numbers.partition("/")
            if not (messages.isdecimal() and days.isdecimal() and len(numbers) < 12):
                session.refuse([f"{rule!r} is not [CHANNEL:]MESSAGES/DAYS, such as 3/7 or sms:1/1."])
            wanted.append((channel, int(messages), int(days)))
        try:
            operations.set_caps(by=_by(workspace), caps=wanted)
        except RulesInvalid as problem:
            session.refuse(problem.problems)
