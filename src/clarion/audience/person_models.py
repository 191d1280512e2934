"""What belongs to a contact beside its own row, and what is done to contacts."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.workspaces.models import User, Workspace


class Address(models.Model):
    """A further address of a contact.

    The preferred e-mail address and phone number are on the contact's own row, where a run finds them at once; this
    holds the others of those kinds, and all of every other kind (docs/adr/0007).
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    contact = models.ForeignKey("audience.Contact", on_delete=models.CASCADE, related_name="addresses")
    #: A channel's `address_kind`.
    kind = models.CharField(max_length=12)
    #: Normalised by the channel. A browser's subscription has several hundred characters.
    address = models.CharField(max_length=900)
    #: Of kinds other than email and phone: the one that is written to.
    is_preferred = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contact", "kind", "address"], name="address_of_contact_once"),
            # Families share a telephone; nothing else is shared.
            models.UniqueConstraint(
                fields=["workspace", "kind", "address"],
                condition=~models.Q(kind="phone"),
                name="address_once",
            ),
            models.UniqueConstraint(
                fields=["contact", "kind"],
                condition=models.Q(is_preferred=True),
                name="address_preferred_once",
            ),
            models.CheckConstraint(
                condition=models.Q(is_preferred=False) | ~models.Q(kind__in=["email", "phone"]),
                name="address_preferred_elsewhere",
            ),
            models.CheckConstraint(condition=~models.Q(address=""), name="address_not_empty"),
        ]
        indexes = [models.Index(fields=["workspace", "kind", "address"], name="address_by_value")]

    def __str__(self) -> str:
        return f"address {self.pk}"


class AttributeKind(models.TextChoices):
    TEXT = "TEXT", _("Text")
    NUMBER = "NUMBER", _("Number")
    DATE = "DATE", _("Date")
    BOOLEAN = "BOOLEAN", _("Yes or no")
    CHOICE = "CHOICE", _("Choice")
    LIST = "LIST", _("List")


class Attribute(models.Model):
    """What an attribute of the workspace's contacts may hold. What is not defined holds any text."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    #: As templates and rules know it.
    name = models.CharField(max_length=60)
    label = models.CharField(_("label"), max_length=80)
    kind = models.CharField(max_length=7, choices=AttributeKind.choices)
    #: Of a choice; of a list what may be in it, anything when there are none.
    choices = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="attribute_name_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=AttributeKind.values), name="attribute_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class ConsentState(models.TextChoices):
    GIVEN = "GIVEN", _("Given")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")
    #: Taken back to where nothing was said.
    UNKNOWN = "UNKNOWN", _("Not known")


class ConsentSource(models.TextChoices):
    IMPORT = "IMPORT", _("Import")
    FORM = "FORM", _("Form")
    PERSON = "PERSON", _("A member")
    UNSUBSCRIBE = "UNSUBSCRIBE", _("The recipient")
    API = "API", _("API")


class ConsentChange(models.Model):
    """What a contact said about a channel, and how that is known. The latest is what counts.

    `Contact.consents` and `Contact.refusals` say the same of now; both are written in one transaction.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    contact = models.ForeignKey("audience.Contact", on_delete=models.CASCADE, related_name="consent_changes")
    channel = models.CharField(max_length=12)
    state = models.CharField(max_length=9, choices=ConsentState.choices)
    source = models.CharField(max_length=11, choices=ConsentSource.choices)
    #: When it was said, which may be long before it was noted.
    at = models.DateTimeField(default=timezone.now)
    #: Which form, file or link; a person's words.
    note = models.CharField(max_length=200, blank=True)
    #: The member who noted it.
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ConsentState.values), name="consent_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=ConsentSource.values), name="consent_source_known"
            ),
        ]
        indexes = [models.Index(fields=["contact", "-id"], name="consent_of_contact")]

    def __str__(self) -> str:
        return f"consent {self.pk}"


class MergedContact(models.Model):
    """A contact that became part of another: what was sent to it is the other's history."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    contact = models.ForeignKey("audience.Contact", on_delete=models.CASCADE, related_name="merged")
    old_id = models.BigIntegerField(unique=True)
    old_public_id = models.UUIDField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "old_public_id"], name="merged_public_id_once")
        ]

    def __str__(self) -> str:
        return f"contact {self.old_id}, now {self.contact_id}"


class Tombstone(models.Model):
    """The keyed hash of an address whose owner was erased: it must not come back with the next file."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    kind = models.CharField(max_length=12)
    #: HMAC-SHA256 of kind and address, by a key that is derived from the installation's secret.
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "digest"], name="tombstone_once")]

    def __str__(self) -> str:
        return f"tombstone {self.pk}"


class ErasureStatus(models.TextChoices):
    RUNNING = "RUNNING", _("Running")
    DONE = "DONE", _("Done")


class Erasure(models.Model):
    """That a person's data was asked to be removed, and how far that has come."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    status = models.CharField(max_length=7, choices=ErasureStatus.choices, default=ErasureStatus.RUNNING)
    #: {"contacts": [ids], "addresses": {kind: [addresses]}} while it is at work; emptied at its end.
    facts = models.JSONField(default=dict)
    #: {"recipients": n, "rows": n, "files": n} once it is done.
    counts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status=ErasureStatus.DONE) ^ models.Q(finished_at__isnull=True),
                name="erasure_end_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=ErasureStatus.DONE) | models.Q(facts={}),
                name="erasure_forgets",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "-id"], name="erasure_newest")]

    def __str__(self) -> str:
        return f"erasure {self.pk}"


class BulkStatus(models.TextChoices):
    RUNNING = "RUNNING", _("Running")
    DONE = "DONE", _("Done")
    UNDOING = "UNDOING", _("Being taken back")
    UNDONE = "UNDONE", _("Taken back")


class BulkEdit(models.Model):
    """A change to many contacts at once: to whom, what, how far, and what it changed, so that it can be taken back."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    status = models.CharField(max_length=7, choices=BulkStatus.choices, default=BulkStatus.RUNNING)
    #: queries.contacts.Filter as JSON.
    wanted = models.JSONField(default=dict)
    #: state, tag, untag, list or unlist; with which state, tag, or list's key.
    action = models.CharField(max_length=6)
    value = models.CharField(max_length=64)
    #: Contacts above this id are done.
    cursor = models.BigIntegerField(default=0)
    #: Contacts that are there at the end are not part of it when they came later.
    last_id = models.BigIntegerField(default=0)
    seen_count = models.IntegerField(default=0)
    changed_count = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="bulk_edit_newest")]

    def __str__(self) -> str:
        return f"bulk edit {self.pk}"


class BulkEditPart(models.Model):
    """Contacts that a bulk edit changed, by what they had before."""

    edit = models.ForeignKey(BulkEdit, on_delete=models.CASCADE, related_name="parts")
    was = models.CharField(max_length=14, blank=True)
    contact_ids = ArrayField(models.BigIntegerField())

    def __str__(self) -> str:
        return f"part {self.pk} of bulk edit {self.edit_id}"
