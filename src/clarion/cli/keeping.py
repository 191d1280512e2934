"""`clarion campaign edit`, `duplicate`, `archive`, `restore`, `delete` and `purge`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from clarion.cli import following, session, told
from clarion.cli.campaign import Id
from clarion.cli.options import AsJson, Reason, Yes

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.workspaces.actors import Actor

    Deed = Callable[[Campaign, Actor], Any]


def register(group: typer.Typer) -> None:
    """Add the commands to `clarion campaign`."""
    for command in (edit, duplicate, archive, restore, delete, purge):
        group.command()(command)


def edit(id_: Id, reason: Reason = "", as_json: AsJson = False) -> None:
    """Make a ready, scheduled, stopped or failed campaign a draft again, so that it can be changed."""

    def do(campaign: "Campaign", by: "Actor") -> Any:
        from clarion.campaigns import operations

        return operations.reopen(campaign=campaign, by=by, reason=reason)

    _do(id_, "edit", do, as_json=as_json)


def duplicate(id_: Id, as_json: AsJson = False) -> None:
    """Make a new draft that says the same to the same people, and print it."""

    def do(campaign: "Campaign", by: "Actor") -> Any:
        from clarion.campaigns import operations

        return operations.duplicate(campaign=campaign, by=by)

    _do(id_, "duplicate", do, as_json=as_json)


def archive(id_: Id, as_json: AsJson = False) -> None:
    """Put a campaign out of sight; it can be restored."""

    def do(campaign: "Campaign", by: "Actor") -> Any:
        from clarion.campaigns import operations

        return operations.archive(campaign=campaign, by=by)

    _do(id_, "archive", do, as_json=as_json)


def restore(id_: Id, as_json: AsJson = False) -> None:
    """Bring an archived campaign back."""

    def do(campaign: "Campaign", by: "Actor") -> Any:
        from clarion.campaigns import operations

        return operations.restore(campaign=campaign, by=by)

    _do(id_, "restore", do, as_json=as_json)


def delete(id_: Id, yes: Yes = False) -> None:
    """Remove a campaign for good that was never started."""

    def do(campaign: "Campaign", by: "Actor") -> None:
        from clarion.campaigns import operations

        operations.delete(campaign=campaign, by=by)

    _do(id_, "delete", do, is_sure=yes)


def purge(id_: Id, yes: Yes = False) -> None:
    """Remove an archived campaign for good, with the record of every message."""

    def do(campaign: "Campaign", by: "Actor") -> None:
        from clarion.deliveries import purging

        purging.purge(campaign=campaign, by=by)

    _do(id_, "purge", do, is_sure=yes)


def _do(words: str, verb: str, deed: "Deed", *, is_sure: bool = True, as_json: bool = False) -> None:
    """Do it and show what came of it; nothing is shown of what is gone."""
    session.quiet()
    if not is_sure:
        session.refuse([f"Say --yes to {verb} a campaign: it cannot be brought back."])
    with session.opened():
        from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
        from clarion.runtime import watching
        from clarion.workspaces import actors

        campaign = session.campaign(words)
        try:
            result = deed(campaign, actors.operator(campaign.workspace))
        except CampaignInvalid as invalid:
            session.refuse(invalid.problems)
        except TransitionRefused:
            _refused(campaign, verb)
        if result is not None:
            seen = watching.snapshot(result.pk)
            told.dump(told.campaign(seen)) if as_json else typer.echo(following.summary(seen))


def _refused(campaign: "Campaign", verb: str) -> None:
    """Say that the campaign is not in a state for it; end the command."""
    campaign.refresh_from_db()
    state = campaign.status.lower().replace("_", " ") + (" and archived" if campaign.archived_at else "")
    typer.echo(f"The campaign {campaign.name} is {state}: `{verb}` is not possible now.", err=True)
    raise typer.Exit(session.ENDED_OTHERWISE)
