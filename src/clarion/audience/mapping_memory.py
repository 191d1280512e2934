"""Which columns of files became what, so that the next file with the same header is read alike."""

from django.db import models
from django.utils import timezone

from clarion.workspaces.models import Workspace


class MappingMemory(models.Model):
    """How the columns of a file with these headers were meant the last time."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    #: SHA-256 of the headers, in order.
    headers = models.CharField(max_length=64)
    mapping = models.JSONField()
    forms = models.JSONField(default=dict)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "headers"], name="mapping_memory_once")]

    def __str__(self) -> str:
        return f"mapping {self.pk}"
