"""Follow a campaign from its start to its end, as a command that waits for it does."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries.causes import Kind
from clarion.deliveries.explain import explain
from clarion.deliveries.models import Run

#: Pauses that end only when somebody mends what is wrong: nobody waits for that at a command line.
_STUCK = frozenset({PauseCause.SENDER, PauseCause.ERRORS, PauseCause.BALANCE, PauseCause.CONTENT})
#: Seconds that what is under way, or left over, may take to be settled once a campaign has ended.
_SETTLE_SECONDS = 15.0
#: Seconds that a lost database is waited for.
_DATABASE_SECONDS = 60.0
#: What whoever waits is told of at once; the rest is asked for with `clarion campaign why`.
_TROUBLES = frozenset(
    {
        Kind.HALTED, Kind.SWITCHED_OFF, Kind.SENDER_PAUSED, Kind.SENDER_BLOCKED, Kind.PROVIDER_DOWN,
        Kind.PROVIDER_THROTTLES, Kind.SENDER_LIMIT,
    }
)  # fmt: skip
#: States that a campaign is in while it works.
_WORKING = frozenset({Status.SCHEDULED, Status.BUILDING, Status.SENDING, Status.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A campaign and its latest run at one moment."""

    campaign: Campaign
    run: Run | None

    @property
    def status(self) -> Status:
        return Status(self.campaign.status)

    @property
    def has_ended(self) -> bool:
        """Whether it will not go on by itself."""
        if self.status is Status.PAUSED:
            return self.campaign.pause_cause in _STUCK
        return self.status not in _WORKING

    @property
    def is_settled(self) -> bool:
        """Whether the run's counters are final, or will not move until somebody acts."""
        run = self.run
        if run is None or run.finished_at is not None:
            return True
        return self.status is Status.PAUSED and run.in_flight == 0

    @property
    def target(self) -> int:
        """How many people it is for, as far as is known."""
        return self.run.total - self.run.skipped if self.run else 0

    @property
    def done(self) -> int:
        """How many of them need nothing any more."""
        return self.target - self.run.pending - self.run.in_flight if self.run else 0

    @property
    def seconds(self) -> float:
        """Seconds from the start to the end, or until now."""
        begin = self.campaign.started_at
        if begin is None:
            return 0.0
        end: datetime = self.campaign.finished_at or timezone.now()
        return max(0.0, (end - begin).total_seconds())


def snapshot(campaign_id: int) -> Snapshot:
    """Return the campaign as it is now."""
    campaign = (
        Campaign.objects.select_related("workspace", "source").prefetch_related("steps").get(pk=campaign_id)
    )
    run = Run.objects.filter(campaign=campaign).defer("plan", "waterfall").order_by("-number").first()
    return Snapshot(campaign=campaign, run=run)


def snapshots(campaigns: Iterable[Campaign]) -> list[Snapshot]:
    """Return several at once, in their order. Two queries."""
    rows = list(campaigns)
    runs = Run.objects.filter(campaign__in=rows).defer("plan", "waterfall").order_by("number")
    latest = {run.campaign_id: run for run in runs}
    return [Snapshot(campaign=row, run=latest.get(row.pk)) for row in rows]


def watch(
    campaign_id: int, *, pause: Callable[[], bool], revive: Callable[[], None] = lambda: None
) -> Iterator[Snapshot]:
    """Yield the campaign again and again, the last one as it ended.

    `pause` waits for a moment between two; a true answer ends it before its time. A database that is gone is
    waited for; `revive` may bring it back. Raises OperationalError when it stays away.
    """
    until: float | None = None
    lost_at: float | None = None
    while True:
        try:
            seen = snapshot(campaign_id)
        except (OperationalError, InterfaceError):
            connection.close()
            lost_at = lost_at or time.monotonic()
            if time.monotonic() - lost_at > _DATABASE_SECONDS:
                raise
            revive()
            if pause():
                return
            continue
        lost_at = None
        yield seen
        if seen.has_ended:
            until = until or time.monotonic() + _SETTLE_SECONDS
            if seen.is_settled or time.monotonic() > until:
                return
        else:
            until = None
        if pause():
            return


def settled(campaign_id: int) -> Snapshot:
    """Return the campaign when nothing of it is under way any more, or after a while as it is then."""
    until = time.monotonic() + _SETTLE_SECONDS
    while True:
        seen = snapshot(campaign_id)
        if seen.is_settled or seen.status in (Status.BUILDING, Status.SENDING) or time.monotonic() > until:
            return seen
        time.sleep(0.1)


def trouble(seen: Snapshot) -> str:
    """Return a sentence about what keeps messages from leaving just now; empty when all is well."""
    if seen.status not in (Status.BUILDING, Status.SENDING):
        return ""
    told = [one for one in explain(seen.campaign, seen.run).causes if one.kind in _TROUBLES]
    return f"{told[0].title}. {told[0].text}".strip() if told else ""
