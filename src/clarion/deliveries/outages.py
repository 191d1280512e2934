"""Outages of providers: when a lane held still because its provider failed, why, and until when.

A lane itself only knows the present; what is shown of a run later comes from here. The sending processes write it
with what else they save of a lane (`statements.NOTE_OUTAGE`).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from clarion.senders.models import Sender

if TYPE_CHECKING:
    from clarion.deliveries.models import Run

#: Outages listed of one run.
OUTAGES_SHOWN = 50
#: One that nobody told of again for so long after its wait has ended: its lane was closed meanwhile.
TOLD_SECONDS = 10


class Outage(models.Model):
    """A time in which a lane held still because its provider failed: its circuit breaker was open."""

    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="+")
    lane = models.SmallIntegerField()
    #: The runs that the lane was sending.
    run_ids = ArrayField(models.BigIntegerField())
    began_at = models.DateTimeField()
    #: None while it lasts.
    ended_at = models.DateTimeField(null=True)
    #: When the lane last said that it lasts, and until when it then wanted to wait; it says so for each wait.
    seen_at = models.DateTimeField()
    until = models.DateTimeField()
    #: How often the breaker opened: once, and again for every try that failed.
    openings = models.IntegerField(default=1)
    #: engine.outcomes.Reason of the latest failure, and the provider's words.
    reason = models.SmallIntegerField()
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "lane"], condition=Q(ended_at=None), name="outage_open_once"
            ),
        ]
        indexes = [models.Index(fields=["sender", "-began_at"], name="outage_newest")]

    def __str__(self) -> str:
        return f"outage of lane {self.lane} of {self.sender_id}"

    @property
    def lasts(self) -> bool:
        """Whether it goes on at this moment."""
        told = max(self.seen_at, self.until)
        return self.ended_at is None and told > timezone.now() - timedelta(seconds=TOLD_SECONDS)

    @property
    def last_at(self) -> datetime:
        """When it ended, or the latest moment at which it is known to have lasted."""
        now = timezone.now()
        return self.ended_at or (now if self.lasts else min(now, max(self.seen_at, self.until)))


def held_since(run: "Run") -> datetime:
    """Return when the first outage that held the run may have begun."""
    return run.created_at - timedelta(minutes=1)


def outages_of(run: "Run", senders: Iterable[int] | None = None) -> QuerySet[Outage]:
    """Return the outages that held the run, newest first. `senders` saves looking for those it goes by."""
    ids = list(run.steps.values_list("sender_id", flat=True)) if senders is None else list(senders)
    held = Outage.objects.filter(sender_id__in=ids, began_at__gte=held_since(run))
    return held.filter(run_ids__contains=[run.pk]).order_by("-began_at", "-pk")
