"""What was asked about a campaign's targets last, and what came of it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.campaigns.models import Campaign
from clarion.deliveries.refreshes.difference import Difference
from clarion.workspaces.models import User, Workspace


class RefreshStatus(models.TextChoices):
    QUEUED = "QUEUED", _("Queued")
    RUNNING = "RUNNING", _("Running")
    DONE = "DONE", _("Done")
    FAILED = "FAILED", _("Failed")


class Refresh(models.Model):
    """The last comparison of a campaign's targets in the background, one for each campaign."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="+")
    #: Counts the times it was asked for: a job of an earlier time does nothing.
    number = models.IntegerField(default=1)
    #: Whether the run is changed by it; else it only tells.
    is_applying = models.BooleanField(default=False)
    status = models.CharField(max_length=7, choices=RefreshStatus.choices, default=RefreshStatus.QUEUED)
    #: Of `refreshing.Difference`, when it is DONE.
    found = models.JSONField(default=dict)
    #: Why it could not be done, when it is FAILED.
    failure = models.TextField(blank=True)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    #: By which door: web, api or cli.
    asked_via = models.CharField(max_length=6)
    asked_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=RefreshStatus.values), name="refresh_status_known"),
            models.CheckConstraint(
                condition=models.Q(status=RefreshStatus.FAILED) ^ models.Q(failure=""), name="refresh_failure_told"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"refresh of campaign {self.campaign_id}"

    @property
    def is_under_way(self) -> bool:
        return self.status in (RefreshStatus.QUEUED, RefreshStatus.RUNNING)

    @property
    def difference(self) -> Difference | None:
        """What it found or did, once it is done."""
        return Difference(**self.found) if self.status == RefreshStatus.DONE else None
