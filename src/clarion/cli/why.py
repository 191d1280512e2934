"""`clarion campaign why` and `speed`: what holds a campaign, and how fast it goes."""

from typing import TYPE_CHECKING, Annotated

import typer

from clarion.cli import campaign, following, session, told
from clarion.cli.options import AsJson

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.causes import Cause
    from clarion.deliveries.explain import Explanation


def register(group: typer.Typer) -> None:
    """Add the commands to `clarion campaign`."""
    group.command()(why)
    group.command()(speed)


def why(id_: campaign.Id, as_json: AsJson = False) -> None:
    """Say why a campaign is not moving: what holds how many of its messages, until when, and what helps."""
    session.quiet()
    with session.opened():
        from clarion.deliveries import explain

        one = session.campaign(id_)
        found = explain.explain_now(one)
        if as_json:
            told.dump({"campaign": str(one.public_id), **explain.as_json(found)})
        else:
            typer.echo("\n".join(_lines(one, found)))


def speed(
    id_: campaign.Id,
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
    session.quiet()
    with session.opened():
        from clarion.campaigns import operations
        from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
        from clarion.runtime import watching
        from clarion.workspaces import actors

        one = session.campaign(id_)
        low, high = _delay(delay, one)
        try:
            operations.change_speed(
                campaign=one,
                rate_limit=one.rate_limit if rate is None else rate or None,
                delay_min=low,
                delay_max=high,
                by=actors.operator(one.workspace),
            )
        except CampaignInvalid as invalid:
            session.refuse(invalid.problems)
        except TransitionRefused:
            typer.echo(
                f"The campaign {one.name} is {one.status.lower()}: only one on its way has a speed.", err=True
            )
            raise typer.Exit(session.ENDED_OTHERWISE) from None
        seen = watching.snapshot(one.pk)
        told.dump(told.campaign(seen)) if as_json else typer.echo(following.summary(seen))


def _delay(said: str | None, one: "Campaign") -> tuple[float, float]:
    if said is None:
        return one.delay_min, one.delay_max
    low, _dash, high = said.partition("-")
    try:
        return float(low), float(high or low)
    except ValueError:
        session.refuse([f"--delay: {said!r} is no number of seconds, and no range such as 5-20."])


def _lines(one: "Campaign", found: "Explanation") -> list[str]:
    head = f"{one.name}: {one.get_status_display()}"
    if found.pending:
        head += f", {found.pending:,} pending"
    if found.in_flight:
        head += f", {found.in_flight:,} in flight"
    if found.is_moving:
        head += f", {found.rate:g} a second"
    lines = [head]
    for cause in found.causes:
        lines += _cause(one, cause)
    if not found.causes:
        lines.append("  Nothing holds it.")
    if found.is_estimate:
        lines.append("  The shares are estimates; their sum is true.")
    return lines


def _cause(one: "Campaign", cause: "Cause") -> list[str]:
    from django.utils import timezone

    share = "then" if cause.is_next else f"{cause.count:,}" if cause.count else "-"
    lines = [f"  {share:>9}  {cause.title}"]
    rest = [cause.text] if cause.text else []
    if cause.until is not None:
        rest.append(f"Until {timezone.localtime(cause.until):%Y-%m-%d %H:%M:%S %Z}.")
    rest.append(cause.cure)
    lines += [f"{'':13}{line}" for line in rest]
    lines += [f"{'':13}$ {command}" for command in commands(one, cause)]
    return lines


def commands(one: "Campaign", cause: "Cause") -> list[str]:
    """Return the commands that do what helps; what has none is left to its sentence."""
    from clarion.deliveries.causes import Do, Kind

    id_ = str(one.public_id)[:8]
    known = {
        Do.LIFT: f"clarion lift --workspace {one.workspace.slug}",
        Do.CONTINUE: f"clarion campaign continue {id_}",
        Do.START: f"clarion campaign start {id_}",
        Do.CHANGE_SPEED: f"clarion campaign speed {id_} --rate 0 --delay 0",
        Do.OPEN_BALANCE: f"clarion balance top-up AMOUNT --workspace {one.workspace.slug}",
        Do.SHOW_WAITING: f"clarion deliveries {id_} --status pending",
    }
    found = []
    for remedy in cause.remedies:
        if remedy.do in known:
            found.append(known[remedy.do])
        elif remedy.do is Do.OPEN_CAMPAIGN and remedy.object_id:
            found.append(f"clarion campaign show {remedy.object_id[:8]}")
        elif remedy.do is Do.OPEN_SENDER and cause.kind in (
            Kind.SENDER_PAUSED,
            Kind.SENDER_BLOCKED,
            Kind.PAUSED_SENDER,
        ):
            found.append(f"clarion sender resume {remedy.object_id[:8]}")
    return found
