"""Codes of the big tables, kept short, and what they mean. They never change once released."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

#: A recipient has at most so many deliveries, one for each step: `delivery.id = recipient.id * 16 + step`.
STEPS = 16


def delivery_id(recipient_id: int, step: int) -> int:
    """Return the id of a recipient's delivery by a step."""
    return recipient_id * STEPS + step


def recipient_id(delivery: int) -> int:
    """Return the id of the recipient a delivery is for."""
    return delivery // STEPS


def step_of(delivery: int) -> int:
    """Return the step a delivery belongs to."""
    return delivery % STEPS


class Stage(models.IntegerChoices):
    """How far a delivery, and the person it is for, has come."""

    PENDING = 0, _("Pending")
    #: Claimed by a process: it may be at the provider at this moment.
    IN_FLIGHT = 1, _("In flight")
    #: The provider has taken it.
    SENT = 2, _("Sent")
    #: Some of a person's channels were sent and some failed. Of persons only.
    PARTLY = 3, _("Partly sent")
    FAILED = 4, _("Failed")
    #: Nobody can say whether the provider has taken it.
    UNKNOWN = 5, _("Unknown")
    #: Left out; `skip` says why.
    SKIPPED = 6, _("Skipped")
    CANCELLED = 7, _("Cancelled")
    EXPIRED = 8, _("Expired")


class Skip(models.IntegerChoices):
    """Why a recipient was left out, in the order of the waterfall."""

    NO_ADDRESS = 1, _("No address")
    INVALID = 2, _("Invalid address")
    DUPLICATE = 3, pgettext_lazy("left out", "Duplicate")
    SUPPRESSED = 4, _("Suppressed")
    DO_NOT_CONTACT = 5, _("Do not contact")
    CAPPED = 6, _("Frequency cap")
    EXCLUDED = 7, _("Excluded")
    #: Was in it when the run was built, and is no more.
    REMOVED = 8, _("No longer in the audience")
    #: Has withdrawn the consent to the channel, or has not given it where the workspace asks for one.
    NO_CONSENT = 9, _("No consent")


class Result(models.IntegerChoices):
    """What the provider said later; the farthest of them is kept on the delivery."""

    #: The provider passes it on; kept as a receipt, and never the farthest that a delivery shows.
    TAKEN = 0, _("Passed on")
    DELAYED = 1, _("Delayed")
    DELIVERED = 2, _("Delivered")
    READ = 3, _("Read")
    CLICKED = 4, _("Clicked")
    REPLIED = 5, _("Replied")
    BOUNCED = 11, _("Bounced")
    COMPLAINED = 12, _("Complained")
    UNSUBSCRIBED = 13, _("Unsubscribed")
