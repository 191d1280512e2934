"""What keeps a campaign from moving on now: each thing by its name, with what would help."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import reasons
from clarion.deliveries.models import Run, RunStep, Worker
from clarion.deliveries.progress import Overview
from clarion.senders.models import Sender, SenderLane, SenderStatus
from clarion.workspaces.models import Membership

#: A process whose last sign of life is older does not send.
ALIVE_SECONDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One thing that holds the campaign. `kind` is stable; `until` is when it ends by itself, if that is known."""

    kind: str
    title: str
    text: str = ""
    until: datetime | None = None
    #: Whether a person has to do something.
    is_grave: bool = False


def holds(campaign: Campaign, run: Run | None, seen: Overview | None) -> list[Hold]:
    """Return what holds the campaign, the gravest first; empty when nothing does or it has ended."""
    found: list[Hold] = []
    if campaign.status == Status.PAUSED:
        found.append(_pause(campaign))
    if campaign.status not in (Status.BUILDING, Status.SENDING, Status.PAUSED, Status.SCHEDULED):
        return found
    if campaign.workspace.halted_at is not None:
        found.append(
            Hold(
                kind="halted",
                title=_("The workspace is halted"),
                text=_("Nothing leaves until an administrator lifts the halt."),
                is_grave=True,
            )
        )
    if campaign.status not in (Status.BUILDING, Status.SENDING):
        return found
    found += without_workers()
    if run is not None:
        found += _of_senders(run)
    if seen is not None and not found:
        found += _waiting(seen)
    return found


def _pause(campaign: Campaign) -> Hold:
    causes = {
        PauseCause.PERSON: _("Paused by a person"),
        PauseCause.WINDOW: _("Outside its sending window"),
        PauseCause.LIMIT: _("A limit is reached"),
        PauseCause.ERRORS: _("Paused because of too many errors"),
        PauseCause.BALANCE: _("The balance is used up"),
        PauseCause.SENDER: _("The provider refused the sender"),
        PauseCause.REVIEW: _("The rest waits for a second yes"),
    }
    cause = PauseCause(campaign.pause_cause)
    return Hold(
        kind="paused",
        title=causes[cause],
        text=campaign.status_reason or _("Nothing is lost: it goes on where it was when it is continued."),
        is_grave=cause not in (PauseCause.PERSON, PauseCause.WINDOW, PauseCause.REVIEW),
    )


def without_workers() -> list[Hold]:
    """Return that no process sends, if that is so."""
    since = timezone.now() - timedelta(seconds=ALIVE_SECONDS)
    if Worker.objects.filter(ended_at=None, heartbeat_at__gte=since).exists():
        return []
    return [
        Hold(
            kind="no_worker",
            title=_("No sending process is running"),
            text=_("Start one with “clarion worker”; sending goes on where it was."),
            is_grave=True,
        )
    ]


def resting_lanes(member: Membership) -> list[tuple[SenderLane, Hold]]:
    """Return the workspace's senders whose provider is given a rest now, each with what is said of it."""
    ids = list(Sender.objects.filter(workspace_id=member.workspace_id).values_list("pk", flat=True))
    return [(lane, _rest(lane)) for lane in _open_lanes(ids)]


def _of_senders(run: Run) -> list[Hold]:
    ids = list(RunStep.objects.filter(run_id=run.pk).values_list("sender_id", flat=True))
    found = [
        Hold(
            kind=f"sender_{sender.status.lower()}",
            title=(
                _("The sender “%(name)s” is blocked")
                if sender.status == SenderStatus.BLOCKED
                else _("The sender “%(name)s” is paused")
            )
            % {"name": sender.name},
            text=sender.status_reason,
            is_grave=True,
        )
        for sender in Sender.objects.filter(pk__in=ids, workspace_id=run.workspace_id)
        .exclude(status=SenderStatus.ACTIVE)
        .defer("config", "sealed")
    ]
    return found + [_rest(lane) for lane in _open_lanes(ids)]


def _open_lanes(senders: Sequence[int]) -> list[SenderLane]:
    """Lanes that wait because their provider is ill: of each sender the one that waits longest."""
    lanes = SenderLane.objects.filter(sender_id__in=senders, open_until__gt=timezone.now())
    latest: dict[int, SenderLane] = {}
    for lane in lanes.select_related("sender").order_by("open_until"):
        latest[lane.sender_id] = lane
    return list(latest.values())


def _rest(lane: SenderLane) -> Hold:
    return Hold(
        kind="provider",
        title=_("The provider of “%(name)s” is given a rest") % {"name": lane.sender.name},
        text=" ".join(filter(None, [reasons.sentence_of(lane.open_reason), lane.open_detail])),
        until=lane.open_until,
    )


def _waiting(seen: Overview) -> list[Hold]:
    if seen.next_due is None or seen.in_flight or seen.rate > 0 or seen.next_due <= timezone.now():
        return []
    return [
        Hold(
            kind="waiting",
            title=_("Everything left waits for its next attempt"),
            text=_("The provider put these messages off."),
            until=seen.next_due,
        )
    ]
