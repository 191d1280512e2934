"""What people wrote back, and which messages they got as frequency caps count them.

Answers are kept apart from receipts: one may be about no message that is known any more.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clarion.audience.stopwords import Meaning
from clarion.workspaces.models import Workspace


class Confirmation(models.TextChoices):
    """How far the sentence is that is sent back for an answer. Values are stored."""

    #: It is to be sent.
    DUE = "DUE"
    #: It is being handed over. Whoever died meanwhile leaves it so, and it is never handed over again.
    SENDING = "SENDING"
    SENT = "SENT"
    #: It was handed over, and nobody knows what became of it.
    UNKNOWN = "UNKNOWN"
    FAILED = "FAILED"
    #: It could not be sent in time: a confirmation that comes hours later confuses.
    EXPIRED = "EXPIRED"


class Answer(models.Model):
    """A message that somebody sent to one of our senders. Unique by its event, so that a replay is harmless."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    channel = models.CharField(max_length=12)
    #: Kept when the sender is deleted.
    sender_id = models.BigIntegerField()
    #: Normalised by the channel.
    address = models.CharField(max_length=320)
    text = models.CharField(max_length=1000, blank=True)
    meaning = models.CharField(max_length=5)
    received_at = models.DateTimeField(default=timezone.now)
    #: The provider's id of the message, or a digest of what makes it one.
    event_key = models.CharField(max_length=64)
    #: The newest message that this sender sent to the address; None when none is known.
    run_id = models.BigIntegerField(null=True)
    delivery_id = models.BigIntegerField(null=True)
    #: How far its confirmation is; empty for an answer that gets none.
    confirmation = models.CharField(max_length=8, blank=True, db_default="")
    #: What is, or was, sent back.
    confirmation_text = models.CharField(max_length=500, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmation__in=["", *Confirmation.values]), name="answer_confirmation_known"
            ),
            models.UniqueConstraint(fields=["sender_id", "event_key"], name="answer_event_once"),
            models.CheckConstraint(
                condition=Q(meaning__in=[one.value for one in Meaning]), name="answer_meaning_known"
            ),
            models.CheckConstraint(
                condition=Q(run_id=None, delivery_id=None)
                | Q(run_id__isnull=False, delivery_id__isnull=False),
                name="answer_message_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="answer_newest"),
            models.Index(fields=["workspace", "address", "-id"], name="answer_of_address"),
            models.Index(
                fields=["sender_id"],
                condition=Q(confirmation__in=[Confirmation.DUE.value, Confirmation.SENDING.value]),
                name="answer_to_confirm",
            ),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk}"


class Contacted(models.Model):
    """A message that somebody got, in few octets: what frequency caps count. Of workspaces that have caps only."""

    pk = models.CompositePrimaryKey("run_id", "delivery_id")
    run_id = models.BigIntegerField()
    delivery_id = models.BigIntegerField()
    workspace_id = models.BigIntegerField()
    #: A digest of the address (`audience.capping`).
    who = models.BigIntegerField()
    at = models.DateTimeField()
    channel = models.CharField(max_length=12)

    class Meta:
        # With all that caps ask for, so that the rows themselves are seldom looked at.
        indexes = [models.Index(fields=["who", "at"], include=["channel", "run_id"], name="contacted_who")]

    def __str__(self) -> str:
        return f"delivery {self.delivery_id} of run {self.run_id}"
