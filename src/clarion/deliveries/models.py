"""Runs and the ledger of what became of every recipient.

Recipient, Delivery, Attempt and Receipt are the big tables: `run_id` leads every key, they are partitioned by
it, and the database has no foreign key between them and the small tables (docs/adr/0005).
"""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.campaigns.models import Campaign
from clarion.deliveries.answered import Answer as Answer
from clarion.deliveries.answered import Contacted as Contacted
from clarion.deliveries.exporting.models import Export as Export
from clarion.deliveries.exporting.models import ExportFormat as ExportFormat
from clarion.deliveries.exporting.models import ExportStatus as ExportStatus
from clarion.deliveries.heeded import Heeded as Heeded
from clarion.deliveries.inbox.models import InboxEvent as InboxEvent
from clarion.deliveries.inbox.models import ProviderMessage as ProviderMessage
from clarion.deliveries.inbox.models import ReplyPart as ReplyPart
from clarion.deliveries.inbox.models import StrayEvent as StrayEvent
from clarion.deliveries.money.models import Refund as Refund
from clarion.deliveries.notices.models import Notice as Notice
from clarion.deliveries.outages import Outage as Outage
from clarion.deliveries.reached import Reached as Reached
from clarion.deliveries.reached import ReachedRun as ReachedRun
from clarion.deliveries.refreshes.models import Refresh as Refresh
from clarion.deliveries.states import Skip, Stage
from clarion.deliveries.tracking.models import Hit as Hit
from clarion.deliveries.tracking.models import Link as Link
from clarion.deliveries.tracking.models import TrackedQuarter as TrackedQuarter
from clarion.deliveries.tracking.models import Tracking as Tracking
from clarion.workspaces.models import Workspace


class Run(models.Model):
    """One execution of a campaign. Its counters of persons are changed in the transactions that change the rows."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="runs")
    #: 1 for the campaign's first.
    number = models.IntegerField()
    #: Facts of the campaign as they were at the start: {"name", "version", "source_id", …}.
    plan = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    #: How far the building has come: rows of the source taken, of how many, and the source's key to go on after.
    built_count = models.IntegerField(default=0)
    source_count = models.IntegerField(default=0)
    build_cursor = models.BigIntegerField(default=0)
    #: The last recipient's id; recipients are numbered from 1 without gaps.
    last_recipient_id = models.BigIntegerField(default=0)
    #: {"matched": n, "no_address": n, "invalid": n, …, "recipients": n}
    waterfall = models.JSONField(default=dict)
    built_at = models.DateTimeField(null=True)
    #: Only recipients up to this id may be sent to yet, and since which day of a spread; None for all.
    released_id = models.BigIntegerField(null=True)
    released_on = models.DateField(null=True)
    counted_id = models.BigIntegerField(default=0)  # recipients up to it are in Contacted
    #: Whether it has several steps: a person's stage is then kept on the person (`deliveries.looking`).
    is_cascade = models.BooleanField(default=False)
    #: Minutes within which a message has to be reported as delivered before the next tier goes; None for no waiting.
    receipt_wait = models.IntegerField(null=True)
    #: How far its people's activity was noted: the last recipient of a first pass, and when all of it was.
    folded_to = models.BigIntegerField(default=0, db_default=0)
    folded_at = models.DateTimeField(null=True)
    #: Against the run before: {"added": n, "removed": n, "same": n}; empty for the first.
    difference = models.JSONField(default=dict)
    first_sent_at = models.DateTimeField(null=True)
    last_sent_at = models.DateTimeField(null=True)
    #: Set when it may end: what is still pending becomes this stage (CANCELLED or EXPIRED).
    closing_stage = models.SmallIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)
    #: When its people were blanked, because the workspace keeps them no longer.
    forgotten_at = models.DateTimeField(null=True)
    # Persons.
    total = models.IntegerField(default=0)
    pending = models.IntegerField(default=0)
    in_flight = models.IntegerField(default=0)
    sent = models.IntegerField(default=0)
    partly = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    cancelled = models.IntegerField(default=0)
    expired = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="run_number_once"),
            models.CheckConstraint(
                name="run_conservation",
                condition=Q(
                    total=F("pending") + F("in_flight") + F("sent") + F("partly") + F("failed")
                    + F("skipped") + F("cancelled") + F("expired") + F("unknown")
                ),
            ),
            models.CheckConstraint(
                name="run_counts_not_negative",
                condition=Q(pending__gte=0, in_flight__gte=0, sent__gte=0, partly__gte=0, failed__gte=0,
                            skipped__gte=0, cancelled__gte=0, expired__gte=0, unknown__gte=0),
            ),
            models.CheckConstraint(
                name="run_finished_is_settled",
                condition=Q(finished_at=None) | Q(pending=0, in_flight=0, built_at__isnull=False),
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["workspace", "-id"], name="run_newest"),
            models.Index(fields=["workspace", "created_at"], name="run_by_time"),
            models.Index(fields=["campaign", "-number"], name="run_of_campaign"),
            models.Index(fields=["id"], condition=Q(finished_at=None), name="run_open"),
            models.Index(
                fields=["id"],
                condition=Q(finished_at__isnull=False)
                & (Q(folded_at=None) | Q(finished_at__gt=F("folded_at"))),
                name="run_unfolded",
            ),
            models.Index(fields=["workspace", "-id"], condition=Q(unknown__gt=0), name="run_unsettled"),
        ]

    def __str__(self) -> str:
        return f"run {self.number} of campaign {self.campaign_id}"


class RunStep(models.Model):
    """A step as this run sends it: frozen content, where its claims have come to, and counters of messages."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    #: 0 to 15, the campaign step's position.
    step = models.SmallIntegerField()
    tier = models.SmallIntegerField(default=0)
    channel = models.CharField(max_length=12)
    sender_id = models.BigIntegerField()
    #: What the channel's composer is given.
    content = models.JSONField(default=dict)
    #: Whether the channel tells when a message arrived, as it was when the run began.
    is_reporting = models.BooleanField(default=False)
    # Of a cascade alone: messages that were made to be sent, of them those that were then called off (skipped,
    # cancelled or expired), and people that the channel could not reach.
    made = models.IntegerField(default=0)
    dropped = models.IntegerField(default=0)
    left_out = models.IntegerField(default=0)
    #: Every recipient up to this id has been claimed once; what came back waits in Waiting.
    cursor = models.BigIntegerField(default=0)
    # Messages.
    handed = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)
    deferred = models.IntegerField(default=0)
    delivered = models.IntegerField(default=0)
    read = models.IntegerField(default=0)
    clicked = models.IntegerField(default=0)
    replied = models.IntegerField(default=0)
    bounced = models.IntegerField(default=0)
    complained = models.IntegerField(default=0)
    unsubscribed = models.IntegerField(default=0)
    #: What its messages cost, as `senders.prices.tariff` keeps it; None where they cost nothing (docs/adr/0009).
    tariff = models.JSONField(null=True)
    #: Taken from the account for it and not given back; of that what is charged, and what messages in flight and
    #: unknown ones may cost at most. In millionths.
    reserved = models.BigIntegerField(default=0, db_default=0)
    charged = models.BigIntegerField(default=0, db_default=0)
    held = models.BigIntegerField(default=0, db_default=0)
    refunded = models.BigIntegerField(default=0, db_default=0)
    #: What of charges and refunds the account's ledger has, since when, and whether nothing is left to enter.
    booked = models.BigIntegerField(default=0, db_default=0)
    refunds_booked = models.BigIntegerField(default=0, db_default=0)
    booked_at = models.DateTimeField(null=True)
    is_booked = models.BooleanField(default=True, db_default=True)
    #: What the next message needs that the account did not have.
    starved = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], name="run_step_once"),
            models.CheckConstraint(
                condition=Q(held__gte=0, refunded__gte=0, booked__lte=F("charged"))
                & Q(reserved__gte=F("charged") + F("held"), refunded__lte=F("charged")),
                name="run_step_never_overdrawn",
            ),
        ]
        indexes = [
            models.Index(fields=["sender_id", "run"], name="run_step_of_sender"),
            models.Index(fields=["run"], condition=Q(is_booked=False), name="run_step_unbooked"),
        ]

    def __str__(self) -> str:
        return f"step {self.step} of run {self.run_id}"


class Recipient(models.Model):
    """One person in a run, with everything a message to them needs, as it was when the run was built."""

    pk = models.CompositePrimaryKey("run_id", "id")
    run_id = models.BigIntegerField()
    id = models.BigIntegerField()
    contact_id = models.BigIntegerField(null=True)
    #: By the run's first channel that the person has an address for; normalised.
    address = models.CharField(max_length=900)
    #: What templates may use.
    variables = models.JSONField()
    #: Of a run of several steps: kind of address → the person's, normalised; kinds without one are absent.
    addresses = models.JSONField(null=True)
    #: PENDING until every delivery of a cascade has ended; with one step, that delivery's stage is the person's.
    stage = models.SmallIntegerField(default=Stage.PENDING, choices=Stage.choices)
    #: Set exactly when the stage is SKIPPED.
    skip = models.SmallIntegerField(null=True, choices=Skip.choices)

    def __str__(self) -> str:
        return f"recipient {self.id} of run {self.run_id}"


class Delivery(models.Model):
    """One message to one recipient by one step. Its row is also the record of its latest attempt."""

    pk = models.CompositePrimaryKey("run_id", "id")
    run_id = models.BigIntegerField()
    id = models.BigIntegerField()
    stage = models.SmallIntegerField(default=Stage.PENDING, choices=Stage.choices)
    #: The stage again, when it is neither on its way nor sent: indexed, so that problems are found among millions.
    problem = models.SmallIntegerField(null=True, choices=Stage.choices)
    attempts = models.SmallIntegerField(default=0)
    #: Which claim holds it while in flight; the latest one afterwards.
    claim_id = models.BigIntegerField(null=True)
    claimed_at = models.DateTimeField(null=True)
    #: When the latest attempt's outcome was known.
    ended_at = models.DateTimeField(null=True)
    #: engine.outcomes.Reason of the latest attempt when it was not accepted.
    reason = models.SmallIntegerField(null=True)
    #: The provider's code and its own id.
    code = models.CharField(max_length=20, null=True)
    provider_id = models.CharField(max_length=120, null=True)
    #: What came back later.
    result = models.SmallIntegerField(null=True)
    result_at = models.DateTimeField(null=True)
    #: Of a run of several steps: where it goes, on no channel twice in a run; None where the person's own address is.
    address = models.CharField(max_length=320, null=True)
    #: What it cost, in millionths; of an unknown one what it may cost at most. None where nothing costs anything.
    cost = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"delivery {self.id} of run {self.run_id}"


class Attempt(models.Model):
    """A try that was not accepted, with the provider's words. The accepted one is on the delivery itself."""

    pk = models.CompositePrimaryKey("run_id", "delivery_id", "number")
    run_id = models.BigIntegerField()
    delivery_id = models.BigIntegerField()
    number = models.SmallIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    #: The stage it led to: PENDING for one that was put off.
    stage = models.SmallIntegerField(choices=Stage.choices)
    reason = models.SmallIntegerField()
    code = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"attempt {self.number} of delivery {self.delivery_id} of run {self.run_id}"


class Receipt(models.Model):
    """What the provider, or the recipient, said later. Unique by the provider's event, so a replay is harmless."""

    pk = models.CompositePrimaryKey("run_id", "delivery_id", "event_key")
    run_id = models.BigIntegerField()
    delivery_id = models.BigIntegerField()
    #: The provider's event id, or a digest of what makes the event one.
    event_key = models.CharField(max_length=64)
    result = models.SmallIntegerField()
    at = models.DateTimeField()
    code = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"receipt of delivery {self.delivery_id} of run {self.run_id}"


class Waiting(models.Model):
    """A pending delivery behind its step's cursor: put off by the provider, or given back unsent."""

    pk = models.CompositePrimaryKey("run_id", "delivery_id")
    run_id = models.BigIntegerField()
    delivery_id = models.BigIntegerField()
    step = models.SmallIntegerField()
    not_before = models.DateTimeField()
    #: engine.outcomes.Reason it waits for; None when it was given back unsent.
    reason = models.SmallIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["run_id", "step", "not_before"], name="waiting_due")]

    def __str__(self) -> str:
        return f"delivery {self.delivery_id} of run {self.run_id}"


class Look(models.Model):
    """A person of a cascade about whom something is to be decided: a message ended, or a receipt is overdue."""

    pk = models.CompositePrimaryKey("run_id", "recipient_id")
    run_id = models.BigIntegerField()
    recipient_id = models.BigIntegerField()
    look_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["run_id", "look_at"], name="look_due")]

    def __str__(self) -> str:
        return f"look at recipient {self.recipient_id} of run {self.run_id}"


class Worker(models.Model):
    """A sending process. Its row stays after its end, until its claims are settled."""

    #: Names its journal file.
    name = models.CharField(max_length=64, unique=True)
    host = models.CharField(max_length=120)
    pid = models.IntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    version = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Claim(models.Model):
    """A batch of deliveries that a worker holds in flight; gone when the last of it is settled."""

    id = models.BigAutoField(primary_key=True)
    worker_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    step = models.SmallIntegerField()
    #: Bounds of the ids in it; rows in flight in between with this claim's id are its own.
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    claimed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["worker_id"], name="claim_of_worker"),
            models.Index(fields=["run_id"], name="claim_of_run"),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk}"


class Activity(models.Model):
    """How many messages of a run ended how in a minute; for charts and rates."""

    pk = models.CompositePrimaryKey("run_id", "step", "minute", "stage")
    run_id = models.BigIntegerField()
    step = models.SmallIntegerField()
    minute = models.DateTimeField()
    stage = models.SmallIntegerField(choices=Stage.choices)
    count = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.count} at {self.minute}"


class RunProblem(models.Model):
    """How many deliveries of a run ended, or were put off, for one reason and code; for the errors page."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="problems")
    step = models.SmallIntegerField()
    stage = models.SmallIntegerField(_("stage"), choices=Stage.choices)
    reason = models.SmallIntegerField()
    code = models.CharField(max_length=20, blank=True)
    count = models.IntegerField(default=0)
    #: The provider's words, once.
    sample = models.CharField(max_length=200, blank=True)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        _once = ["run", "step", "stage", "reason", "code"]
        constraints = [models.UniqueConstraint(fields=_once, name="run_problem_once")]

    def __str__(self) -> str:
        return f"{self.count} × {self.reason}"


class Push(models.Model):
    """A person pushed to a triggered run. Unique by the caller's key, so that a repeated call is harmless."""

    pk = models.CompositePrimaryKey("run_id", "key")
    run_id = models.BigIntegerField()
    key = models.CharField(max_length=100)
    recipient_id = models.BigIntegerField()
    pushed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"push {self.key} to run {self.run_id}"
