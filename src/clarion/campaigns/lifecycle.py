"""The one door through which a campaign's state changes: a conditional update, an audit event, a wake-up call."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import ENDED, TRANSITIONS, Action, PauseCause, Status
from clarion.webhooks import publishing
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.wake import wake

#: States in which a start may be awaited: what was said of it is kept.
_AWAITING = frozenset({Status.SCHEDULED, Status.PAUSED})


@transaction.atomic
def move(
    campaign: Campaign,
    action: Action,
    *,
    by: Actor,
    reason: str = "",
    cause: PauseCause | None = None,
    target: Status | None = None,
    **facts: Any,
) -> Campaign:
    """Do `action` to the campaign and return it afresh.

    `target` may only name another state for CONTINUE, which leads back to where the pause began. `facts` are
    further fields set by the same update. Raises TransitionRefused when the campaign is not in a state that
    allows the action (any more), and NotAllowed when the actor's role does not include it.
    """
    transition = TRANSITIONS[action]
    if transition.permission is None:
        if by.member is not None:
            raise NotAllowed(str(action.label))
    else:
        by.require(transition.permission)
    goal = target or transition.target
    now = timezone.now()
    fields: dict[str, Any] = {
        "status": goal,
        "status_changed_at": now,
        "status_reason": reason,
        "status_by": by.name,
        "pause_cause": (cause or PauseCause.PERSON) if goal is Status.PAUSED else "",
        # The state it had until this very update, whoever else was quick in between.
        "paused_from": F("status") if goal is Status.PAUSED else "",
        "resume_at": None,
        "finished_at": now if goal in ENDED else None,
        **({} if goal in _AWAITING else {"next_at": None, "missed_at": None}),
        **facts,
    }
    before = campaign.status
    moved = Campaign.objects.filter(
        pk=campaign.pk, workspace=by.workspace, status__in=transition.sources
    ).update(**fields)
    if moved != 1:
        raise TransitionRefused
    after = Campaign.objects.get(pk=campaign.pk)
    audit.record(
        by=by,
        action=f"campaign.{action.value}",
        kind="campaign",
        object_id=str(after.public_id),
        object_name=after.name,
        reason=reason,
        changes={"status": (before, goal.value)}
        | ({"pause_cause": ("", after.pause_cause)} if cause else {}),
    )
    _publish(after, before=before, action=action, via=by.via)
    wake(campaign_id=after.pk)
    return after


def _publish(after: Campaign, *, before: str, action: Action, via: str) -> None:
    id = str(after.public_id)
    publishing.publish(
        after.workspace_id, "campaign.state", key=f"campaign:{id}",
        data={
            "campaign": id, "name": after.name, "from": before.lower(), "to": after.status.lower(),
            "action": action.value, "cause": after.pause_cause.lower(), "reason": after.status_reason, "via": via,
        },
    )  # fmt: skip
