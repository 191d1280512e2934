"""The price list of a workspace."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Price(models.Model):
    """What a message costs on a channel, by a sender if one is named, to numbers that begin so.

    An SMS costs it for each part, a call for each period that has begun, anything else for each message. The
    currency is the account's.
    """

    workspace = models.ForeignKey("workspaces.Workspace", on_delete=models.CASCADE, related_name="prices")
    channel = models.CharField(max_length=12)
    #: None for all of the channel.
    sender = models.ForeignKey("senders.Sender", null=True, blank=True, on_delete=models.CASCADE)
    #: The number's first digits, without a plus; empty for all.
    prefix = models.CharField(_("prefix"), max_length=15, blank=True)
    #: In millionths.
    amount = models.BigIntegerField(validators=[MinValueValidator(0)])
    #: Seconds of a call that cost the amount once they have begun; 0 where the time does not matter.
    period = models.SmallIntegerField(default=0)
    #: Whether what failed after the provider had accepted it is given back.
    refunds = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "channel", "sender", "prefix"], name="price_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(amount__gte=0) & Q(period__gte=0), name="price_not_negative"),
            models.CheckConstraint(condition=Q(prefix__regex=r"^\d*$"), name="price_prefix_digits"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.prefix}"
