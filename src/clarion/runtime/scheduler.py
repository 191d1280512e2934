"""What every worker looks after each second. Each thing is done by a conditional update, so no leader is needed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from clarion.campaigns import operations as campaigns
from clarion.campaigns import queries
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.deliveries import building, canary, closing, heeding, looking, operations, tending
from clarion.deliveries.confirming import Confirming
from clarion.deliveries.inbox import applying
from clarion.deliveries.models import Run
from clarion.deliveries.money import tending as money
from clarion.deliveries.tracking import applying as tracking
from clarion.deliveries.tracking import folding
from clarion.runtime import receipts
from clarion.runtime.bots import Listener
from clarion.workspaces import actors

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0
#: A run is built, or closed, for about so long before the next one has its turn.
TURN_SECONDS = 0.3
#: What became of contacts is noted no more often than this.
FOLD_SECONDS = 5.0
#: New suppressions are heeded by what waits no more often than this.
HEED_SECONDS = 5.0


class Scheduler:
    """Runs in five threads: neither a large build nor a large cascade must keep a due campaign waiting, nor what came
    back, nor a far bot."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._next_fold = self._next_heed = 0.0
        self._bots, self._confirming = Listener(), Confirming()
        self._wanted = {name: threading.Event() for name in ("bots", "build", "inbox", "tick", "follow")}
        self._threads = [
            threading.Thread(target=self._loop, args=("bots", self._far), name="bots", daemon=True),
            threading.Thread(target=self._loop, args=("build", self._build), name="build", daemon=True),
            threading.Thread(
                target=self._loop, args=("inbox", applying.apply_due), name="inbox", daemon=True
            ),
            threading.Thread(target=self._loop, args=("tick", tick), name="tick", daemon=True),
            threading.Thread(target=self._loop, args=("follow", self._follow), name="follow", daemon=True),
        ]

    def start(self) -> None:
        """Begin to look."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Look now. Safe from any thread.

        Nobody tells of what comes into the inbox, which is looked at each second: what is applied there wakes
        everybody, so that otherwise it would go round and round with ever smaller batches.
        """
        for name, wanted in self._wanted.items():
            if name != "inbox":
                wanted.set()

    def stop(self, seconds: float) -> None:
        """Stop looking; what is under way may take so long to end. A build goes on at the next start."""
        self._stopping.set()
        for wanted in self._wanted.values():
            wanted.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _build(self) -> bool:
        if build_due(self._stopping.is_set):
            return True
        # Noting what became of contacts waits until nothing is to be built.
        if time.monotonic() < self._next_fold:
            return False
        more = folding.fold_due(seconds=TURN_SECONDS)
        self._next_fold = 0.0 if more else time.monotonic() + FOLD_SECONDS
        return more

    def _far(self) -> bool:
        self._confirming.look()
        return self._bots.look()

    def _follow(self) -> bool:
        more = follow_cascades(self._stopping.is_set)
        if time.monotonic() >= self._next_heed:
            left = heeding.heed(seconds=TURN_SECONDS, stopping=self._stopping.is_set)
            self._next_heed = 0.0 if left else time.monotonic() + HEED_SECONDS
            more = left or more
        return more

    def _loop(self, name: str, look: Callable[[], bool]) -> None:
        wanted = self._wanted[name]
        while not self._stopping.is_set():
            wanted.clear()
            more = False
            try:
                close_old_connections()
                more = look()
            except DatabaseError as problem:
                log.warning("scheduler.database_down", look=name, detail=str(problem)[:200])
                connection.close()
            except Exception:
                log.exception("scheduler.fault", look=name)
            if not more:
                wanted.wait(TICK_SECONDS)
        connection.close()


def tick() -> bool:
    """Start what is due, look after what is on its way, close what was called off, finish what is settled.

    Also takes in what came back. Returns whether there is more to do.
    """
    start_due()
    tend_working()
    more = close_ended()
    finish_settled()
    look_after_first_parts()
    look_after_money()
    receipts.collect_sandbox()
    return tracking.apply_due(seconds=TURN_SECONDS) or more


def start_due() -> None:
    """Start every campaign whose time has come; one that cannot go any more fails, with the reason."""
    for campaign in queries.due(timezone.now()):
        with _alone("start", campaign.pk), suppress(TransitionRefused):
            campaigns.start_due(campaign=campaign, by=actors.system(campaign.workspace))


def tend_working() -> None:
    """Do what the hours, limits, errors and ends of the campaigns on their way ask for."""
    now = timezone.now()
    for campaign in tending.awaiting(now):
        with _alone("tend", campaign.pk):
            tending.tend(campaign, now)


def build_due(stopping: Callable[[], bool] = lambda: False) -> bool:
    """Go on with every run that is to be built, a part of each: the smallest campaign moves beside the largest.

    Returns whether there is more to do.
    """
    more = False
    for campaign_id in Campaign.objects.filter(status=Status.BUILDING).values_list("pk", flat=True):
        with _alone("build", campaign_id):
            more = building.build(campaign_id, seconds=TURN_SECONDS, stopping=stopping) or more
    unfinished = Run.objects.filter(built_at=None, closing_stage=None, finished_at=None)
    unfinished = unfinished.exclude(campaign__status=Status.BUILDING).exclude(campaign__launch=Launch.TRIGGER)
    for run in unfinished.select_related("campaign__workspace", "campaign__source"):
        with _alone("build", run.campaign_id):
            more = building.build_run(run, seconds=TURN_SECONDS, stopping=stopping) or more
    return more


def follow_cascades(stopping: Callable[[], bool] = lambda: False) -> bool:
    """Do what follows for people of cascades whose messages ended; return whether there is more to do."""
    more = False
    for run in looking.open_cascades():
        with _alone("follow", run.campaign_id):
            until = time.monotonic() + TURN_SECONDS
            while not stopping() and looking.look(run) == looking.BATCH:
                if time.monotonic() >= until:
                    more = True
                    break
    return more


def close_ended() -> bool:
    """Settle what is pending in runs that were called off, a part of each; return whether there is more to do."""
    more = False
    for run in closing.ended():
        with _alone("close", run.campaign_id):
            more = closing.close(run, seconds=TURN_SECONDS) or more
    return more


def finish_settled() -> None:
    """Finish runs of which nothing is left to send."""
    settled = Run.objects.filter(
        finished_at=None, built_at__isnull=False, pending=0, in_flight=0,
        campaign__status__in=[Status.SENDING, Status.CANCELLED, Status.STOPPED, Status.FAILED, Status.EXPIRED],
    )  # fmt: skip
    for run_id, campaign_id in settled.values_list("pk", "campaign_id"):
        with _alone("finish", campaign_id):
            operations.finish_run(run_id)


def look_after_first_parts() -> None:
    """Let the first part of a campaign go that was approved for no more, and pause it when that is settled."""
    for run in canary.held_runs():
        with _alone("canary", run.campaign_id):
            canary.look_after(run)


def look_after_money() -> None:
    """Book what runs cost, pause what cannot be paid and let go on what can again."""
    for step in money.open_steps():
        with _alone("money", step.run.campaign_id):
            money.tend(step)
    money.free_holds()
    for campaign in money.resumable():
        with _alone("money", campaign.pk):
            money.resume(campaign)


@contextmanager
def _alone(look: str, campaign_id: int) -> Iterator[None]:
    """Let what goes wrong with one campaign be no other's trouble; a lost database is everybody's."""
    try:
        yield
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("scheduler.fault", look=look, campaign=campaign_id)
