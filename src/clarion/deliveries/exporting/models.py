"""Files made from a run's recipients."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.workspaces.models import User, Workspace


class ExportStatus(models.TextChoices):
    QUEUED = "QUEUED", _("Queued")
    RUNNING = "RUNNING", _("Running")
    DONE = "DONE", _("Done")
    FAILED = "FAILED", _("Failed")
    #: Its file is gone.
    EXPIRED = "EXPIRED", _("Expired")


class ExportFormat(models.TextChoices):
    CSV = "CSV", "CSV"
    TXT = "TXT", "TXT"
    XLSX = "XLSX", "XLSX"


class Export(models.Model):
    """A file made from a run's recipients."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    run = models.ForeignKey("deliveries.Run", on_delete=models.CASCADE, related_name="exports")
    format = models.CharField(max_length=4, choices=ExportFormat.choices)
    #: Which recipients, as the page's filter says it in its URL.
    wanted = models.JSONField(default=dict)
    #: Whether whoever asked for it may see whole addresses; the file is masked otherwise.
    is_masked = models.BooleanField(default=True)
    #: Whether the text begins with the mark that tells spreadsheets of UTF-8.
    has_bom = models.BooleanField(default=True)
    status = models.CharField(max_length=7, choices=ExportStatus.choices, default=ExportStatus.QUEUED)
    #: Recipients written, of about how many.
    done_count = models.IntegerField(default=0)
    total_count = models.IntegerField(default=0)
    #: Below CLARION_HOME/exports.
    file_path = models.CharField(max_length=500, blank=True)
    file_bytes = models.BigIntegerField(default=0)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ExportStatus.values), name="export_status_known"),
            models.CheckConstraint(
                condition=Q(status=ExportStatus.FAILED) ^ Q(failure=""), name="export_failure_told"
            ),
        ]
        indexes = [models.Index(fields=["run", "-id"], name="export_newest")]

    def __str__(self) -> str:
        return f"export {self.pk} of run {self.run_id}"
