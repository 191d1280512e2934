"""Templates with their versions, and the media library."""

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


class MediaFile(models.Model):
    """A picture or document of the media library: served to everybody who knows its key, and never changed."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    #: The unguessable part of its address.
    key = models.CharField(max_length=40, unique=True, editable=False)
    #: A file name that is safe in an address: ASCII letters, digits, dots and dashes.
    name = models.CharField(_("name"), max_length=120)
    #: As its octets say, not as it was called.
    content_type = models.CharField(max_length=100)
    #: In octets.
    size = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    #: In pixels; None for what is no picture.
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "sha256"], name="media_content_once"),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="media_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        """Whether it can be shown in a mail."""
        return self.width is not None


class Branding(models.Model):
    """How a workspace's pages for recipients look: those for unsubscribing, preferences and joining."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="branding")
    #: The unguessable part of its addresses.
    key = models.CharField(max_length=40, unique=True, editable=False)
    #: Such as "#4a3fd4"; empty for the program's own.
    colour = models.CharField(max_length=7, blank=True)
    #: The picture itself; empty for none.
    logo = models.BinaryField(default=bytes)
    #: As its octets say.
    logo_type = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return f"branding of {self.workspace}"


class Approval(models.TextChoices):
    """What a provider that must approve templates says of a version."""

    NOT_ASKED = "", _("Not asked yet")
    PENDING = "PENDING", _("In review")
    APPROVED = "APPROVED", _("Approved")
    REJECTED = "REJECTED", _("Rejected")


class TemplateVersion(models.Model):
    """One saved state of a template; never changed afterwards, so that a run keeps what it was given."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    #: What the author wrote, see `clarion.content.sources`.
    source = models.JSONField()
    #: What the channel sends, compiled from it, see `clarion.content.compiling`.
    content = models.JSONField()
    #: Names of the variables it uses, sorted.
    variables = models.JSONField(default=list)
    #: Files of the media library that it shows or carries.
    media = models.ManyToManyField(MediaFile, related_name="versions", blank=True)
    #: Used only by channels whose look says `needs_approval`.
    approval = models.CharField(max_length=10, choices=Approval, blank=True, default=Approval.NOT_ASKED)
    #: What the provider said, such as why it rejected the version.
    approval_note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_once"),
            models.CheckConstraint(
                condition=models.Q(approval__in=Approval.values), name="template_approval_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"
