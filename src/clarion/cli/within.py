"""`clarion campaign push`, `retry` and `refresh`: what happens inside a run."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import campaign as commands
from clarion.cli import session, told
from clarion.cli.campaign import Id, Wait
from clarion.cli.options import AsJson, Reason

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.workspaces.actors import Actor

#: Names of a column that holds an address, besides `address`.
_ADDRESSES = ("address", "email", "phone")


def add(group: typer.Typer) -> None:
    """Add the commands to `clarion campaign`."""
    group.command()(push)
    group.command()(retry)
    group.command()(refresh)


def push(
    id_: Id,
    key: Annotated[
        str, typer.Option(metavar="K", help="Yours for this message: pushed again, nothing happens.")
    ] = "",
    address: Annotated[str, typer.Option(metavar="A", help="Whom it is for.")] = "",
    var: Annotated[
        list[str] | None,
        typer.Option("--var", metavar="NAME=VALUE", help="A variable of the message; repeatable."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Many at once: CSV with the columns key and address, the others variables; or .jsonl with an object"
            ' {"key", "address", "variables"} a line.',
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Push people to a triggered campaign that is on its way; each gets one message.

    Exit codes: 0 pushed, also when they were before or get nothing; 2 bad input; 3 the campaign takes nobody now.
    """  # fmt: skip
    session.quiet()
    if (file is None) == (not key):
        session.refuse(["Give --key with --address, or --file."])
    with session.opened():
        from clarion.deliveries import pushing
        from clarion.deliveries.errors import PushRefused
        from clarion.workspaces import actors

        campaign = session.campaign(id_)
        by = actors.operator(campaign.workspace)
        rows = _rows(file) if file is not None else iter([_single(key, address, var or [])])
        found: list[pushing.Pushed] = []
        try:
            while people := list(islice(rows, pushing.PUSH_MAX)):
                found += pushing.push(campaign=campaign, people=people, by=by)
        except PushRefused as refusal:
            _tell(found, as_json=False) if found else None
            typer.echo(str(refusal), err=True)
            raise typer.Exit(session.ENDED_OTHERWISE) from None
        except ValueError as problem:
            _tell(found, as_json=False) if found else None
            session.refuse([str(problem)])
        _tell(found, as_json=as_json)


def _single(key: str, address: str, pairs: list[str]) -> dict[str, Any]:
    variables = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            session.refuse([f"--var {pair}: write it as NAME=VALUE."])
        variables[name] = value
    return {"key": key, "address": address, "variables": variables}


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """Yield who is in the file. Ends the command when it cannot be read."""
    from clarion.audience.csvdialect import CsvInvalid

    try:
        yield from (_json_rows(file) if file.suffix.lower() in (".jsonl", ".ndjson") else _csv_rows(file))
    except (OSError, UnicodeDecodeError) as problem:
        session.refuse([f"--file: {file} cannot be read: {getattr(problem, 'strerror', None) or problem}."])
    except CsvInvalid as problem:
        session.refuse([f"--file: {problem}"])


def _json_rows(file: Path) -> Iterator[dict[str, Any]]:
    import orjson

    with file.open("rb") as lines:
        for number, line in enumerate(iter(lambda: lines.readline(1_000_000), b""), start=1):
            if not line.strip():
                continue
            try:
                said = orjson.loads(line)
            except orjson.JSONDecodeError:
                said = None
            if not isinstance(said, dict):
                raise ValueError(f"Line {number} is not a JSON object.")
            yield said


def _csv_rows(file: Path) -> Iterator[dict[str, Any]]:
    from clarion.audience import csvfile

    dialect = csvfile.sniff(file, {"has_header": True})
    names = [name.strip() for name in dialect.columns]
    where = next((names.index(name) for name in _ADDRESSES if name in names), None)
    if "key" not in names or where is None:
        raise ValueError("The file needs the columns key and address.")
    keys = names.index("key")
    with csvfile.Reader(file, dialect) as reader:
        for row in reader:
            if row.problem:
                raise ValueError(f"Row {row.number}: {row.problem}")
            others = {
                n: cell
                for i, (n, cell) in enumerate(zip(names, row.cells, strict=True))
                if i not in (keys, where)
            }
            yield {"key": row.cells[keys].strip(), "address": row.cells[where], "variables": others}


def _tell(found: list[Any], *, as_json: bool) -> None:
    if as_json:
        told.dump(
            [
                {
                    "key": one.key, "recipient": one.recipient_id, "is_new": one.is_new,
                    "skipped": one.skip.name.lower() if one.skip else None,
                }
                for one in found
            ]
        )  # fmt: skip
        return
    fresh = [one for one in found if one.is_new]
    skips: dict[str, int] = {}
    for one in fresh:
        if one.skip is not None:
            skips[str(one.skip.label).lower()] = skips.get(str(one.skip.label).lower(), 0) + 1
    parts = [f"{len(fresh) - sum(skips.values()):,} pushed"]
    parts += [f"{count:,} get nothing ({why})" for why, count in skips.items()]
    if len(found) > len(fresh):
        parts.append(f"{len(found) - len(fresh):,} were pushed before")
    typer.echo(", ".join(parts) + ".")


def retry(
    id_: Id,
    for_: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="CODE",
            help="Only what failed for this reason, such as MAILBOX_FULL; repeatable.",
        ),
    ] = None,
    reason: Reason = "",
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Send again what failed in a campaign's latest run. Without a server this command sends it to its end.

    Suppressed addresses are left out. Exit codes: 0 done; 2 bad input; 3 there is nothing to send again.
    """  # fmt: skip
    codes = _codes(for_)

    def again(campaign: "Campaign", by: "Actor", reason: str) -> None:
        from clarion.campaigns.errors import TransitionRefused
        from clarion.cli import moves
        from clarion.deliveries import retrying
        from clarion.deliveries.errors import RetryRefused

        try:
            done = retrying.retry_failed(campaign=campaign, by=by, reasons=codes, reason=reason)
        except TransitionRefused:
            moves.refused(campaign, "retry")
        except RetryRefused as refusal:
            typer.echo(str(refusal), err=True)
            raise typer.Exit(session.ENDED_OTHERWISE) from None
        if not as_json:
            left = f", {done.suppressed:,} left out because they are suppressed" if done.suppressed else ""
            typer.echo(f"{done.again:,} sent again{left}.", err=True)

    commands.launch(id_, again, reason=reason, waits=wait, as_json=as_json)


def _codes(names: list[str] | None) -> Any:
    from clarion.engine.outcomes import Reason as Why

    unknown = [name for name in names or [] if name.upper() not in Why.__members__]
    if unknown:
        session.refuse(
            [f"--for {unknown[0]}: there is no such reason. There are: {', '.join(Why.__members__).lower()}."]
        )
    return [Why[name.upper()] for name in names] if names else None


def refresh(
    id_: Id,
    apply: Annotated[bool, typer.Option("--apply", help="Change the run; without it only tell.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read a draft's or a paused campaign's audience anew: who was added, removed or changed.

    Exit codes: 0 told, or applied; 2 no such campaign; 3 its state does not allow that.
    """
    session.quiet()
    with session.opened():
        from clarion.campaigns.errors import TransitionRefused
        from clarion.deliveries import refreshing
        from clarion.deliveries.errors import RefreshRefused
        from clarion.workspaces import actors

        campaign = session.campaign(id_)
        by = actors.operator(campaign.workspace)
        do = refreshing.refresh if apply else refreshing.difference
        try:
            found = do(campaign=campaign, by=by)
        except TransitionRefused:
            typer.echo(f"The campaign {campaign.name} is {campaign.status.lower()}: only a draft or a paused one with"
                       " an audience can be refreshed.", err=True)  # fmt: skip
            raise typer.Exit(session.ENDED_OTHERWISE) from None
        except RefreshRefused as refusal:
            typer.echo(str(refusal), err=True)
            raise typer.Exit(session.ENDED_OTHERWISE) from None
        _tell_difference(found, applied=apply, as_json=as_json)


def _tell_difference(found: Any, *, applied: bool, as_json: bool) -> None:
    facts = {name: getattr(found, name) for name in ("added", "removed", "changed", "before", "now")}
    if as_json:
        told.dump(facts | {"applied": applied})
        return
    before = "not counted" if found.before is None else f"{found.before:,}"
    done = "Applied: " if applied else ""
    typer.echo(
        f"{done}{found.added:,} added, {found.removed:,} removed, {found.changed:,} changed."
        f" People: {before} before, {found.now:,} now."
    )
    if not applied and not found.is_none and found.is_of_run:
        typer.echo("Apply it with --apply.")
