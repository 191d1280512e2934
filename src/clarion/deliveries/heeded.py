"""How far suppressions, and contacts who are not to be contacted, were heeded by what waits in runs under way."""

from django.db import models


class Heeded(models.Model):
    """One row for each of `heeding`'s streams. Places in a stream are numbers that grow."""

    #: heeding.Stream.id
    id = models.SmallIntegerField(primary_key=True)
    #: All up to it were heeded for good, and up to the other as far as they could be seen then.
    low = models.BigIntegerField(default=0)
    seen = models.BigIntegerField(default=0)
    #: What is gone through once more when all who wrote at a moment are done; None when there is nothing to.
    mark = models.BigIntegerField(null=True)
    at = models.FloatField(null=True)
    #: How often that was waited for.
    turns = models.SmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(mark__isnull=True, at__isnull=True)
                | models.Q(mark__isnull=False, at__isnull=False),
                name="heeded_mark_and_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"heeded up to {self.low} of stream {self.id}"
