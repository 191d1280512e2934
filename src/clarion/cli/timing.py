"""`clarion campaign schedule` and `runs`: when a campaign is sent, and when it was."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import following, session, told
from clarion.cli.campaign import Id
from clarion.cli.options import AsJson, Reason

if TYPE_CHECKING:
    from clarion.campaigns.fields import Changes
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.models import Run

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = ("minute", "hour", "day", "week", "month")
_KINDS = ("schedule", "recurring", "spread", "trigger", "now", "manual")
_POLICIES = ("late", "next", "ask")


def add(group: typer.Typer) -> None:
    """Add the commands to `clarion campaign`."""
    group.command()(schedule)
    group.command()(runs)


def schedule(
    id_: Id,
    at: Annotated[
        str, typer.Option(metavar="WHEN", help="Its start: 2027-03-01 09:00, by the clocks of --zone.")
    ] = "",
    zone: Annotated[str, typer.Option(metavar="NAME", help="Such as Europe/Berlin.")] = "",
    kind: Annotated[
        str,
        typer.Option(metavar="KIND", help=f"{', '.join(_KINDS)}. With --every it is recurring by itself."),
    ] = "",
    every: Annotated[int | None, typer.Option(metavar="N", help="Again every N units.")] = None,
    unit: Annotated[str, typer.Option(metavar="UNIT", help=f"{', '.join(_UNITS)}.")] = "",
    times: Annotated[int | None, typer.Option(metavar="N", help="It recurs N times.")] = None,
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day on which it recurs.")] = "",
    end: Annotated[
        str, typer.Option(metavar="WHEN", help="Nothing is sent later. A spread or triggered one has an end.")
    ] = "",
    hours: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOURS", help="Only then: `mon-fri 09:00-17:00`; repeatable. `always` for no such hours."
        ),
    ] = None,
    hours_zone: Annotated[str, typer.Option(metavar="NAME", help="The zone of the hours.")] = "",
    recipients_hours: Annotated[
        bool | None,
        typer.Option("--recipients-hours/--own-hours", help="The hours are by each recipient's own clock."),
    ] = None,
    missed: Annotated[
        str, typer.Option(metavar="POLICY", help=f"When its start is missed: {', '.join(_POLICIES)}.")
    ] = "",
    late_hours: Annotated[int | None, typer.Option(metavar="N", help="It starts up to N hours late.")] = None,
    only_new: Annotated[
        bool | None, typer.Option("--only-new/--everybody", help="Who has got an earlier run is left out.")
    ] = None,
    error_percent: Annotated[
        int | None, typer.Option(metavar="N", help="Pause when more than N % fail; 0 for never.")
    ] = None,
    auto_start: Annotated[
        bool | None, typer.Option("--auto-start/--by-hand", help="Whether its approval sets it going.")
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Only note it; do not schedule it yet.")] = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Say when a campaign is sent, and let it start by itself.

    What is not said stays as it is. A campaign that is paused stays so, and awaits the new time when it continues.

    Exit codes: 0 done; 2 bad input, or something blocks it; 3 its state does not allow it.
    """
    session.quiet()
    with session.opened():
        from clarion.cli import moves
        from clarion.runtime import watching

        campaign = session.campaign(id_)
        chosen = zone or campaign.zone
        said: dict[str, Any] = {
            "launch": _kind(campaign, kind, at=at, every=every),
            "zone": zone or None,
            "starts_at": moment_of("--at", at, chosen),
            "ends_at": moment_of("--end", end, chosen),
            "repeat_every": every,
            "repeat_unit": _one_of("--unit", unit, _UNITS),
            "repeat_count": times,
            "repeat_until": _day("--until", until),
            "windows": [_hours(one) for one in hours if one != "always"] if hours else None,
            "window_zone": hours_zone or None,
            "window_is_recipients": recipients_hours,
            "missed_policy": _one_of("--missed", missed, _POLICIES),
            "missed_hours": late_hours,
            "only_new": only_new,
            "error_percent": error_percent or None,
            "auto_start": auto_start,
        }
        changes: Changes = {name: value for name, value in said.items() if value is not None}  # type: ignore[assignment]
        if error_percent == 0:
            changes["error_percent"] = None
        moves.timed(campaign, changes, reason, launches=not draft)
        seen = watching.snapshot(campaign.pk)
        told.dump(told.campaign(seen)) if as_json else typer.echo(_summary(seen))


def runs(
    id_: Id, as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array of runs.")] = False
) -> None:
    """List a campaign's runs, the newest first, and how its people changed from one to the next."""
    session.quiet()
    with session.opened():
        from clarion.deliveries.models import Run

        campaign = session.campaign(id_)
        found = list(Run.objects.filter(campaign=campaign).select_related("campaign").order_by("-number"))
        if as_json:
            told.dump([told.run_in_short(one) for one in found])
        elif found:
            _print(found)
        else:
            typer.echo(f"The campaign {campaign.name} was not started yet, so it has no run.")


def _print(found: "list[Run]") -> None:
    lines: list[tuple[str, ...]] = [
        ("NUMBER", "RUN", "STARTED", "FINISHED", "TOTAL", "SENT", "FAILED", "ADDED", "REMOVED")
    ]
    for one in found:
        lines.append(
            (
                str(one.number), str(one.pk), f"{one.created_at:%Y-%m-%d %H:%M}",
                f"{one.finished_at:%Y-%m-%d %H:%M}" if one.finished_at else "in progress",
                f"{one.total:,}", f"{one.sent:,}", f"{one.failed:,}",
                *(f"{one.difference[name]:,}" if one.difference else "-" for name in ("added", "removed")),
            )
        )  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [
            cell.ljust(width) if column in (2, 3) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        typer.echo("  ".join(cells).rstrip())


def _summary(seen: Any) -> str:
    from clarion.campaigns import windows

    one = seen.campaign
    lines = [following.summary(seen)]
    if one.next_at is not None:
        lines.insert(1, f"  starts {windows.told(one.next_at, one.zone)}")
    return "\n".join(lines)


def _kind(campaign: "Campaign", said: str, *, at: str, every: int | None) -> str | None:
    """Return the launch that is meant: a time alone schedules what would start at once."""
    if said:
        return _one_of("--kind", said, _KINDS)
    if every:
        return "RECURRING"
    return "SCHEDULE" if at and campaign.launch in ("NOW", "MANUAL") else None


def _one_of(option: str, said: str, known: tuple[str, ...]) -> str | None:
    if said and said.lower() not in known:
        session.refuse([f"{option}: choose one of: {', '.join(known)}."])
    return said.upper() or None


def moment_of(option: str, words: str, zone: str) -> datetime | None:
    """Return the moment by the zone's clocks, unless the words name an offset themselves."""
    from zoneinfo import ZoneInfo, available_timezones

    if not words:
        return None
    if zone not in available_timezones():
        session.refuse([f"--zone: there is no time zone {zone!r}."])
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        session.refuse([f"{option}: write it like 2027-03-01 09:00."])
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _day(option: str, words: str) -> date | None:
    try:
        return date.fromisoformat(words) if words else None
    except ValueError:
        session.refuse([f"{option}: write it like 2027-03-31."])


def _hours(words: str) -> dict[str, Any]:
    """Return `mon-fri 09:00-17:00`, or hours alone for every day, as a range of sending hours."""
    days, _, clock = words.strip().lower().rpartition(" ")
    first, _, last = clock.partition("-")
    found: list[int] = []
    for part in filter(None, days.replace(" ", "").split(",")):
        begin, _, end = part.partition("-")
        if begin not in _DAYS or (end or begin) not in _DAYS:
            session.refuse([f"--hours: {part!r} is no day; they are {', '.join(_DAYS)}."])
        low, high = _DAYS.index(begin), _DAYS.index(end or begin)
        found += range(low, high + 1) if low <= high else [*range(low, 7), *range(high + 1)]
    return {"days": sorted(set(found)) or list(range(7)), "from": first, "to": last}
