"""A workspace's account, its append-only ledger, and what launches hold of it. Amounts are in millionths."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Account(models.Model):
    """What a workspace has, and what of it is promised to campaigns under way; the rest may be spent.

    The row is locked last of all but the audit trail, and only when money comes, goes, or is set apart: what messages
    cost is counted on their step of the run and comes here minutes later (docs/adr/0009).
    """

    workspace = models.OneToOneField("workspaces.Workspace", on_delete=models.CASCADE, related_name="account")
    #: Three letters, ISO 4217.
    currency = models.CharField(max_length=3)
    balance = models.BigIntegerField(default=0, db_default=0)
    #: Set apart for campaigns; never more than there is.
    reserved = models.BigIntegerField(default=0, db_default=0)
    #: When less than this is available, people are told; None for never.
    warn_below = models.BigIntegerField(null=True, blank=True)
    #: The number of the newest entry.
    last_number = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(balance__gte=F("reserved")), name="account_never_overdrawn"
            )
        ]

    def __str__(self) -> str:
        return f"account of {self.workspace_id}"

    @property
    def available(self) -> int:
        """What may still be promised."""
        return self.balance - self.reserved


class EntryKind(models.TextChoices):
    TOP_UP = "TOP_UP", _("Top-up")
    #: By a person, up or down.
    CORRECTION = "CORRECTION", _("Correction")
    #: Set apart for a campaign, and the rest of that given free again.
    RESERVE = "RESERVE", _("Reserved")
    RELEASE = "RELEASE", _("Released")
    #: What accepted messages cost, and what is given back for those that failed afterwards.
    CHARGE = "CHARGE", _("Charged")
    REFUND = "REFUND", _("Refunded")


class LedgerEntry(models.Model):
    """One movement. Never changed (the database refuses), numbered without gaps, with the totals after it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="entries")
    #: 1 for the account's first.
    number = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now, db_default=models.functions.Now())
    kind = models.CharField(max_length=10, choices=EntryKind.choices)
    #: By how much it changed what the account has, and what of it is reserved.
    balance_change = models.BigIntegerField()
    reserved_change = models.BigIntegerField()
    #: What they were after it.
    balance = models.BigIntegerField()
    reserved = models.BigIntegerField()
    #: For which campaign, and which step of which run of it; the campaign may be gone since.
    campaign_id = models.BigIntegerField(null=True)
    campaign_name = models.CharField(max_length=200, blank=True, db_default="")
    run_id = models.BigIntegerField(null=True)
    step = models.SmallIntegerField(null=True)
    #: Who did it: a person's name, or "system".
    by = models.CharField(max_length=254, blank=True, db_default="system")
    note = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="ledger_number_once"),
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="ledger_kind_known"),
        ]
        indexes = [models.Index(fields=["account", "campaign_id", "number"], name="ledger_of_campaign")]

    def __str__(self) -> str:
        return f"entry {self.number} of account {self.account_id}"

    @property
    def amount(self) -> int:
        """What a person reads: what came, went, was reserved or released."""
        return self.balance_change or self.reserved_change


class Hold(models.Model):
    """What a launch has set apart, until the campaign's run begins and takes it over."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="holds")
    campaign_id = models.BigIntegerField(unique=True)
    campaign_name = models.CharField(max_length=200, blank=True)
    amount = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="hold_not_negative")]

    def __str__(self) -> str:
        return f"hold for campaign {self.campaign_id}"
