"""Keys by which programs act for a member."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.workspaces.permissions import Permission


class ApiToken(models.Model):
    """A key for programs: it may do what its member may, as far as its scopes go. Only the secret's hash is kept."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    #: It ends with the membership.
    membership = models.ForeignKey(
        "workspaces.Membership", on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(_("name"), max_length=80)
    #: How the secret begins, to tell tokens apart.
    beginning = models.CharField(max_length=12)
    #: SHA-256 of the secret.
    digest = models.BinaryField(max_length=32, unique=True)
    #: Values of Permission. Seeing, without personal data, is in every one.
    scopes = ArrayField(models.CharField(max_length=20))
    #: Requests a minute.
    per_minute = models.IntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    #: None for never.
    expires_at = models.DateTimeField(null=True, blank=True)
    #: To the minute.
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scopes__contains=[Permission.VIEW.value]), name="api_token_sees"
            ),
            models.CheckConstraint(condition=models.Q(per_minute__gte=1), name="api_token_pace"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()
