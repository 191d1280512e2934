"""What was given back for messages that failed after they had been accepted."""

from django.db import models
from django.utils import timezone


class Refund(models.Model):
    """One message's. Unique, so that a receipt that comes twice gives nothing back twice."""

    pk = models.CompositePrimaryKey("run_id", "delivery_id")
    run_id = models.BigIntegerField()
    delivery_id = models.BigIntegerField()
    #: In millionths.
    amount = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"refund of delivery {self.delivery_id} of run {self.run_id}"
