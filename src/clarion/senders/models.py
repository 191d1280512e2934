"""Senders and the lanes they send through."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.engine.limits import lanes_within
from clarion.senders.naming.models import SenderName as SenderName
from clarion.senders.prices.models import Price as Price
from clarion.senders.shared.models import SharedSecrets as SharedSecrets
from clarion.senders.system.models import Letter as Letter
from clarion.senders.system.models import SystemSender as SystemSender
from clarion.workspaces.models import User, Workspace


class SenderStatus(models.TextChoices):
    ACTIVE = "ACTIVE", _("Active")
    #: By a person; campaigns wait.
    PAUSED = "PAUSED", _("Paused")
    #: By the program, because the provider refused it; `status_reason` says why.
    BLOCKED = "BLOCKED", _("Blocked")


class Sender(models.Model):
    """A configured account on a channel."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    channel = models.CharField(max_length=12)
    name = models.CharField(_("name"), max_length=120)
    #: Settings without secrets, as the channel checked them.
    config = models.JSONField(default=dict)
    #: The secret settings, sealed; opened only by `senders.secrets`.
    sealed = models.BinaryField(default=b"", blank=True)
    status = models.CharField(max_length=8, choices=SenderStatus.choices, default=SenderStatus.ACTIVE)
    status_reason = models.CharField(max_length=500, blank=True)
    status_changed_at = models.DateTimeField(default=timezone.now)
    #: Messages per span; None means no limit of ours.
    limit_second = models.FloatField(null=True, blank=True)
    limit_minute = models.IntegerField(null=True, blank=True)
    limit_hour = models.IntegerField(null=True, blank=True)
    limit_day = models.IntegerField(null=True, blank=True)
    #: In how many processes it may send at once; limits and connections are divided among them.
    lanes = models.SmallIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="sender_name_once"),
            models.CheckConstraint(
                condition=models.Q(status__in=SenderStatus.values), name="sender_status_known"
            ),
            models.CheckConstraint(condition=models.Q(lanes__range=(1, 32)), name="sender_lanes_range"),
            models.CheckConstraint(
                condition=~models.Q(status=SenderStatus.BLOCKED) | ~models.Q(status_reason=""),
                name="sender_block_told",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def lane_count(self) -> int:
        """In how many processes it does send at once: no more than its limits leave something for."""
        limits = (self.limit_second, self.limit_minute, self.limit_hour, self.limit_day)
        return lanes_within(self.lanes, limits)


class SenderLane(models.Model):
    """What must outlive the process that owns a lane: how much of the limits is used, and the breaker."""

    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="lane_states")
    lane = models.SmallIntegerField()
    #: Among how many lanes the sender's limits were shared out.
    lanes = models.SmallIntegerField(default=1)
    #: What was used of the lane's share, as `engine.limits` saves it.
    limits = models.JSONField(default=dict)
    #: Messages that were claimed and may have been sent since, or will be.
    reserved = models.IntegerField(default=0)
    #: Messages that went by the sender past its lanes, such as confirmations of answers, until the owner counts them.
    aside = models.IntegerField(default=0, db_default=0)
    #: The circuit breaker is open until then, and why: reason code and the provider's words.
    open_until = models.DateTimeField(null=True)
    open_reason = models.SmallIntegerField(null=True)
    open_detail = models.CharField(max_length=200, blank=True)
    #: Which worker process owns it now; None when nobody does.
    worker_id = models.BigIntegerField(null=True)
    #: Messages handed over in the last whole second, for screens.
    rate = models.FloatField(default=0)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sender", "lane"], name="sender_lane_once")]

    def __str__(self) -> str:
        return f"lane {self.lane} of {self.sender_id}"


class Exchange(models.Model):
    """One request to the provider, or call of the provider's, with its answer; without secrets and people."""

    id = models.BigAutoField(primary_key=True)
    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    #: Whether we asked; else the provider called us.
    is_ours = models.BooleanField()
    what = models.CharField(max_length=200)
    request = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    status = models.CharField(max_length=60, blank=True)
    code = models.CharField(max_length=40, blank=True)
    failed = models.BooleanField()
    milliseconds = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["sender", "failed", "-id"], name="exchange_newest")]

    def __str__(self) -> str:
        return f"{self.what} of sender {self.sender_id}"


class ProviderTemplate(models.Model):
    """A template that the sender's provider keeps and approves, as it was said last."""

    id = models.BigAutoField(primary_key=True)
    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="provider_templates")
    provider_id = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=512)
    #: As the provider writes it, such as en_US.
    language = models.CharField(max_length=20)
    #: The provider's words in capitals; its channel says which of them let messages go.
    status = models.CharField(max_length=40)
    category = models.CharField(max_length=40, blank=True)
    quality = models.CharField(max_length=40, blank=True)
    #: Why it was rejected or paused, where told.
    note = models.CharField(max_length=500, blank=True)
    #: What of it is fixed and what is filled in, as the channel keeps it.
    shape = models.JSONField(default=dict)
    #: Why messages cannot be made of it here; empty when they can.
    problem = models.CharField(max_length=300, blank=True)
    #: When the status was what it is now first; what the provider says of an earlier moment is old news.
    status_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "name", "language"], name="provider_template_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class ProviderState(models.Model):
    """What a provider that keeps templates said of a sender's account, and when it was asked."""

    sender = models.OneToOneField(Sender, on_delete=models.CASCADE, related_name="provider_state")
    #: People who may be written to in a day; 0 for no limit, None when it was not told.
    per_day = models.IntegerField(null=True)
    quality = models.CharField(max_length=40, blank=True)
    #: When everything was asked for and told last.
    synced_at = models.DateTimeField(null=True)
    #: Why the last asking failed; empty after one that did not.
    problem = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"account of {self.sender_id}"
