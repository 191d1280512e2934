"""What people wrote back. Kept apart from receipts: an answer may be about no message that is known any more."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clarion.audience.stopwords import Meaning
from clarion.workspaces.models import Workspace


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

    class Meta:
        constraints = [
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
        ]

    def __str__(self) -> str:
        return f"answer {self.pk}"
