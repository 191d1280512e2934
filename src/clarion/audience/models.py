"""Contacts, lists, suppressions, and the sources that a campaign's recipients come from."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.audience import person_models
from clarion.audience.contact_activity import ContactActivity as ContactActivity
from clarion.audience.livesheets import models as sheet_models
from clarion.audience.mapping_memory import MappingMemory as MappingMemory
from clarion.audience.optout import AnswerWords as AnswerWords
from clarion.audience.optout import FrequencyCap as FrequencyCap
from clarion.audience.optout import OptOutRules as OptOutRules
from clarion.audience.optout import SoftBounce as SoftBounce
from clarion.workspaces.models import User, Workspace

Address = person_models.Address
Attribute = person_models.Attribute
AttributeKind = person_models.AttributeKind
BulkEdit = person_models.BulkEdit
BulkEditPart = person_models.BulkEditPart
BulkStatus = person_models.BulkStatus
ConsentChange = person_models.ConsentChange
ConsentSource = person_models.ConsentSource
ConsentState = person_models.ConsentState
Erasure = person_models.Erasure
ErasureStatus = person_models.ErasureStatus
LiveSheet = sheet_models.LiveSheet
MergedContact = person_models.MergedContact
Tombstone = person_models.Tombstone
WhenUnreadable = sheet_models.WhenUnreadable


class ContactState(models.TextChoices):
    ACTIVE = "ACTIVE", _("Active")
    INACTIVE = "INACTIVE", _("Inactive")
    DO_NOT_CONTACT = "DO_NOT_CONTACT", _("Do not contact")


class Contact(models.Model):
    """A person known to the workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    #: Normalised by the channel; empty when there is none.
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    #: E.164 with its plus; empty when there is none.
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    zone = models.CharField(_("time zone"), max_length=64, blank=True)
    state = models.CharField(max_length=14, choices=ContactState.choices, default=ContactState.ACTIVE)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    #: Channels by which the person wants messages, and does not want any; kept in step with ConsentChange.
    consents = ArrayField(models.CharField(max_length=12), default=list, db_default=[], blank=True)
    refusals = ArrayField(models.CharField(max_length=12), default=list, db_default=[], blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "public_id"], name="contact_public_id_once"),
            models.UniqueConstraint(
                fields=["workspace", "email"], condition=~Q(email=""), name="contact_email_once"
            ),
            models.CheckConstraint(condition=Q(state__in=ContactState.values), name="contact_state_known"),
            models.CheckConstraint(
                condition=~Q(consents__overlap=models.F("refusals")), name="contact_wants_or_not"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "id"], name="contact_keyset"),
            models.Index(fields=["workspace", "phone"], condition=~Q(phone=""), name="contact_phone"),
            models.Index(
                fields=["workspace", "email"],
                condition=Q(state="DO_NOT_CONTACT"),
                name="contact_not_to_write_to",
            ),
            models.Index(
                fields=["updated_at"], condition=Q(state="DO_NOT_CONTACT"), name="contact_barred_since"
            ),
            models.Index(fields=["workspace", "id"], condition=~Q(refusals=[]), name="contact_refusing"),
            # Those who are not active are few, and may be old.
            models.Index(
                fields=["workspace", "state", "id"], condition=~Q(state="ACTIVE"), name="contact_not_active"
            ),
            GinIndex(fields=["tags"], condition=~Q(tags=[]), name="contact_tags"),
            GinIndex(
                fields=["attributes"],
                opclasses=["jsonb_path_ops"],
                condition=~Q(attributes={}),
                name="contact_attributes",
            ),
            # Prefix searches; the database's collation is C, external ones may have another.
            models.Index(
                models.F("workspace"),
                OpClass(Upper("last_name"), name="varchar_pattern_ops"),
                condition=~Q(last_name=""),
                name="contact_last_name",
            ),
            models.Index(
                models.F("workspace"),
                OpClass(Upper("first_name"), name="varchar_pattern_ops"),
                condition=~Q(first_name=""),
                name="contact_first_name",
            ),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"


class List(models.Model):
    """A fixed set of contacts."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    #: Whether its people may see it and leave it, and others join it, on their preference page.
    is_public = models.BooleanField(_("on the preference page"), default=False)
    #: Kept in the transactions that change the members.
    member_count = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="list_name_once")]

    def __str__(self) -> str:
        return self.name


class ListMember(models.Model):
    """A contact in a list."""

    pk = models.CompositePrimaryKey("list_id", "contact_id")
    list = models.ForeignKey(List, on_delete=models.CASCADE, related_name="members")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="list_memberships")
    added_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"contact {self.contact_id} in list {self.list_id}"


class Segment(models.Model):
    """A rule about contacts: whoever it fits is in it, at the moment of asking."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(_("name"), max_length=120)
    #: As `segments.to_json` gives it.
    rule = models.JSONField()
    #: Made for one campaign: it is not offered elsewhere, and goes with the source that has it.
    is_once = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=Q(is_once=False), name="segment_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class SuppressionReason(models.TextChoices):
    UNSUBSCRIBED = "UNSUBSCRIBED", _("Unsubscribed")
    BOUNCED = "BOUNCED", _("Bounced")
    COMPLAINED = "COMPLAINED", _("Complained")
    MANUAL = "MANUAL", _("Added by hand")
    #: Sent back for now, again and again.
    SOFT_BOUNCED = "SOFT_BOUNCED", _("Bounced too often")


class Suppression(models.Model):
    """An address that must not be written to on a channel."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    channel = models.CharField(max_length=12)
    #: Normalised by the channel.
    address = models.CharField(max_length=900)
    reason = models.CharField(max_length=12, choices=SuppressionReason.choices)
    #: Where it came from: a run, an import, a person's name.
    origin = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel", "address"], name="suppression_once"),
            models.CheckConstraint(
                condition=Q(reason__in=SuppressionReason.values), name="suppression_reason_known"
            ),
        ]
        indexes = [models.Index(fields=["workspace", "-created_at", "-id"], name="suppression_newest")]

    def __str__(self) -> str:
        return f"suppression {self.pk}"


class SourceKind(models.TextChoices):
    UPLOAD = "UPLOAD", _("Uploaded file")
    LISTS = "LISTS", _("Lists")
    SEGMENTS = "SEGMENTS", _("Segments")
    CONTACTS = "CONTACTS", _("Contacts")
    SHEET = "SHEET", _("Live spreadsheet")
    INPUT = "INPUT", _("Typed address")


#: Kinds whose people are rows of a file, or one row that was typed.
FILES = frozenset({SourceKind.UPLOAD, SourceKind.SHEET, SourceKind.INPUT})


class SourceStatus(models.TextChoices):
    """An upload is read by a background job, which also fixes who is meant; other sources are ready at once."""

    WAITING = "WAITING", _("Waiting")
    READING = "READING", _("Reading")
    READY = "READY", _("Ready")
    FAILED = "FAILED", _("Failed")


class Source(models.Model):
    """Where a campaign's recipients come from. An upload's rows are kept in SourceRow, frozen.

    One that leaves people out of a file has the file's own source in `rows_of`. A live spreadsheet's source has its
    `sheet`; each reading of that sheet is an upload that has the `sheet` too, a copy.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    kind = models.CharField(max_length=8, choices=SourceKind.choices)
    name = models.CharField(max_length=200, blank=True)
    lists = models.ManyToManyField(List, blank=True)
    segments = models.ManyToManyField(Segment, blank=True)
    #: Whoever is on one of these lists or in one of these segments gets nothing, whatever the kind.
    excluded_lists = models.ManyToManyField(List, blank=True, related_name="+")
    excluded_segments = models.ManyToManyField(Segment, blank=True, related_name="sources_without")
    rows_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="variants"
    )
    sheet = models.ForeignKey(
        LiveSheet, null=True, blank=True, on_delete=models.PROTECT, related_name="sources"
    )
    #: Since when the people of lists, segments or contacts are those in SourceMember; None for whoever fits later.
    fixed_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=8, choices=SourceStatus.choices, default=SourceStatus.READY)
    #: Upload: file below CLARION_HOME/uploads, its size, and how it is to be read.
    file_name = models.CharField(max_length=255, blank=True)
    file_path = models.CharField(max_length=500, blank=True)
    file_bytes = models.BigIntegerField(default=0)
    #: csvdialect.Dialect as JSON, and {"channel", "variables": [a name for each column], "address": variable}.
    dialect = models.JSONField(default=dict)
    #: Progress and result of reading. `bad_count` of the `row_count` rows have a problem.
    read_bytes = models.BigIntegerField(default=0)
    row_count = models.IntegerField(default=0)
    bad_count = models.IntegerField(default=0)
    #: Of a READY upload, what can never change: {"no_address", "invalid", "duplicate"}.
    counts = models.JSONField(default=dict)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=SourceKind.values), name="source_kind_known"),
            models.CheckConstraint(
                condition=Q(status=SourceStatus.FAILED) ^ Q(failure=""),
                name="source_failure_told",
            ),
            models.CheckConstraint(
                condition=~Q(kind=SourceKind.SHEET) | Q(sheet__isnull=False),
                name="source_sheet_named",
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.get_kind_display())

    @property
    def table(self) -> "Source":
        """The source with the rows, their problems and columns: a file's own, or a sheet's last good copy.

        A sheet that was never read has none: this is then the source itself, which is WAITING.
        """
        if self.kind == SourceKind.SHEET and self.sheet is not None:
            return self.sheet.copy or self
        return self.rows_of or self


class SourceMember(models.Model):
    """A contact whom a source means since its people were fixed."""

    pk = models.CompositePrimaryKey("source_id", "contact_id")
    source_id = models.BigIntegerField()
    #: Contacts are deleted by statements of their own; who is gone is met nowhere.
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_constraint=False)

    def __str__(self) -> str:
        return f"contact {self.contact_id} of source {self.source_id}"


class SourceRow(models.Model):
    """One row of an uploaded source. `problem` is empty for a usable row."""

    pk = models.CompositePrimaryKey("source_id", "id")
    source_id = models.BigIntegerField()
    #: The row's number in the file, from 1, the header not counted.
    id = models.IntegerField()
    #: Normalised by the channel, or as it was found when `problem` is set.
    address = models.CharField(max_length=900)
    #: Column name → text.
    data = models.JSONField()
    #: Column and sentence, such as "email: The address has no @."
    problem = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"row {self.id} of source {self.source_id}"


class ImportStatus(models.TextChoices):
    MAPPING = "MAPPING", _("Waiting for the columns")
    WAITING = "WAITING", _("Waiting")
    RUNNING = "RUNNING", _("Running")
    DONE = "DONE", _("Done")
    CANCELLED = "CANCELLED", _("Cancelled")
    FAILED = "FAILED", _("Failed")


class Import(models.Model):
    """Contacts or suppressions from a file: what was uploaded, how its columns are meant, and what came of it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    status = models.CharField(max_length=9, choices=ImportStatus.choices, default=ImportStatus.MAPPING)
    file_name = models.CharField(max_length=255)
    file_path = models.CharField(max_length=500)
    file_bytes = models.BigIntegerField()
    dialect = models.JSONField(default=dict)
    #: The channel on which the file's addresses are suppressed; empty for a file of contacts.
    suppresses = models.CharField(max_length=12, blank=True, db_default="")
    #: Variable name of a column → "email", "first_name", …, "attribute:NAME", or "" to leave it out.
    mapping = models.JSONField(default=dict)
    #: What to do with a contact that is already known: "update" or "skip".
    on_known = models.CharField(max_length=6, default="update")
    #: Whether contacts that are not known yet are made; else only known ones are changed.
    makes_new = models.BooleanField(default=True)
    #: What its cells mean: {"country", "decimal", "dates", "types": {variable: kind}}, as `cellforms.Forms` reads it.
    forms = models.JSONField(default=dict, blank=True)
    add_to = models.ForeignKey(List, null=True, blank=True, on_delete=models.SET_NULL)
    read_bytes = models.BigIntegerField(default=0)
    row_count = models.IntegerField(default=0)
    created_count = models.IntegerField(default=0)
    updated_count = models.IntegerField(default=0)
    skipped_count = models.IntegerField(default=0)
    bad_count = models.IntegerField(default=0)
    #: File with the rejected rows and their reasons, below CLARION_HOME.
    report_path = models.CharField(max_length=500, blank=True)
    #: Octets of the report that belong to the rows counted above; what follows is of a batch that was not kept.
    report_bytes = models.BigIntegerField(default=0)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ImportStatus.values), name="import_status_known"),
            models.CheckConstraint(
                condition=Q(on_known__in=["update", "skip"]), name="import_on_known_known"
            ),
            models.CheckConstraint(
                condition=Q(status=ImportStatus.FAILED) ^ Q(failure=""),
                name="import_failure_told",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[ImportStatus.DONE, ImportStatus.CANCELLED, ImportStatus.FAILED])
                ^ Q(finished_at__isnull=True),
                name="import_end_has_time",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "-id"], name="import_newest")]

    def __str__(self) -> str:
        return self.file_name
