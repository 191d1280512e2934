"""Change a campaign's state, or end the command with the reason why not."""

from typing import TYPE_CHECKING, Any, NoReturn

import typer
from django.db import transaction

from clarion.campaigns import operations, review
from clarion.campaigns.errors import AwaitsRelease, CampaignInvalid, TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.operations.launching import WAITING
from clarion.campaigns.states import Status
from clarion.cli import session
from clarion.senders import operations as senders
from clarion.senders.models import Sender, SenderStatus
from clarion.workspaces import actors

if TYPE_CHECKING:
    from clarion.campaigns.fields import Changes
    from clarion.workspaces.actors import Actor

#: States in which a campaign goes on by itself as soon as somebody sends.
_GOING = frozenset({Status.BUILDING, Status.SENDING})


def started(campaign: Campaign, by: "Actor", reason: str) -> None:
    """Start the campaign."""
    try:
        operations.start(campaign=campaign, by=by, reason=reason)
    except TransitionRefused:
        refused(campaign, "start")
    except CampaignInvalid as invalid:
        session.refuse(invalid.problems)


def timed(campaign: Campaign, changes: "Changes", reason: str, *, launches: bool) -> None:
    """Change when the campaign is sent, and let it wait for that; a paused one keeps its pause."""
    by = actors.operator(campaign.workspace)
    try:
        with transaction.atomic():
            now = operations.update_campaign(campaign=campaign, by=by, **changes)
            if launches and now.status != Status.PAUSED and now.launch in WAITING:
                operations.launch(campaign=now, by=by, reason=reason)
            elif launches and now.launch not in WAITING:
                session.refuse(["Say when it is to start: --at. What starts at once is started by `start`."])
    except TransitionRefused:
        refused(campaign, "schedule")
    except CampaignInvalid as invalid:
        session.refuse(invalid.problems)


def continued(campaign: Campaign, by: "Actor", reason: str, *, activates: bool) -> None:
    """Continue the campaign; one that is going already is left to go on."""
    blocked = Sender.objects.filter(step__campaign=campaign, status=SenderStatus.BLOCKED).distinct()
    for sender in blocked:
        if not activates:
            typer.echo(
                f"The sender {sender.name} is blocked: {sender.status_reason}\n"
                "When that is mended, continue with --activate-sender.",
                err=True,
            )
            raise typer.Exit(session.ENDED_OTHERWISE)
        senders.activate_sender(sender=sender, by=by)
    if campaign.status in _GOING:
        return
    moved(campaign, "continue_", by, reason)


def moved(campaign: Campaign, name: str, by: "Actor", reason: str) -> None:
    """Do what the operation of that name does."""
    try:
        getattr(operations, name)(campaign=campaign, by=by, reason=reason)
    except AwaitsRelease:
        typer.echo(
            "A first part of it is out, and the rest waits for a second yes: clarion campaign release.",
            err=True,
        )
        raise typer.Exit(session.ENDED_OTHERWISE) from None
    except TransitionRefused:
        refused(campaign, name.rstrip("_"))
    except CampaignInvalid as invalid:
        typer.echo(" ".join(invalid.problems), err=True)
        raise typer.Exit(session.ENDED_OTHERWISE) from None


def decided(campaign: Campaign, name: str, by: "Actor", **said: Any) -> None:
    """Do the step of moderation of that name. An empty digest means: as the campaign is now."""
    if "digest" in said:
        said["digest"] = said["digest"] or review.digest_of(campaign)
    try:
        getattr(operations, name)(campaign=campaign, by=by, **said)
    except TransitionRefused:
        refused(campaign, name)
    except CampaignInvalid as invalid:
        session.refuse(invalid.problems)


def refused(campaign: Campaign, verb: str) -> NoReturn:
    """Say that the state does not allow it, and which states would; end the command."""
    from clarion.campaigns.states import TRANSITIONS, Action

    now = Campaign.objects.get(pk=campaign.pk)
    sources = TRANSITIONS[Action(verb)].sources
    names = [status.value.lower() for status in Status if status in sources]
    fitting = " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    archived = " and archived" if now.archived_at else ""
    typer.echo(
        f"The campaign {now.name} is {now.status.lower()}{archived}: only one that is {fitting} can be"
        f" {_PAST[verb]}.",
        err=True,
    )
    raise typer.Exit(session.ENDED_OTHERWISE)


_PAST = {
    "schedule": "scheduled",
    "start": "started",
    "pause": "paused",
    "continue": "continued",
    "stop": "stopped",
    "cancel": "cancelled",
    "retry": "retried",
    "submit": "submitted",
    "withdraw": "taken back",
    "approve": "approved",
    "reject": "rejected",
    "release": "released",
}
