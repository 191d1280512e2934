"""Why is it not moving? For any campaign, what holds how many of its pending messages, until when, and what helps.

The counts of the causes add up to the pending messages. What would hold them next, once what holds them now is
gone, follows with a count of 0 and `is_next`. One truth for the page, the command line and programs.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience.models import SourceStatus
from clarion.campaigns.models import Campaign, Launch, Review
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import progress, stretches
from clarion.deliveries.backlog import backlog
from clarion.deliveries.causes import Cause, Do, Kind, told
from clarion.deliveries.models import Run, Worker
from clarion.senders.models import Sender, SenderStatus
from clarion.workspaces import spelling
from clarion.workspaces.retelling import retold

#: A process whose last sign of life is older does not send.
ALIVE_SECONDS = 15
#: A start is overdue after so many seconds: every sending process looks each second.
STARTING_SECONDS = 5

#: States in which something is to move by itself, or waits for somebody to let it.
EXPLAINED = frozenset(
    {Status.IN_REVIEW, Status.READY, Status.SCHEDULED, Status.BUILDING, Status.SENDING, Status.PAUSED}
)
#: What is told beside something that holds the whole campaign: mending that alone would not help.
_NEXT = frozenset({Kind.SENDER_PAUSED, Kind.SENDER_BLOCKED, Kind.PROVIDER_DOWN, Kind.PROVIDER_THROTTLES})
_PAUSES = {
    PauseCause.PERSON: Kind.PAUSED_PERSON,
    PauseCause.WINDOW: Kind.PAUSED_WINDOW,
    PauseCause.LIMIT: Kind.PAUSED_LIMIT,
    PauseCause.ERRORS: Kind.PAUSED_ERRORS,
    PauseCause.BALANCE: Kind.PAUSED_BALANCE,
    PauseCause.SENDER: Kind.PAUSED_SENDER,
    PauseCause.CONTENT: Kind.PAUSED_CONTENT,
    PauseCause.REVIEW: Kind.PAUSED_REVIEW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What holds a campaign. `causes` with a count add up to `pending`."""

    status: str
    pending: int = 0
    in_flight: int = 0
    #: Messages a second in the last seconds.
    rate: float = 0.0
    causes: tuple[Cause, ...] = field(default_factory=tuple)
    #: Whether single counts are estimates; their sum is true.
    is_estimate: bool = False

    @property
    def is_moving(self) -> bool:
        """Whether messages leave."""
        return self.rate > 0

    @property
    def held(self) -> tuple[Cause, ...]:
        """What is worth telling: all that holds messages back, and while none leave also what slows them."""
        if any(not cause.is_pace for cause in self.causes) or not self.is_moving:
            return tuple(cause for cause in self.causes if cause.kind is not Kind.SENDING)
        return ()


def explain(campaign: Campaign, run: Run | None, *, rate: float = 0.0) -> Explanation:
    """Return what holds the campaign; `run` is its latest, `rate` its speed as `progress` tells it.

    Nothing is said of a campaign that is being written or has ended. At most a dozen queries, all by index.
    """
    status = Status(campaign.status)
    pending = run.pending if run is not None and run.finished_at is None else 0
    in_flight = run.in_flight if run is not None else 0
    if status not in EXPLAINED:
        return Explanation(status=status, pending=pending, in_flight=in_flight)
    blocks = _blocks(campaign, run)
    estimate = False
    causes = [
        told_block.cause(pending if i == 0 else 0, is_next=i > 0) for i, told_block in enumerate(blocks)
    ]
    if status in (Status.SENDING, Status.PAUSED) and run is not None and pending:
        where = backlog(run)
        pending = where.pending
        parts = stretches.of(campaign, run, where, rate)
        if blocks:
            # A stopped sender or a provider that is down would hold it next.
            is_told = campaign.pause_cause == PauseCause.SENDER
            causes += [stretches.following(part) for part in parts if part.kind in _NEXT and not is_told]
        else:
            causes, estimate = parts, where.is_estimate
    return Explanation(
        status=status,
        pending=pending,
        in_flight=in_flight,
        rate=rate,
        causes=tuple(causes),
        is_estimate=estimate,
    )


def explain_now(campaign: Campaign) -> Explanation:
    """Return what holds the campaign, from its latest run and speed as they are now."""
    run = Run.objects.filter(campaign=campaign).defer("plan", "waterfall").order_by("-number").first()
    rate = 0.0
    if run is not None and run.finished_at is None:
        rate = progress.overview(run, is_sending=progress.is_sending(campaign)).rate
    return explain(campaign, run, rate=rate)


def as_json(found: Explanation) -> dict[str, Any]:
    """Return the explanation in JSON types, for the command line and for programs; moments are in UTC."""

    def moment(at: datetime | None) -> str | None:
        return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None

    return {
        "status": found.status.lower(),
        "moving": found.is_moving,
        "rate": found.rate,
        "pending": found.pending,
        "in_flight": found.in_flight,
        "estimate": found.is_estimate,
        "causes": [
            {
                "kind": cause.kind.value,
                "count": cause.count,
                "next": cause.is_next,
                "grave": cause.is_grave,
                "title": cause.title,
                "text": cause.text,
                "cure": cause.cure,
                "since": moment(cause.since),
                "until": moment(cause.until),
                "remedies": [{"do": one.do.value, "object": one.object_id} for one in cause.remedies],
            }
            for cause in found.causes
        ],
    }


def has_workers() -> bool:
    """Tell whether a sending process has given a sign of life lately."""
    since = timezone.now() - timedelta(seconds=ALIVE_SECONDS)
    return Worker.objects.filter(ended_at=None, heartbeat_at__gte=since).exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Something that holds the whole campaign."""

    kind: Kind
    values: dict[str, object] = field(default_factory=dict)
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    objects: dict[Do, str] = field(default_factory=dict)

    def cause(self, count: int, *, is_next: bool) -> Cause:
        return told(
            self.kind, count, values=self.values, text=self.text, since=self.since, until=self.until,
            is_next=is_next, objects=self.objects,
        )  # fmt: skip


def _blocks(campaign: Campaign, run: Run | None) -> list[_Block]:
    """Return what holds the whole campaign, in the order in which it has to go."""
    status, workspace = Status(campaign.status), campaign.workspace
    found: list[_Block] = []
    own = _own(campaign, run)
    if status in (Status.IN_REVIEW, Status.READY) and own:
        return [own]
    if workspace.halted_at is not None:
        found.append(
            _Block(
                kind=Kind.HALTED,
                text=_halted_text(workspace.halted_by, workspace.halt_reason),
                since=workspace.halted_at,
                objects={Do.LIFT: workspace.slug},
            )
        )
    if not workspace.campaigns_enabled:
        found.append(_Block(kind=Kind.SWITCHED_OFF))
    if own is not None:
        found.append(own)
    if _wants_worker(campaign) and not has_workers():
        # A start that is overdue, or a build that nobody does, is the missing process's fault.
        found = [one for one in found if one.kind not in (Kind.STARTING, Kind.BUILDING)]
        found.append(_Block(kind=Kind.NO_WORKER))
    return found


def _halted_text(by: str, reason: str) -> str:
    who = _("Halted by %(name)s.") % {"name": by} if by else ""
    return " ".join(filter(None, [who, reason]))


def _wants_worker(campaign: Campaign) -> bool:
    if campaign.status == Status.SCHEDULED:
        return (
            campaign.missed_at is None and campaign.next_at is not None and campaign.next_at <= timezone.now()
        )
    return campaign.status in (Status.BUILDING, Status.SENDING)


def _own(campaign: Campaign, run: Run | None) -> _Block | None:
    """Return what the campaign's own state says; None while it sends."""
    mine = {Do.START: str(campaign.public_id), Do.EDIT: str(campaign.public_id)}
    mine |= {Do.CONTINUE: str(campaign.public_id), Do.MODERATE: str(campaign.public_id)}
    since = campaign.status_changed_at
    match Status(campaign.status):
        case Status.PAUSED:
            return _pause(campaign, mine)
        case Status.IN_REVIEW:
            return _Block(kind=Kind.APPROVAL, text=_submitted(campaign), since=since, objects=mine)
        case Status.READY:
            return _reading(campaign) or _Block(kind=Kind.BY_HAND, since=since, objects=mine)
        case Status.SCHEDULED if campaign.missed_at is not None:
            return _Block(kind=Kind.MISSED, since=campaign.missed_at, objects=mine)
        case Status.SCHEDULED:
            is_later = campaign.next_at is not None and campaign.next_at > timezone.now()
            kind = Kind.SCHEDULED if is_later else Kind.STARTING
            return _Block(kind=kind, until=campaign.next_at if is_later else None, objects=mine)
        case Status.BUILDING:
            return _reading(campaign) or _building(campaign, run)
        case Status.SENDING if campaign.launch == Launch.TRIGGER and (run is None or not run.pending):
            return _Block(kind=Kind.PUSHES, until=campaign.ends_at)
    return None


def _pause(campaign: Campaign, mine: dict[Do, str]) -> _Block:
    cause = PauseCause(campaign.pause_cause)
    kind, text, objects = _PAUSES[cause], retold(campaign.status_reason), dict(mine)
    if cause is PauseCause.SENDER:
        senders = list(_senders(campaign))
        stopped = [one for one in senders if one.status != SenderStatus.ACTIVE]
        if senders and not stopped:
            kind = Kind.PAUSED_MENDED
            text = _("It was paused because: %(reason)s") % {"reason": text} if text else ""
        objects |= _opening(stopped or senders)
    elif cause in (PauseCause.LIMIT, PauseCause.CONTENT):
        objects |= _opening(_senders(campaign))
    is_system = campaign.status_by in ("", "system")
    return _Block(
        kind=kind,
        values={"by": _("a person") if is_system else campaign.status_by},
        text=text,
        since=campaign.status_changed_at,
        until=campaign.resume_at,
        objects=objects,
    )


def _opening(senders: list[Sender]) -> dict[Do, str]:
    return {Do.OPEN_SENDER: str(senders[0].public_id)} if senders else {}


def _senders(campaign: Campaign) -> list[Sender]:
    return list(
        Sender.objects.filter(step__campaign=campaign).distinct().defer("config", "sealed").order_by("pk")
    )


def _submitted(campaign: Campaign) -> str:
    review = Review.objects.filter(campaign=campaign, decision="").select_related("submitted_by").first()
    if review is None or review.submitted_by is None:
        return ""
    return _("Submitted by %(name)s.") % {"name": str(review.submitted_by)}


def _reading(campaign: Campaign) -> _Block | None:
    source = campaign.source.table if campaign.source is not None else None
    if source is None or source.status not in (SourceStatus.WAITING, SourceStatus.READING):
        return None
    text = ""
    if source.file_bytes:
        share = min(99, source.read_bytes * 100 // source.file_bytes)
        text = _("%(share)d %% of “%(file)s” is read.") % {
            "share": share,
            "file": source.file_name or str(source),
        }
    return _Block(kind=Kind.READING, text=text)


def _building(campaign: Campaign, run: Run | None) -> _Block:
    earlier = Run.objects.filter(campaign=campaign, finished_at=None, closing_stage__isnull=False).exists()
    if earlier:
        return _Block(kind=Kind.SETTLING)
    text = ""
    source = campaign.source
    if run is not None and source is not None and source.sheet is not None and "copy" not in run.plan:
        return _Block(kind=Kind.READING, text=_("“%(file)s” is read again.") % {"file": source.sheet.name})
    if run is not None and run.finished_at is None and run.source_count:
        text = _("%(done)s of %(all)s rows are taken.") % {
            "done": spelling.number(run.built_count),
            "all": spelling.number(run.source_count),
        }
    return _Block(kind=Kind.BUILDING, text=text)
