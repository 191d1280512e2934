"""What has come in, what is matched by, and what could not be placed."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.senders.models import Sender
from clarion.workspaces.models import Workspace


class InboxEvent(models.Model):
    """An event as it came, until it is applied. A queue: rows live for about a second."""

    id = models.BigAutoField(primary_key=True)
    sender_id = models.BigIntegerField()
    received_at = models.DateTimeField(db_default=Now())
    #: As `rows.packed` wrote it.
    event = models.TextField()

    class Meta:
        db_table = "deliveries_inbox"

    def __str__(self) -> str:
        return f"event {self.pk} of sender {self.sender_id}"


class ProviderMessage(models.Model):
    """Which delivery a provider means by its own id; kept for channels that need it, for some weeks."""

    pk = models.CompositePrimaryKey("sender_id", "provider_id")
    sender_id = models.BigIntegerField()
    provider_id = models.CharField(max_length=120)
    run_id = models.BigIntegerField()
    delivery_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "deliveries_providermessage"
        #: Rows come in the order of time, so this tells the old ones at almost no cost.
        indexes = [BrinIndex(fields=["at"], name="providermessage_by_time")]

    def __str__(self) -> str:
        return f"message {self.provider_id} of sender {self.sender_id}"


class Why(models.TextChoices):
    """Why an event could not be placed."""

    #: It names a message that is not known (yet).
    UNMATCHED = "UNMATCHED", _("No such message")
    #: What it says is not known.
    UNKNOWN = "UNKNOWN", _("Not understood")


class StrayEvent(models.Model):
    """An event that belongs to no delivery so far, or says what nobody understands. Kept for a person to look at."""

    id = models.BigAutoField(primary_key=True)
    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="+")
    received_at = models.DateTimeField()
    why = models.CharField(max_length=9, choices=Why.choices)
    event = models.TextField()
    tries = models.SmallIntegerField(default=0)
    #: When it is tried again; None when it is no more.
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(why__in=Why.values), name="stray_why_known")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="stray_due"),
            models.Index(fields=["sender", "-id"], condition=Q(due_at=None), name="stray_newest"),
        ]

    def __str__(self) -> str:
        return f"stray event {self.pk} of sender {self.sender_id}"


class Reply(models.Model):
    """What a recipient wrote back."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="+")
    #: The provider's id of the answer, or a digest of what makes it one.
    event_key = models.CharField(max_length=64)
    address = models.CharField(max_length=320)
    text = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)
    #: The message it answers: the one that the provider named, else the latest to that address.
    run_id = models.BigIntegerField(null=True)
    delivery_id = models.BigIntegerField(null=True)
    #: Whether whoever handles answers has had it.
    is_handled = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "replies"
        constraints = [models.UniqueConstraint(fields=["sender", "event_key"], name="reply_once")]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="reply_newest"),
            models.Index(fields=["workspace", "address", "-id"], name="reply_of_address"),
            models.Index(fields=["id"], condition=Q(is_handled=False), name="reply_unhandled"),
        ]

    def __str__(self) -> str:
        return f"reply {self.pk} to sender {self.sender_id}"
