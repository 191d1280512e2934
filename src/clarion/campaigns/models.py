"""Campaigns and their steps."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.audience.models import Source
from clarion.campaigns.states import ENDED, PauseCause, Status
from clarion.content.models import TemplateVersion
from clarion.senders.models import Sender
from clarion.workspaces.models import User, Workspace

#: Minutes of the longest wait for a receipt: a week.
RECEIPT_WAIT_MOST = 10_080
#: People of a first part that is told by their number.
CANARY_MOST = 1_000_000


class Launch(models.TextChoices):
    """When sending begins."""

    NOW = "NOW", _("Now")
    SCHEDULE = "SCHEDULE", _("At a set time")
    MANUAL = "MANUAL", _("By hand")
    #: Again and again from `starts_at` on, a run each time.
    RECURRING = "RECURRING", _("Recurring")
    #: Between `starts_at` and `ends_at`, a share of the people each day.
    SPREAD = "SPREAD", _("Spread over days")
    #: Between `starts_at` and `ends_at`, whoever is pushed.
    TRIGGER = "TRIGGER", _("Triggered")


class RepeatUnit(models.TextChoices):
    """What a recurring campaign counts its distance in."""

    MINUTE = "MINUTE", _("minutes")
    HOUR = "HOUR", _("hours")
    DAY = "DAY", _("days")
    WEEK = "WEEK", _("weeks")
    MONTH = "MONTH", _("months")


class MissedPolicy(models.TextChoices):
    """What happens when nothing was running at the start time."""

    #: Start late, unless it is more than `missed_hours` late; then ask.
    LATE = "LATE", _("Send late")
    #: Wait for the next sending window, or the next occurrence.
    NEXT = "NEXT", _("Wait for the next window")
    ASK = "ASK", _("Ask")


class Campaign(models.Model):
    """What to say to whom by which senders, when."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    #: For one-offs a label with the id: nobody names them.
    name = models.CharField(_("name"), max_length=160)
    #: Sent to one person without being planned: no list and no figure of campaigns has it; see `operations.one_off`.
    is_one_off = models.BooleanField(default=False, db_default=False)
    #: Of a one-off, the normalised address it goes to; empty for one without, and once the person is forgotten.
    to_address = models.CharField(max_length=900, blank=True, db_default="")
    notes = models.TextField(_("notes"), blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.DRAFT)
    status_changed_at = models.DateTimeField(default=timezone.now)
    #: Set exactly while paused.
    pause_cause = models.CharField(max_length=7, choices=PauseCause.choices, blank=True)
    #: The state that a pause interrupted, and that continuing leads back to.
    paused_from = models.CharField(max_length=9, choices=Status.choices, blank=True)
    #: A sentence: why it is paused, was stopped, rejected or failed.
    status_reason = models.CharField(max_length=500, blank=True)
    #: The name of whoever brought it into this state; "system" for the program.
    status_by = models.CharField(max_length=254, blank=True)
    #: When a paused campaign goes on by itself; None when a person has to continue it.
    resume_at = models.DateTimeField(null=True, blank=True)
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT)
    launch = models.CharField(max_length=9, choices=Launch.choices, default=Launch.NOW)
    #: Whether it starts by itself once it may: after its approval, or at its time. Otherwise a person starts it.
    auto_start = models.BooleanField(default=True)
    #: What a person typed; the first occurrence of a recurring one.
    starts_at = models.DateTimeField(null=True, blank=True)
    #: Nothing is handed over later; who is still pending then expires.
    ends_at = models.DateTimeField(null=True, blank=True)
    #: Set exactly while scheduled, and while paused before a start: when the next run is to begin.
    next_at = models.DateTimeField(null=True, blank=True)
    #: The zone in which times were typed, and in which days and recurrence are counted.
    zone = models.CharField(max_length=64, default="UTC")
    #: Every so many units from `starts_at`; 0 when it does not recur.
    repeat_every = models.SmallIntegerField(default=0)
    repeat_unit = models.CharField(max_length=6, choices=RepeatUnit.choices, blank=True)
    #: The end of recurring: after so many runs, or with the last one on that day. Neither for never.
    repeat_count = models.IntegerField(null=True, blank=True)
    repeat_until = models.DateField(null=True, blank=True)
    #: How many occurrences have begun or were passed over.
    occurrence = models.IntegerField(default=0)
    #: Recurring: who has got it from an earlier run is left out.
    only_new = models.BooleanField(default=False)
    #: Written to people who have had their share of messages too; set only with a permission.
    ignores_caps = models.BooleanField(default=False)
    #: Sending hours: [{"days": [0 to 6, 0 is Monday], "from": "09:00", "to": "18:00"}]; empty for always.
    windows = models.JSONField(default=list, blank=True)
    #: The zone of the sending hours; empty for `zone`.
    window_zone = models.CharField(max_length=64, blank=True)
    #: Whether they hold in each recipient's own zone, where it is known.
    window_is_recipients = models.BooleanField(default=False)
    missed_policy = models.CharField(max_length=4, choices=MissedPolicy.choices, default=MissedPolicy.ASK)
    missed_hours = models.SmallIntegerField(default=1)
    #: Set while the start time was missed and a person is asked.
    missed_at = models.DateTimeField(null=True, blank=True)
    #: Pause when more than so many per cent of at least 100 messages fail; None for never.
    error_percent = models.SmallIntegerField(null=True, blank=True)
    #: Fall back, too, when no receipt came within so many minutes; None when a message that was taken is enough.
    receipt_wait = models.IntegerField(null=True, blank=True)
    #: Seconds between two recipients, random in the range; 0 and 0 for none.
    delay_min = models.FloatField(default=0)
    delay_max = models.FloatField(default=0)
    #: At most so many messages a second; None leaves it to the senders' limits.
    rate_limit = models.FloatField(null=True, blank=True)
    #: Share of a sender's turns beside other campaigns on it.
    weight = models.SmallIntegerField(default=1)
    #: Whether links are followed and opens told of; None is as the workspace has it.
    track_links = models.BooleanField(null=True, blank=True)
    track_opens = models.BooleanField(null=True, blank=True)
    #: Set while its links lead nowhere any more.
    links_off_at = models.DateTimeField(null=True, blank=True)
    #: Raised by every change of content, audience or senders.
    version = models.IntegerField(default=1)
    #: Set while an approval of what it now says stands; see `Review`.
    approved_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)
    archived_at = models.DateTimeField(null=True, blank=True)
    #: Set while it is removed with all its rows: no page shows it any more.
    purged_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="campaign_status_known"),
            models.CheckConstraint(
                condition=Q(status=Status.PAUSED) ^ Q(pause_cause=""), name="campaign_pause_told"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.FAILED) | ~Q(status_reason=""), name="campaign_failure_told"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.SCHEDULED) | Q(next_at__isnull=False),
                name="campaign_schedule_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[Status.SCHEDULED, Status.PAUSED]) | Q(next_at=None, missed_at=None),
                name="campaign_next_is_awaited",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.PAUSED) | Q(resume_at=None), name="campaign_resumes_from_pause"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(starts_at=None) | Q(ends_at__gt=models.F("starts_at")),
                name="campaign_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(repeat_every=0, repeat_unit="")
                | (Q(repeat_every__range=(1, 1000)) & Q(repeat_unit__in=RepeatUnit.values)),
                name="campaign_repeat_told",
            ),
            models.CheckConstraint(
                condition=Q(repeat_count=None) | Q(repeat_until=None), name="campaign_repeat_one_end"
            ),
            models.CheckConstraint(
                condition=Q(error_percent=None) | Q(error_percent__range=(1, 100)),
                name="campaign_error_percent_range",
            ),
            models.CheckConstraint(
                condition=Q(receipt_wait=None) | Q(receipt_wait__range=(1, RECEIPT_WAIT_MOST)),
                name="campaign_receipt_wait_range",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(ENDED)) ^ Q(finished_at__isnull=True),
                name="campaign_end_has_time",
            ),
            models.CheckConstraint(
                condition=Q(delay_min__gte=0)
                & Q(delay_max__gte=models.F("delay_min"))
                & Q(delay_max__lte=3600),
                name="campaign_delay_range",
            ),
            models.CheckConstraint(condition=Q(weight__range=(1, 100)), name="campaign_weight_range"),
            models.CheckConstraint(
                condition=Q(is_one_off=False, to_address="")
                | Q(is_one_off=True, launch__in=[Launch.NOW, Launch.SCHEDULE]),
                name="campaign_one_off_is_plain",
            ),
            models.CheckConstraint(
                condition=Q(purged_at=None) | Q(archived_at__isnull=False),
                name="campaign_purged_was_archived",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "-created_at", "-id"],
                condition=Q(is_one_off=False),
                name="campaign_newest_named",
            ),
            models.Index(
                fields=["workspace", "-id"], condition=Q(is_one_off=True), name="campaign_newest_one_off"
            ),
            models.Index(
                models.F("workspace"),
                OpClass(models.F("to_address"), name="varchar_pattern_ops"),
                condition=Q(is_one_off=True),
                name="campaign_one_off_address",
            ),
            models.Index(
                fields=["status", "next_at"],
                condition=Q(status__in=["SCHEDULED", "BUILDING", "SENDING", "PAUSED"]),
                name="campaign_working",
            ),
            models.Index(
                fields=["ends_at"],
                condition=Q(
                    ends_at__isnull=False, status__in=["READY", "SCHEDULED", "BUILDING", "SENDING", "PAUSED"]
                ),
                name="campaign_ending",
            ),
            models.Index(
                fields=["workspace", "missed_at"],
                condition=Q(missed_at__isnull=False),
                name="campaign_missed",
            ),
            # The calendar: by the moment of the launch, and what stands on more days than one.
            models.Index(
                "workspace",
                Coalesce("next_at", "started_at", "starts_at"),
                condition=Q(archived_at=None) & ~Q(status=Status.DRAFT),
                name="campaign_by_launch",
            ),
            models.Index(
                fields=["workspace", "launch", "starts_at"],
                condition=Q(archived_at=None, launch__in=[Launch.RECURRING, Launch.SPREAD, Launch.TRIGGER]),
                name="campaign_lasting",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """A channel in the campaign's cascade. Steps of one tier go together; a later tier is a fallback."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="steps")
    #: 0 to 15, dense.
    position = models.SmallIntegerField(default=0)
    tier = models.SmallIntegerField(default=0)
    channel = models.CharField(max_length=12)
    sender = models.ForeignKey(Sender, null=True, on_delete=models.PROTECT)
    template_version = models.ForeignKey(TemplateVersion, null=True, blank=True, on_delete=models.PROTECT)
    #: The content when it was written for this campaign alone, as a template version holds it.
    body_source = models.JSONField(default=dict, blank=True)
    body_content = models.JSONField(default=dict, blank=True)
    body_variables = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["campaign_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "position"], name="step_position_once"),
            models.CheckConstraint(condition=Q(position__range=(0, 15)), name="step_position_range"),
            models.CheckConstraint(condition=Q(tier__range=(0, 15)), name="step_tier_range"),
        ]

    def __str__(self) -> str:
        return f"step {self.position} of {self.campaign_id}"


class Decision(models.TextChoices):
    APPROVED = "APPROVED", _("Approved")
    REJECTED = "REJECTED", _("Rejected")
    #: Taken back by its author.
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")
    #: Approved, and then something that was approved was changed.
    VOIDED = "VOIDED", _("Voided by a change")


class Review(models.Model):
    """A campaign's submission to the moderators, what exactly was submitted, and what they decided."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="reviews")
    #: 1 for the campaign's first.
    number = models.IntegerField()
    #: Content, audience definition and senders as they were, for people to compare.
    snapshot = models.JSONField(default=dict)
    #: SHA-256 of what counts of the snapshot (see `campaigns.review`): the approval holds for nothing else.
    digest = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    submitted_at = models.DateTimeField(default=timezone.now)
    submitted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    #: Empty while nobody has decided.
    decision = models.CharField(max_length=9, choices=Decision.choices, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    #: Required of a rejection.
    reason = models.TextField(blank=True)
    #: Approved for so many per cent, or for so many, of the people first; the rest after a second yes.
    canary_percent = models.SmallIntegerField(null=True, blank=True)
    canary_people = models.IntegerField(null=True, blank=True)
    #: The second yes.
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="review_number_once"),
            models.UniqueConstraint(fields=["campaign"], condition=Q(decision=""), name="review_open_once"),
            models.CheckConstraint(
                condition=Q(decision="") ^ Q(decided_at__isnull=False), name="review_decision_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(decision=Decision.REJECTED) | ~Q(reason=""), name="review_rejection_told"
            ),
            models.CheckConstraint(
                condition=Q(canary_percent=None) | Q(canary_percent__range=(1, 99)),
                name="review_canary_range",
            ),
            models.CheckConstraint(
                condition=Q(canary_people=None)
                | Q(canary_people__range=(1, CANARY_MOST), canary_percent=None),
                name="review_canary_people_range",
            ),
        ]
        indexes = [
            models.Index(fields=["submitted_at"], condition=Q(decision=""), name="review_oldest_open"),
        ]

    def __str__(self) -> str:
        return f"review {self.number} of campaign {self.campaign_id}"

    @property
    def has_canary(self) -> bool:
        """Whether it was approved for a first part only."""
        return self.canary_percent is not None or self.canary_people is not None

    @property
    def is_holding(self) -> bool:
        """Whether only a first part may go by it until somebody says yes again."""
        return self.decision == Decision.APPROVED and self.has_canary and self.released_at is None
