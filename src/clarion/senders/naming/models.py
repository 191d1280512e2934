"""A sender's names, one row a revision."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.workspaces.models import User


class NameStatus(models.TextChoices):
    """Where a revision is. `states` says what may follow."""

    #: Being thought about.
    DRAFT = "DRAFT", _("Draft")
    #: An administrator is to decide.
    PENDING = "PENDING", _("Pending approval")
    #: It is what messages are sent under.
    APPROVED = "APPROVED", _("Approved")
    REJECTED = "REJECTED", _("Rejected")
    #: Another took its place, or it was withdrawn.
    ARCHIVED = "ARCHIVED", _("Archived")


class SenderName(models.Model):
    """One revision of the name under which a sender's messages go."""

    sender = models.ForeignKey("senders.Sender", on_delete=models.CASCADE, related_name="names")
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    #: Counts from 1 for each sender.
    number = models.IntegerField()
    name = models.CharField(max_length=11)
    #: What it is for, such as a reference of the provider's registration.
    note = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=8, choices=NameStatus.choices, default=NameStatus.DRAFT)
    #: Why it was rejected.
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=NameStatus.values), name="sender_name_status_known"
            ),
            models.UniqueConstraint(fields=["sender", "number"], name="sender_name_number_once"),
            # One is in use, and one is on its way.
            models.UniqueConstraint(
                fields=["sender"], condition=Q(status="APPROVED"), name="sender_name_approved_once"
            ),
            models.UniqueConstraint(
                fields=["sender"], condition=Q(status__in=["DRAFT", "PENDING"]), name="sender_name_open_once"
            ),
            models.CheckConstraint(
                condition=~Q(status="REJECTED") | ~Q(reason=""), name="sender_name_rejection_told"
            ),
        ]

    def __str__(self) -> str:
        return self.name
