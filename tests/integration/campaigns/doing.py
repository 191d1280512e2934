"""Everything that people can do with a campaign, as its operations do it."""

from collections.abc import Callable
from typing import Any

from clarion.campaigns import operations, review
from clarion.campaigns.models import Campaign
from clarion.campaigns.offers import Handling
from clarion.campaigns.states import Action
from clarion.deliveries import purging
from clarion.workspaces.actors import Actor

Do = Callable[[Campaign, Actor], Any]
OPERATIONS: dict[Action | Handling, Do] = {
    Action.SUBMIT: lambda campaign, by: operations.submit(campaign=campaign, by=by),
    Action.WITHDRAW: lambda campaign, by: operations.withdraw(campaign=campaign, by=by),
    Action.APPROVE: lambda campaign, by: operations.approve(
        campaign=campaign, digest=review.digest_of(campaign), by=by
    ),
    Action.REJECT: lambda campaign, by: operations.reject(campaign=campaign, reason="No.", by=by),
    Action.RELEASE: lambda campaign, by: operations.release(
        campaign=campaign, digest=review.digest_of(campaign), by=by
    ),
    Action.SCHEDULE: lambda campaign, by: operations.schedule_as_said(campaign=campaign, by=by),
    Action.START: lambda campaign, by: operations.start(campaign=campaign, by=by),
    Action.PAUSE: lambda campaign, by: operations.pause(campaign=campaign, by=by),
    Action.CONTINUE: lambda campaign, by: operations.continue_(campaign=campaign, by=by),
    Action.STOP: lambda campaign, by: operations.stop(campaign=campaign, by=by),
    Action.CANCEL: lambda campaign, by: operations.cancel(campaign=campaign, by=by),
    Action.EDIT: lambda campaign, by: operations.reopen(campaign=campaign, by=by),
    Handling.DUPLICATE: lambda campaign, by: operations.duplicate(campaign=campaign, by=by),
    Handling.ARCHIVE: lambda campaign, by: operations.archive(campaign=campaign, by=by),
    Handling.RESTORE: lambda campaign, by: operations.restore(campaign=campaign, by=by),
    Handling.DELETE: lambda campaign, by: operations.delete(campaign=campaign, by=by),
    Handling.PURGE: lambda campaign, by: purging.purge(campaign=campaign, by=by),
}
