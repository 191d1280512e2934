"""Campaigns and their steps."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.audience.models import Source
from clarion.campaigns.states import ENDED, PauseCause, Status
from clarion.content.models import TemplateVersion
from clarion.senders.models import Sender
from clarion.workspaces.models import User, Workspace


class Launch(models.TextChoices):
    """When sending begins."""

    NOW = "NOW", _("Now")
    SCHEDULE = "SCHEDULE", _("At a set time")
    MANUAL = "MANUAL", _("By hand")


class Campaign(models.Model):
    """What to say to whom by which senders, when."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(_("name"), max_length=160)
    notes = models.TextField(_("notes"), blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.DRAFT)
    status_changed_at = models.DateTimeField(default=timezone.now)
    #: Set exactly while paused.
    pause_cause = models.CharField(max_length=7, choices=PauseCause.choices, blank=True)
    #: The state that a pause interrupted, and that continuing leads back to.
    paused_from = models.CharField(max_length=9, choices=Status.choices, blank=True)
    #: A sentence: why it is paused, was stopped, rejected or failed.
    status_reason = models.CharField(max_length=500, blank=True)
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT)
    launch = models.CharField(max_length=8, choices=Launch.choices, default=Launch.NOW)
    starts_at = models.DateTimeField(null=True, blank=True)
    #: The zone in which `starts_at` was typed.
    zone = models.CharField(max_length=64, default="UTC")
    #: Seconds between two recipients, random in the range; 0 and 0 for none.
    delay_min = models.FloatField(default=0)
    delay_max = models.FloatField(default=0)
    #: At most so many messages a second; None leaves it to the senders' limits.
    rate_limit = models.FloatField(null=True, blank=True)
    #: Share of a sender's turns beside other campaigns on it.
    weight = models.SmallIntegerField(default=1)
    #: Raised by every change of content, audience or senders.
    version = models.IntegerField(default=1)
    is_demo = models.BooleanField(default=False)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="campaign_status_known"),
            models.CheckConstraint(
                condition=Q(status=Status.PAUSED) ^ Q(pause_cause=""), name="campaign_pause_told"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.FAILED) | ~Q(status_reason=""), name="campaign_failure_told"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.SCHEDULED) | Q(starts_at__isnull=False),
                name="campaign_schedule_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(ENDED)) ^ Q(finished_at__isnull=True),
                name="campaign_end_has_time",
            ),
            models.CheckConstraint(
                condition=Q(delay_min__gte=0)
                & Q(delay_max__gte=models.F("delay_min"))
                & Q(delay_max__lte=3600),
                name="campaign_delay_range",
            ),
            models.CheckConstraint(condition=Q(weight__range=(1, 100)), name="campaign_weight_range"),
        ]
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="campaign_newest"),
            models.Index(
                fields=["status", "starts_at"],
                condition=Q(status__in=["SCHEDULED", "BUILDING", "SENDING", "PAUSED"]),
                name="campaign_working",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """A channel in the campaign's cascade. Steps of one tier go together; a later tier is a fallback."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="steps")
    #: 0 to 15, dense.
    position = models.SmallIntegerField(default=0)
    tier = models.SmallIntegerField(default=0)
    channel = models.CharField(max_length=12)
    sender = models.ForeignKey(Sender, null=True, on_delete=models.PROTECT)
    template_version = models.ForeignKey(TemplateVersion, null=True, blank=True, on_delete=models.PROTECT)
    #: The content when it was written for this campaign alone, as a template version holds it.
    body_source = models.JSONField(default=dict, blank=True)
    body_content = models.JSONField(default=dict, blank=True)
    body_variables = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["campaign_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "position"], name="step_position_once"),
            models.CheckConstraint(condition=Q(position__range=(0, 15)), name="step_position_range"),
        ]

    def __str__(self) -> str:
        return f"step {self.position} of {self.campaign_id}"
