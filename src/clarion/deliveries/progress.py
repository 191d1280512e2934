"""How far a run has come, how fast it goes and when it will be done: from its counters and its senders' lanes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max, Sum
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import queries
from clarion.deliveries.models import Activity, Run, RunProblem, RunStep
from clarion.senders.models import Sender, SenderLane, SenderStatus

#: What a lane says about itself is believed for so long; it says it each second.
LANE_FRESH_SECONDS = 4
#: A run that was last counted longer ago than this goes no faster than one message in that time.
IDLE_SECONDS = 3
#: Minutes over which a rate is taken when several campaigns share a sender.
RATE_MINUTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelProgress:
    """One step of a run: counters of messages, and who sends them."""

    step: int
    channel: str
    sender: str
    sender_status: str
    sender_reason: str
    handed: int
    accepted: int
    failed: int
    unknown: int
    deferred: int
    results: Mapping[str, int]
    #: 0 for a primary channel, else which fallback it is.
    tier: int = 0
    #: Of a cascade: messages that were made for it, of them those called off, and people that it could not reach.
    made: int = 0
    dropped: int = 0
    left_out: int = 0

    @property
    def tried(self) -> int:
        """Messages whose attempts have ended."""
        return self.accepted + self.failed + self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A run at a glance. Persons unless said otherwise."""

    total: int
    pending: int
    in_flight: int
    sent: int
    partly: int
    failed: int
    skipped: int
    cancelled: int
    expired: int
    unknown: int
    #: Messages a second in the last seconds; 0 when nothing moves.
    rate: float
    #: The strictest limit that holds for it, in messages a second; None without one.
    limit: float | None
    #: Seconds until the last message at the present rate; None when it cannot be told.
    eta_seconds: int | None
    #: When the first of those that wait is tried again; None when nobody waits.
    next_due: datetime | None
    channels: Sequence[ChannelProgress] = field(default_factory=tuple)

    @property
    def targets(self) -> int:
        """Everybody it is for: those left out when it was built are not among them."""
        return self.total - self.skipped

    @property
    def not_delivered(self) -> int:
        return self.failed + self.unknown + self.cancelled + self.expired

    @property
    def waiting(self) -> int:
        """Everybody of whom it is not known yet: pending and in flight."""
        return self.pending + self.in_flight

    @property
    def done(self) -> int:
        return self.targets - self.waiting

    @property
    def percent(self) -> int:
        """Whole per cent of the targets done; 100 only when nobody is left."""
        return self.done * 100 // self.targets if self.targets else 0

    @property
    def reconciles(self) -> bool:
        """Whether every person is in exactly one place."""
        return self.total == (self.waiting + self.sent + self.partly + self.not_delivered + self.skipped)

    def share(self, count: int) -> float:
        """Return a count in per cent of the targets, with one decimal."""
        return round(100 * count / self.targets, 1) if self.targets else 0.0

    def messages(self, name: str) -> int:
        """Return a counter of messages over all channels: "accepted", "delivered", "read" …"""
        return sum(one.results[name] if name in one.results else getattr(one, name) for one in self.channels)


#: Counters of what came back later, in the order in which it happens.
RESULTS = ("delivered", "read", "clicked", "replied", "bounced", "complained", "unsubscribed")


def overview(run: Run, *, is_sending: bool) -> Overview:
    """Return the run at a glance. `is_sending` tells whether its campaign is; else there is no rate. ≤ 6 queries."""
    steps = queries.lean_steps(run)
    senders = Sender.objects.defer("config", "sealed").in_bulk({step.sender_id for step in steps})
    can_leave = any(sender.status == SenderStatus.ACTIVE for sender in senders.values())
    rate = _rate(run, steps) if is_sending and can_leave else 0.0
    limit = _limit(run, list(senders.values()))
    return Overview(
        **{name: getattr(run, name) for name in _PERSONS},
        rate=rate,
        limit=limit,
        eta_seconds=_eta(run, rate) if is_sending else None,
        next_due=_next_due(run, steps) if run.finished_at is None else None,
        channels=[_channel(step, senders.get(step.sender_id)) for step in steps],
    )


_PERSONS = (
    "total", "pending", "in_flight", "sent", "partly", "failed", "skipped", "cancelled", "expired", "unknown",
)  # fmt: skip


def is_sending(campaign: Campaign) -> bool:
    """Whether the campaign's messages leave now, as far as its state and its workspace's go."""
    return campaign.status == Status.SENDING and campaign.workspace.halted_at is None


def _channel(step: RunStep, sender: Sender | None) -> ChannelProgress:
    return ChannelProgress(
        step=step.step,
        channel=step.channel,
        sender=sender.name if sender else "",
        sender_status=sender.status if sender else "",
        sender_reason=sender.status_reason if sender and sender.status != SenderStatus.ACTIVE else "",
        handed=step.handed,
        accepted=step.accepted,
        failed=step.failed,
        unknown=step.unknown,
        deferred=step.deferred,
        results={name: getattr(step, name) for name in RESULTS},
        tier=step.tier,
        made=step.made,
        dropped=step.dropped,
        left_out=step.left_out,
    )


def _rate(run: Run, steps: Sequence[RunStep]) -> float:
    """Return messages a second: what the lanes say when they serve this run alone, else what was counted."""
    senders = {step.sender_id for step in steps}
    others = RunStep.objects.filter(
        sender_id__in=senders, run__finished_at=None, run__campaign__status=Status.SENDING
    ).exclude(run_id=run.pk)
    if not others.exists():
        since = timezone.now() - timedelta(seconds=LANE_FRESH_SECONDS)
        told = SenderLane.objects.filter(
            sender_id__in=senders, worker_id__isnull=False, saved_at__gte=since
        ).aggregate(rate=Sum("rate"))["rate"]
        if told is not None:
            return round(float(told), 1)
    return _counted_rate(run)


def _counted_rate(run: Run) -> float:
    now = timezone.now()
    since = now.replace(second=0, microsecond=0) - timedelta(minutes=RATE_MINUTES - 1)
    ended = (
        Activity.objects.filter(run_id=run.pk, minute__gte=since).aggregate(count=Sum("count"))["count"] or 0
    )
    began = max(since, run.first_sent_at) if run.first_sent_at else since
    seconds = (now - began).total_seconds()
    rate = ended / seconds if seconds >= 1 else 0.0
    if rate and (idle := _idle_seconds(run, now)):
        rate = min(rate, 1 / idle)
    return round(rate, 2 if rate < 1 else 1)


def _idle_seconds(run: Run, now: datetime) -> float:
    """Return for how long nothing of the run was counted; 0.0 for a moment that says nothing yet."""
    if run.last_sent_at is not None and (now - run.last_sent_at).total_seconds() < IDLE_SECONDS:
        return 0.0
    told = RunProblem.objects.filter(run_id=run.pk).aggregate(last=Max("last_at"))["last"]
    last = max(filter(None, [run.last_sent_at, told]), default=None)
    idle = (now - last).total_seconds() if last is not None else 0.0
    return idle if idle >= IDLE_SECONDS else 0.0


def _limit(run: Run, senders: Sequence[Sender]) -> float | None:
    limits = [limit for sender in senders for limit in _limits(sender)]
    own = Campaign.objects.filter(pk=run.campaign_id).values_list("rate_limit", flat=True).first()
    if own is not None:
        limits.append(own)
    return min(limits, default=None)


def _limits(sender: Sender) -> list[float]:
    spans = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
    found = [(getattr(sender, f"limit_{name}"), seconds) for name, seconds in spans.items()]
    return [round(limit / seconds, 3) for limit, seconds in found if limit is not None]


def _eta(run: Run, rate: float) -> int | None:
    left = run.pending + run.in_flight
    if not left:
        return 0
    return math.ceil(left / rate) if rate > 0 else None


_NEXT_DUE = """
select min(first.not_before) from unnest(%s::smallint[]) as step(step)
 cross join lateral (select w.not_before from deliveries_waiting w
                      where w.run_id = %s and w.step = step.step order by w.not_before limit 1) first
"""


def _next_due(run: Run, steps: Sequence[RunStep]) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_DUE, [[step.step for step in steps], run.pk])
        due: datetime | None = cursor.fetchone()[0]
    return due
