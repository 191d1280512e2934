"""What is known of each trouble that people are written to about."""

from django.db import models

from clarion.workspaces.models import Workspace


class Notice(models.Model):
    """One trouble: since when it lasts, and when it was last written about."""

    #: None for what concerns the installation.
    workspace = models.ForeignKey(Workspace, null=True, on_delete=models.CASCADE, related_name="+")
    #: `deliveries.attention.Need`, and what it is about, such as "campaign/<public id>".
    need = models.CharField(max_length=12)
    thing = models.CharField(max_length=60, blank=True)
    #: When this occurrence began, and when it was last seen to last.
    since = models.DateTimeField()
    seen_at = models.DateTimeField()
    #: None before the first letter.
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "need", "thing"], name="notice_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.need} {self.thing}"
