"""Templates and their versions."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.workspaces.models import User, Workspace


class Template(models.Model):
    """A named content for one channel; what it says is in its versions."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    channel = models.CharField(max_length=12)
    name = models.CharField(_("name"), max_length=120)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=models.Q(archived_at=None), name="template_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """One saved state of a template; never changed afterwards, so that a run keeps what it was given."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    #: What the author wrote: for e-mail {"subject", "preheader", "mode": "html" | "mjml" | "text", "source", "text"}.
    source = models.JSONField()
    #: What the channel sends, compiled from it: for e-mail {"subject", "preheader", "html", "text"}.
    content = models.JSONField()
    #: Names of the variables it uses, sorted.
    variables = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"
