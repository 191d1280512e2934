"""Live spreadsheets, which are read again for each run."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.workspaces.models import User, Workspace


class WhenUnreadable(models.TextChoices):
    """What a run does when its live spreadsheet cannot be read."""

    FAIL = "FAIL", _("Fail the run, with the reason")
    KEEP = "KEEP", _("Use the last good copy")


class LiveSheet(models.Model):
    """A spreadsheet at a URL, or a file on the server, that is read again for each run."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(_("name"), max_length=120)
    #: As it was typed, or the address of a group (`groups`); exactly one of the two.
    url = models.CharField(_("address"), max_length=2000, blank=True)
    path = models.CharField(_("file"), max_length=1000, blank=True)
    #: Whose addresses it holds.
    channel = models.CharField(max_length=12)
    #: What a person says about the file, as `create_upload_source` takes it.
    overrides = models.JSONField(default=dict, blank=True)
    when_unreadable = models.CharField(
        max_length=4, choices=WhenUnreadable.choices, default=WhenUnreadable.FAIL
    )
    #: With KEEP, how old the copy may be.
    keep_hours = models.SmallIntegerField(default=24)
    #: The last good reading, and by what the next one is known to be the same.
    copy = models.ForeignKey("audience.Source", null=True, on_delete=models.SET_NULL, related_name="+")
    etag = models.CharField(max_length=500, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    #: Somebody waits for a reading that begins after this.
    wanted_at = models.DateTimeField(null=True, blank=True)
    #: When the last try began and ended, and when it was last found to hold what the copy holds.
    tried_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    current_at = models.DateTimeField(null=True, blank=True)
    #: Why the last try failed, as a sentence; empty after a good one.
    problem = models.TextField(blank=True)
    #: Of the last reading that found something else: {"added", "removed", "changed"}.
    difference = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="livesheet_name_once"),
            models.CheckConstraint(
                condition=models.Q(url="") ^ models.Q(path=""), name="livesheet_one_place"
            ),
            models.CheckConstraint(
                condition=models.Q(when_unreadable__in=WhenUnreadable.values),
                name="livesheet_when_unreadable_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_being_read(self) -> bool:
        """Whether a reading was asked for that has not ended yet."""
        return self.wanted_at is not None and (self.tried_at is None or self.tried_at < self.wanted_at)
