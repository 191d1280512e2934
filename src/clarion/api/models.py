"""What is remembered of programs' requests."""

from django.db import models
from django.utils import timezone

from clarion.workspaces.models import Membership


class KeptAnswer(models.Model):
    """The answer to a write that came with an Idempotency-Key, for whoever asks again."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    #: SHA-256 of method, address and body.
    fingerprint = models.BinaryField(max_length=32)
    #: None while the request is under way, which nobody but its own transaction sees; 0 for an answer that is not
    #: kept, but made anew.
    status = models.SmallIntegerField(null=True)
    body = models.BinaryField(default=b"")
    content_type = models.CharField(max_length=100, blank=True)
    location = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "key"], name="kept_answer_once")]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_age")]

    def __str__(self) -> str:
        return self.key


class TokenPace(models.Model):
    """How many requests a token made in the present minute. The table is unlogged: a crash may forget it."""

    token_id = models.BigIntegerField(primary_key=True)
    minute = models.DateTimeField()
    count = models.IntegerField()

    def __str__(self) -> str:
        return f"token {self.token_id}"
