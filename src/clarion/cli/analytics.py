"""`clarion campaign analytics` and `links`: what came of the messages, and the switch of their links."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.campaign import Id
from clarion.cli.options import AsJson

if TYPE_CHECKING:
    from clarion.deliveries.models import Run
    from clarion.deliveries.tracking.analytics import StepResults

RunId = Annotated[
    str, typer.Argument(metavar="ID", help="The campaign's id, for its latest run, or a run's number.")
]
On = Annotated[bool, typer.Option("--on/--off", help="Whether they lead to their targets.")]


def register(group: typer.Typer) -> None:
    """Add the commands to `clarion campaign`."""
    for command in (analytics, links):
        group.command()(command)


def analytics(id_: RunId, as_json: AsJson = False) -> None:
    """Show who opened and clicked, by channel and link, apart from what programs did."""
    session.quiet()
    with session.opened():
        run = session.run(id_)
        found = _found(run)
        if as_json:
            told.dump(found)
            return
        for one in found["channels"]:
            opened, clicked = (_said(one[name]) for name in ("opened", "clicked"))
            typer.echo(
                f"{one['channel']}: {one['accepted']:,} accepted, {opened} opened, {clicked} clicked,"
                f" {one['unsubscribed']:,} unsubscribed"
            )
            typer.echo(f"  by programs: {one['machine_opens']:,} opens, {one['machine_clicks']:,} clicks")
        for one in found["links"]:
            typer.echo(f"{one['people']:>9,}  {one['clicks']:>9,}  {one['target']}")


def links(id_: Id, on: On = True, as_json: AsJson = False) -> None:
    """Switch the followed links of all messages of a campaign off, or on again."""
    session.quiet()
    with session.opened():
        from clarion.campaigns import operations
        from clarion.workspaces import actors

        campaign = session.campaign(id_)
        done = operations.switch_links(campaign=campaign, on=on, by=actors.operator(campaign.workspace))
        if as_json:
            told.dump({"campaign": str(done.public_id), "links_off_at": told.moment(done.links_off_at)})
        else:
            typer.echo("on" if done.links_off_at is None else "off")


def _said(count: int | None) -> str:
    return "nobody knows how many" if count is None else f"{count:,}"


def _found(run: "Run") -> dict[str, Any]:
    from clarion.deliveries.tracking import analytics as reading

    return {
        "run": run.pk,
        "channels": [_channel(one) for one in reading.results(run)],
        "links": [
            {
                "step": one.step, "number": one.number, "target": one.target, "people": one.people,
                "clicks": one.clicks, "machine_clicks": one.machine_clicks,
            }
            for one in reading.links(run)
        ],
    }  # fmt: skip


def _channel(one: "StepResults") -> dict[str, Any]:
    tracked, step = one.tracked, one.step
    return {
        "step": step.step,
        "channel": step.channel,
        "accepted": step.accepted,
        "delivered": one.delivered,
        "opened": one.opened,
        "clicked": one.clicked,
        "unsubscribed": step.unsubscribed,
        "opens": tracked.opens if tracked else 0,
        "clicks": tracked.clicks if tracked else 0,
        "machine_opens": tracked.machine_opens if tracked else 0,
        "machine_clicks": tracked.machine_clicks if tracked else 0,
    }
