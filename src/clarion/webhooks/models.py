"""Endpoints, what is to be told, and what was told them."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.workspaces.models import Membership, User, Workspace


class Kind(models.TextChoices):
    """What an endpoint may choose to be told of."""

    CAMPAIGN = "campaign", _("Campaigns: each change of state")
    RUN = "run", _("Runs: began, built, ended, with their numbers")
    DELIVERY = "delivery", _("Messages: sent, failed, unknown")
    RECEIPT = "receipt", _("Receipts: delivered, read, clicked, bounced, complained")
    REPLY = "reply", _("Answers that people write back")
    SUPPRESSION = "suppression", _("Suppressions: added and removed")


class EndpointStatus(models.TextChoices):
    ON = "ON", _("On")
    #: By a person: nothing is noted for it.
    OFF = "OFF", _("Off")
    #: By the program, because it failed for too long; `status_reason` says how.
    DISABLED = "DISABLED", _("Disabled")


class Addresses(models.TextChoices):
    """On whose word an endpoint is told addresses and texts."""

    NONE = "NONE", _("No addresses")
    #: As long as `vouched_by` may see them.
    MEMBER = "MEMBER", _("With addresses")
    #: The command line's, which holds the database.
    OPERATOR = "OPERATOR", _("With addresses, by the operator")


class Endpoint(models.Model):
    """An address that is told of what happens in a workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="webhooks")
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    #: `Kind`s.
    kinds = ArrayField(models.CharField(max_length=12), default=list)
    addresses = models.CharField(max_length=8, choices=Addresses, default=Addresses.NONE)
    vouched_by = models.ForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    #: The secret, and the one before it while that signs too; opened only by `webhooks.secrets`.
    sealed = models.BinaryField()
    sealed_before = models.BinaryField(default=b"")
    before_until = models.DateTimeField(null=True)
    status = models.CharField(max_length=8, choices=EndpointStatus, default=EndpointStatus.ON)
    status_reason = models.CharField(max_length=500, blank=True)
    status_changed_at = models.DateTimeField(default=timezone.now)
    #: Requests that failed since the last one that went well, since when, and when the next may go.
    failures = models.IntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    #: When a request went well last.
    told_at = models.DateTimeField(null=True)
    #: The process that talks to it now, and until when nobody else does.
    lease = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True)
    #: Runs that began earlier are told from where they were then, and the newest run that has a feed.
    since = models.DateTimeField(default=timezone.now)
    runs_to = models.BigIntegerField(default=0)
    #: How far it was told of suppressions, as `deliveries.telling` keeps it.
    suppressions = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=EndpointStatus.values), name="endpoint_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(status=EndpointStatus.DISABLED) | ~Q(status_reason=""),
                name="endpoint_disabling_told",
            ),
            models.CheckConstraint(
                condition=Q(addresses__in=Addresses.values), name="endpoint_addresses_known"
            ),
            models.CheckConstraint(
                condition=Q(lease="", lease_until=None) | (~Q(lease="") & Q(lease_until__isnull=False)),
                name="endpoint_lease_whole",
            ),
            models.CheckConstraint(
                condition=Q(failures=0, failing_since=None) | Q(failures__gt=0, failing_since__isnull=False),
                name="endpoint_failures_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.url


class Notice(models.Model):
    """What happened, as it was noted in the transaction that made it happen. Rows live for about a second."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12)
    #: Not the transaction's time: of two about the same thing, the later one is later.
    at = models.DateTimeField(db_default=Now())
    #: A list of events, or what `deliveries.telling` makes them of.
    body = models.JSONField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=Kind.values), name="notice_kind_known")]

    def __str__(self) -> str:
        return f"notice {self.pk} of {self.workspace_id}"


class BatchStatus(models.TextChoices):
    WAITING = "WAITING", _("Waiting")
    DELIVERED = "DELIVERED", _("Delivered")
    #: Tried for a day, or refused for good.
    FAILED = "FAILED", _("Failed")


class Batch(models.Model):
    """Events that are told an endpoint by one request, and what became of it."""

    id = models.BigAutoField(primary_key=True)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="batches")
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    #: The events as JSON without the brackets of their list, so that more can be put at the end.
    body = models.TextField()
    count = models.IntegerField()
    #: Types of events in it, each once.
    types = ArrayField(models.CharField(max_length=40), default=list)
    is_test = models.BooleanField(default=False)
    status = models.CharField(max_length=9, choices=BatchStatus, default=BatchStatus.WAITING)
    attempts = models.IntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    #: The last tries: [{"at", "status", "problem", "detail", "ms"}].
    tries = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=BatchStatus.values), name="batch_status_known"),
            models.CheckConstraint(
                condition=Q(status=BatchStatus.WAITING) ^ Q(done_at__isnull=False), name="batch_end_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="batch_newest"),
            models.Index(fields=["endpoint", "id"], condition=Q(status="WAITING"), name="batch_waiting"),
            models.Index(fields=["endpoint", "id"], condition=Q(status="FAILED"), name="batch_failed"),
            models.Index(fields=["created_at"], name="batch_by_time"),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk} to {self.endpoint_id}"


class Feed(models.Model):
    """How far an endpoint was told of a run's deliveries."""

    id = models.BigAutoField(primary_key=True)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="feeds")
    run_id = models.BigIntegerField()
    #: Every recipient up to this number was read once; what was not over then is in `Straggler`.
    read_to = models.BigIntegerField(default=0)
    #: Whether the run goes on, or has people who were not read.
    is_open = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run_id", "endpoint"], name="feed_once")]
        indexes = [models.Index(fields=["endpoint"], condition=Q(is_open=True), name="feed_open")]

    def __str__(self) -> str:
        return f"feed of run {self.run_id} to {self.endpoint_id}"


class Straggler(models.Model):
    """Deliveries that were on their way, or to be sent again, when they were read: looked at until they are over."""

    id = models.BigAutoField(primary_key=True)
    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="stragglers")
    ids = ArrayField(models.BigIntegerField())
    look_at = models.DateTimeField(db_default=Now())
    #: Seconds from a look to the next one.
    gap = models.IntegerField(default=1, db_default=1)

    class Meta:
        indexes = [models.Index(fields=["look_at"], name="straggler_due")]

    def __str__(self) -> str:
        return f"{len(self.ids)} deliveries of feed {self.feed_id}"
