"""How much of their limits for the hour and the day a run's senders have left."""

from datetime import datetime, timedelta

from django.db.models import Q

from clarion.deliveries.models import Run, RunStep
from clarion.engine.limits import Limits
from clarion.senders.models import Sender, SenderStatus


def wait_for(run: Run, now: datetime) -> timedelta | None:
    """Return how long until the first of the run's senders may send again, by its limits for the hour and the day.

    None when one of them may send now, or has no such limit. As its owner saved it, at most a second ago.
    """
    ids = RunStep.objects.filter(run=run).values_list("sender_id", flat=True)
    limited = Q(limit_hour__isnull=False) | Q(limit_day__isnull=False)
    senders = Sender.objects.filter(pk__in=ids, status=SenderStatus.ACTIVE)
    waits = [_wait(sender, now) for sender in senders.filter(limited).prefetch_related("lane_states")]
    if not waits or None in waits or senders.count() > len(waits):
        return None
    return timedelta(seconds=min(wait for wait in waits if wait is not None))


def _wait(sender: Sender, now: datetime) -> float | None:
    """Return the seconds until one of the sender's lanes may send; None when one may now."""
    states = {state.lane: state.limits for state in sender.lane_states.all()}
    shortest: float | None = None
    for lane in range(sender.lane_count):
        limits = Limits(hour=sender.limit_hour, day=sender.limit_day, lane=lane, lanes=sender.lane_count)
        limits.restore(states.get(lane, {}), now.timestamp())
        wait = limits.wait(now.timestamp())
        if wait <= 0:
            return None
        shortest = wait if shortest is None else min(shortest, wait)
    return shortest
