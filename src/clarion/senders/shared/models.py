"""What the senders of a channel have in common."""

from django.db import models
from django.utils import timezone

from clarion.workspaces.models import Workspace


class SharedSecrets(models.Model):
    """The secrets of one channel in one workspace, made when its first sender takes them."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=12)
    #: Opened only by `shared.operations`.
    sealed = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "channel"], name="shared_secrets_once")]

    def __str__(self) -> str:
        return f"{self.channel} of {self.workspace_id}"
