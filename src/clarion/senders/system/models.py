"""Which sender Clarion itself writes by, and the letters that it wrote."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SystemSender(models.Model):
    """At most one row: the chosen sender, or the settings of a mail server of its own."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    #: One of the senders that are there; None for a mail server of its own.
    sender = models.ForeignKey("senders.Sender", null=True, blank=True, on_delete=models.PROTECT)
    #: What the sender's settings were when it was chosen: whoever changes them in its workspace must not lead
    #: everybody's password resets elsewhere.
    fingerprint = models.CharField(max_length=64, blank=True)
    #: The mail server's own settings without secrets, and the secret ones, sealed.
    config = models.JSONField(default=dict, blank=True)
    sealed = models.BinaryField(default=bytes, blank=True)
    #: How its last letter went: a sentence, empty while all is well.
    problem = models.CharField(max_length=300, blank=True)
    chosen_by = models.ForeignKey("workspaces.User", null=True, on_delete=models.SET_NULL, related_name="+")
    chosen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="system_sender_once")]

    def __str__(self) -> str:
        return "system sender"


class LetterStatus(models.TextChoices):
    WAITING = "WAITING", _("Waiting")
    SENT = "SENT", _("Sent")
    FAILED = "FAILED", _("Failed")


class Letter(models.Model):
    """One mail of the program's own. What it says is sealed, and forgotten once it is sent or given up."""

    #: Why it is written, such as "reset" or "notice".
    kind = models.CharField(max_length=20)
    to = models.EmailField(max_length=254)
    sealed = models.BinaryField(default=bytes, blank=True)
    status = models.CharField(max_length=8, choices=LetterStatus.choices, default=LetterStatus.WAITING)
    #: Why it was not sent: a sentence.
    problem = models.CharField(max_length=300, blank=True)
    attempts = models.SmallIntegerField(default=0)
    #: When it is to be tried next; while it is being sent, when others may take it for forgotten.
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=LetterStatus.values), name="letter_status_known"),
            models.CheckConstraint(
                condition=Q(status=LetterStatus.SENT, sent_at__isnull=False)
                | (~Q(status=LetterStatus.SENT) & Q(sent_at=None)),
                name="letter_sent_told",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="WAITING"), name="letter_waiting"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
